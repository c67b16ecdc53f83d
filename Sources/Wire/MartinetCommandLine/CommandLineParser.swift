import MartinetNearMiss

/// Understands command lines as cobra and pflag do.
package struct CommandLineParser: Sendable {
    private let root: Command

    package init(_ root: Command) { self.root = root }

    /// - Parameter words: the command line without the program's name.
    package func parse(_ words: [String]) throws(CommandLineError) -> Invocation {
        let (path, rest) = find(words)
        if path.command.name == "help", path.below.count == 1, root.subcommand("help") == nil {
            return try help(rest)
        }
        var parsing = FlagParsing(path: path)
        try parsing.parse(rest)
        try checkCommand(path, parsing)
        if !parsing.wantsHelp { try checkArguments(path, parsing.arguments) }
        if let note = path.command.deprecated {
            parsing.notes.insert("Command \"\(path.command.name)\" is deprecated, \(note)", at: 0)
        }
        return Invocation(
            path: path, arguments: parsing.arguments, argumentsBeforeDashes: parsing.beforeDashes,
            flags: parsing.values, notes: parsing.notes, wantsHelp: parsing.wantsHelp || !path.command.isRunnable)
    }

    /// Walks down the commands; a word that is the value of a flag is no command.
    package func find(_ words: [String]) -> (CommandPath, [String]) {
        var path = CommandPath(root: root)
        var rest = words
        while let index = firstWord(of: rest, path.allFlags) {
            let word = rest[index]
            if path.isRoot, word == "help", root.subcommand("help") == nil {
                rest.remove(at: index)
                return (path.appending(Command("help", short: "")), rest)
            }
            guard let next = path.command.subcommand(word) else { break }
            path = path.appending(next)
            rest.remove(at: index)
        }
        return (path, rest)
    }

    private func firstWord(of words: [String], _ flags: [Flag]) -> Int? {
        var index = 0
        while index < words.count {
            let word = words[index]
            if word == "--" { return nil }
            guard word.hasPrefix("-"), word != "-" else { return word.isEmpty ? nil : index }
            index += 1
            guard !word.contains("=") else { continue }
            if word.hasPrefix("--") {
                let name = word.dropFirst(2)
                if flags.first(where: { $0.name == name })?.valueWhenBare == nil, name != "help" { index += 1 }
            } else if word.count == 2, word != "-h" {
                if flags.first(where: { $0.shorthand == word.last })?.valueWhenBare == nil { index += 1 }
            }
        }
        return nil
    }

    private func help(_ words: [String]) throws(CommandLineError) -> Invocation {
        let (path, rest) = find(words.filter { !$0.hasPrefix("-") })
        if let unknown = rest.first, !path.command.commands.isEmpty || path.isRoot {
            throw unknownCommand(unknown, path)
        }
        return Invocation(
            path: path, arguments: [], argumentsBeforeDashes: nil, flags: FlagValues(path.allFlags), notes: [],
            wantsHelp: true)
    }

    private func checkCommand(_ path: CommandPath, _ parsing: FlagParsing) throws(CommandLineError) {
        guard !path.command.commands.isEmpty, let word = parsing.arguments.first else { return }
        if path.isRoot || !path.command.isRunnable { throw unknownCommand(word, path) }
    }

    private func unknownCommand(_ word: String, _ path: CommandPath) -> CommandLineError {
        let known = path.command.commands.filter { !$0.isHidden }.map(\.name)
        let begun = word.isEmpty ? nil : known.first { $0.hasPrefix(word) }
        return CommandLineError(
            code: .unknownCommand, command: path.name,
            message: "unknown command \"\(word)\" for \"\(path.name)\"",
            suggestion: NearMiss.suggestion(for: word, among: known) ?? begun)
    }

    private func checkArguments(_ path: CommandPath, _ arguments: [String]) throws(CommandLineError) {
        let expected: String?
        switch path.command.arguments {
        case .none where !arguments.isEmpty: expected = "takes no arguments"
        case .exactly(let count) where arguments.count != count:
            expected = "takes exactly \(count) argument\(count == 1 ? "" : "s")"
        case .atLeast(let count) where arguments.count < count:
            expected = "takes at least \(count) argument\(count == 1 ? "" : "s")"
        case .atMost(let count) where arguments.count > count:
            expected = "takes at most \(count) argument\(count == 1 ? "" : "s")"
        default: expected = nil
        }
        guard let expected else { return }
        let line = path.command.use.isEmpty ? "" : ": \(path.name) \(path.command.use)"
        throw CommandLineError(
            code: .arguments, command: path.name,
            message: "\"\(path.name)\" \(expected), not \(arguments.count)\(line)", suggestion: nil)
    }
}
