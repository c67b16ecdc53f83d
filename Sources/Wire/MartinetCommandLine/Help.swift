/// The text of `--help`, in the layout of kubectl's.
package enum Help {
    package static func text(_ path: CommandPath) -> String {
        let command = path.command
        var sections = [trimmed(command.long.isEmpty ? command.short : command.long)]
        if !command.aliases.isEmpty {
            sections.append("Aliases:\n" + ([command.name] + command.aliases).joined(separator: ", "))
        }
        if !command.examples.isEmpty { sections.append("Examples:\n" + trimmedEnd(command.examples)) }
        sections += groups(command)
        let flags = flagTexts(path.ownFlags)
        if !flags.isEmpty { sections.append("Options:\n" + flags.joined(separator: "\n\n")) }
        if command.isRunnable, !path.isRoot { sections.append("Usage:\n  " + usageLine(path)) }
        var tips: [String] = []
        if command.commands.contains(where: { !$0.isHidden }) {
            tips.append("Use \"\(path.name) <command> --help\" for more information about a given command.")
        }
        if command.isRunnable, path.root.subcommand("options") != nil {
            tips.append(
                "Use \"\(path.root.name) options\" for a list of global command-line options (applies to all commands)."
            )
        }
        if !tips.isEmpty { sections.append(tips.joined(separator: "\n")) }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// What `options` prints: the flags that every command has.
    package static func options(_ path: CommandPath) -> String {
        "The following options can be passed to any command:\n\n"
            + flagTexts(path.inheritedFlags).joined(separator: "\n\n") + "\n"
    }

    private static func usageLine(_ path: CommandPath) -> String {
        var line = path.name
        if !path.command.use.isEmpty { line += " \(path.command.use)" }
        if !path.allFlags.isEmpty, !line.contains("[options]") { line += " [options]" }
        return line
    }

    /// Commands under their headings, in the order of the table.
    private static func groups(_ command: Command) -> [String] {
        let visible = command.commands.filter { !$0.isHidden && $0.name != "options" }
        guard !visible.isEmpty else { return [] }
        let width = max(11, visible.map { $0.name.count }.max() ?? 0)
        let hasGroups = visible.contains { $0.group != nil }
        var order: [String] = []
        var lines: [String: [String]] = [:]
        for item in visible {
            let heading = item.group ?? (hasGroups ? "Other Commands:" : "Available Commands:")
            if lines[heading] == nil, item.group != nil { order.append(heading) }
            let padding = String(repeating: " ", count: width - item.name.count + 3)
            lines[heading, default: []].append("  \(item.name)\(padding)\(item.short)")
        }
        if let other = lines.keys.first(where: { heading in !order.contains(heading) }) { order.append(other) }
        return order.map { ([$0] + (lines[$0] ?? [])).joined(separator: "\n") }
    }

    private static func flagTexts(_ flags: [Flag]) -> [String] {
        flags.filter { !$0.isHidden && $0.name != "help" }.sorted { $0.name < $1.name }.map { flag in
            let value: String
            switch flag.kind {
            case .string: value = "'\(flag.defaultValue)'"
            case .stringSlice, .stringArray, .stringToString: value = "[\(flag.defaultValue)]"
            default: value = flag.defaultValue
            }
            let name = flag.shorthand.map { "-\($0), " } ?? ""
            return "    \(name)--\(flag.name)=\(value):\n\t\(flag.usage)"
        }
    }

    private static func trimmed(_ text: String) -> String {
        String(trimmedEnd(text).drop { $0.isWhitespace })
    }

    private static func trimmedEnd(_ text: String) -> String {
        String(text.reversed().drop { $0.isWhitespace }.reversed())
    }
}
