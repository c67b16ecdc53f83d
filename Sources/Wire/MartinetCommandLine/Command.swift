/// A command, its flags and its subcommands: the table that everything else here reads.
package struct Command: Sendable {
    /// How many words a command takes after its flags.
    package enum Arguments: Sendable, Equatable {
        case any
        case none
        case exactly(Int)
        case atLeast(Int)
        case atMost(Int)
    }

    package var name: String
    package var aliases: [String]
    /// What follows the name in the usage line: `(TYPE NAME | TYPE/NAME)`.
    package var use: String
    package var short: String
    package var long: String
    package var examples: String
    /// The heading it is listed under in its parent's help; nil for the ordinary one.
    package var group: String?
    package var flags: [Flag]
    /// Flags that all subcommands have as well.
    package var persistentFlags: [Flag]
    package var commands: [Command]
    package var arguments: Arguments
    package var isHidden: Bool
    package var deprecated: String?
    /// False where it only holds subcommands.
    package var isRunnable: Bool
    /// False where the first word ends the flags, as `exec POD -- sh -c` needs without its dashes.
    package var interspersed: Bool
    package var completion: ValueKind

    package init(
        _ name: String, aliases: [String] = [], use: String = "", short: String, long: String = "",
        examples: String = "", group: String? = nil, flags: [Flag] = [], persistentFlags: [Flag] = [],
        commands: [Command] = [], arguments: Arguments = .any, hidden: Bool = false, deprecated: String? = nil,
        runnable: Bool = true, interspersed: Bool = true, completion: ValueKind = .nothing
    ) {
        self.name = name
        self.aliases = aliases
        self.use = use
        self.short = short
        self.long = long
        self.examples = examples
        self.group = group
        self.flags = flags
        self.persistentFlags = persistentFlags
        self.commands = commands
        self.arguments = arguments
        isHidden = hidden || deprecated != nil
        self.deprecated = deprecated
        isRunnable = runnable
        self.interspersed = interspersed
        self.completion = completion
    }

    package func subcommand(_ word: String) -> Command? {
        commands.first { $0.name == word || $0.aliases.contains(word) }
    }
}

/// A command with the commands above it, the outermost first. Never empty.
package struct CommandPath: Sendable {
    package let root: Command
    package private(set) var below: [Command] = []

    package init(root: Command) { self.root = root }

    package var command: Command { below.last ?? root }
    package var isRoot: Bool { below.isEmpty }
    /// `kubectl set image`.
    package var name: String { ([root] + below).map(\.name).joined(separator: " ") }
    /// Flags that the commands above hand down.
    package var inheritedFlags: [Flag] { isRoot ? [] : ([root] + below.dropLast()).flatMap(\.persistentFlags) }
    package var ownFlags: [Flag] { command.flags + command.persistentFlags }
    package var allFlags: [Flag] { ownFlags + inheritedFlags }

    package func appending(_ command: Command) -> CommandPath {
        var path = self
        path.below.append(command)
        return path
    }
}
