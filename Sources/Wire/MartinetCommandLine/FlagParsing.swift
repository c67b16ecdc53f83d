import MartinetNearMiss

/// The flags and words of one command, taken apart as pflag does.
struct FlagParsing {
    private let path: CommandPath
    private let flags: [Flag]
    private(set) var values: FlagValues
    private(set) var arguments: [String] = []
    private(set) var beforeDashes: Int?
    private(set) var wantsHelp = false
    var notes: [String] = []

    init(path: CommandPath) {
        self.path = path
        flags = path.allFlags
        values = FlagValues(flags)
    }

    mutating func parse(_ words: [String]) throws(CommandLineError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                beforeDashes = arguments.count
                arguments += rest
                return
            }
            guard word.hasPrefix("-"), word != "-" else {
                arguments.append(word)
                if path.command.interspersed { continue }
                arguments += rest
                return
            }
            if word.hasPrefix("--") {
                try long(word, &rest)
            } else {
                try short(word, &rest)
            }
        }
    }

    private mutating func long(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandLineError) {
        let body = word.dropFirst(2)
        guard let first = body.first, first != "-", first != "=" else {
            throw error(.badSyntax, "bad flag syntax: \(word)")
        }
        let equals = body.firstIndex(of: "=")
        let name = String(body[..<(equals ?? body.endIndex)])
        guard let flag = flags.first(where: { $0.name == name }) else {
            if name == "help" {
                wantsHelp = equals.map { FlagSyntax.bool(String(body[body.index(after: $0)...])) ?? true } ?? true
                return
            }
            throw unknown(name)
        }
        if let equals {
            try set(flag, String(body[body.index(after: equals)...]))
        } else if let bare = flag.valueWhenBare {
            try set(flag, bare)
        } else if let value = rest.popFirst() {
            try set(flag, value)
        } else {
            throw error(.missingValue, "flag needs a value: --\(name)")
        }
    }

    private mutating func short(_ word: String, _ rest: inout ArraySlice<String>) throws(CommandLineError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let flag = flags.first(where: { $0.shorthand == letter }) else {
                if letter == "h" {
                    wantsHelp = true
                    continue
                }
                throw unknownShorthand(letter, in: word)
            }
            if let note = flag.shorthandDeprecated {
                notes.append("Flag shorthand -\(letter) has been deprecated, \(note)")
            }
            if letters.first == "=", letters.count > 1 {
                try set(flag, String(letters.dropFirst()))
                return
            }
            if let bare = flag.valueWhenBare {
                try set(flag, bare)
                continue
            }
            if !letters.isEmpty {
                try set(flag, String(letters))
            } else if let value = rest.popFirst() {
                try set(flag, value)
            } else {
                throw error(.missingValue, "flag needs a value: \"\(letter)\" in \(word)")
            }
            return
        }
    }

    private mutating func set(_ flag: Flag, _ value: String) throws(CommandLineError) {
        if let fault = FlagSyntax.fault(value, for: flag) {
            throw CommandLineError(
                code: .badValue, command: path.name,
                message: "invalid value \"\(value)\" for \"\(flag.display)\": \(fault)",
                suggestion: NearMiss.suggestion(for: value, among: flag.choices))
        }
        if let note = flag.deprecated, !values.isSet(flag.name) {
            notes.append("Flag --\(flag.name) has been deprecated, \(note)")
        }
        values.add(value, to: flag)
    }

    private func error(_ code: CommandLineError.Code, _ message: String) -> CommandLineError {
        CommandLineError(code: code, command: path.name, message: message, suggestion: nil)
    }

    private func unknown(_ name: String) -> CommandLineError {
        CommandLineError(
            code: .unknownFlag, command: path.name, message: "unknown flag: --\(name)",
            suggestion: NearMiss.suggestion(for: name, among: flags.filter { !$0.isHidden }.map(\.name))
                .map { "--\($0)" })
    }

    /// `-name` is often meant as `--name`.
    private func unknownShorthand(_ letter: Character, in word: String) -> CommandLineError {
        let name = word.dropFirst().prefix { $0 != "=" }
        let meant = flags.first { !$0.isHidden && $0.name == name }.map { "--\($0.name)" }
        return CommandLineError(
            code: .unknownFlag, command: path.name, message: "unknown shorthand flag: \"\(letter)\" in \(word)",
            suggestion: meant)
    }
}
