import MartinetNearMiss

/// Reads one instruction's text.
struct InstructionParser {
    static let names = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    let line: LogicalLine
    let escape: UInt8
    /// In upper case.
    let name: String
    var warnings: [DockerfileError] = []
    private var offset: Int

    init(line: LogicalLine, escape: UInt8) {
        self.line = line
        self.escape = escape
        let word = line.bytes.prefix { !isBlank($0) }
        name = text(word).uppercased()
        offset = word.count
    }

    private var bytes: [UInt8] { line.bytes }
    private var start: SourcePlace { line.place(0) }

    private mutating func skipBlanks() { while offset < bytes.count, isBlank(bytes[offset]) { offset += 1 } }

    private mutating func rest() -> (text: String, place: SourcePlace) {
        skipBlanks()
        return (text(trim(bytes[offset...])), line.place(offset))
    }

    func error(_ message: String, at place: SourcePlace? = nil, suggestion: String? = nil) -> DockerfileError {
        DockerfileError(place ?? start, message, suggestion: suggestion)
    }

    // MARK: - Words

    /// The next word: blanks inside quotes, and escaped ones, are part of it.
    private mutating func word() throws(DockerfileError) -> Word? {
        skipBlanks()
        let begin = offset
        var quote: UInt8?
        while offset < bytes.count {
            let byte = bytes[offset]
            if let open = quote {
                if byte == open { quote = nil } else if byte == escape, open == UInt8(ascii: "\"") { offset += 1 }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if isBlank(byte) {
                break
            } else if byte == escape {
                offset += 1
            }
            offset += 1
        }
        offset = min(offset, bytes.count)
        guard quote == nil else { throw error("expected a closing quote", at: line.place(begin)) }
        return begin == offset ? nil : Word(raw: text(bytes[begin..<offset]), place: line.place(begin))
    }

    private mutating func words() throws(DockerfileError) -> [Word] {
        var all: [Word] = []
        while let next = try word() { all.append(next) }
        return all
    }

    private mutating func flags(_ known: [String], refused: [String: String] = [:]) throws(DockerfileError) -> [String:
        Word]
    {
        var found: [String: Word] = [:]
        skipBlanks()
        while bytes[offset...].starts(with: "--".utf8), let flag = try word() {
            let body = flag.raw.dropFirst(2)
            let key = String(body.prefix { $0 != "=" })
            if let reason = refused[key] { throw error("\(name) --\(key): \(reason)", at: flag.place) }
            guard known.contains(key) else {
                throw error(
                    "\(name): unknown flag --\(key); expected \(known.map { "--" + $0 }.joined(separator: ", "))",
                    at: flag.place,
                    suggestion: NearMiss.suggestion(for: key, among: known).map { "--" + $0 })
            }
            guard found[key] == nil else { throw error("\(name): --\(key) is given twice", at: flag.place) }
            let value = body.contains("=") ? String(body.dropFirst(key.count + 1)) : "true"
            found[key] = Word(raw: value, place: flag.place)
            skipBlanks()
        }
        return found
    }

    // MARK: - FROM

    mutating func stage() throws(DockerfileError) -> Stage {
        let flags = try flags(["platform"])
        let words = try words()
        guard let base = words.first else { throw error("FROM: expected an image, or scratch") }
        var name: String?
        if words.count > 1 {
            guard words.count == 3, words[1].raw.uppercased() == "AS" else {
                throw error(
                    "FROM: expected AS and a name after the image", at: words[1].place,
                    suggestion: words.count == 3
                        ? NearMiss.suggestion(for: words[1].raw.uppercased(), among: ["AS"]) : nil)
            }
            let lower = words[2].raw.lowercased()
            guard let first = lower.utf8.first, (97...122).contains(first),
                lower.utf8.allSatisfy({ isNameByte($0) || $0 == 45 || $0 == 46 })
            else {
                throw error(
                    "FROM: a stage's name is letters, digits, dashes, underscores and dots, a letter first",
                    at: words[2].place)
            }
            name = lower
        }
        return Stage(base: base, platform: flags["platform"], name: name, place: start, instructions: [])
    }

    // MARK: - The others

    mutating func instruction() throws(DockerfileError) -> Instruction {
        let operation = try operation()
        return Instruction(operation: operation, place: start, text: text(trim(bytes[...])))
    }

    private mutating func operation() throws(DockerfileError) -> Operation {
        switch name {
        case "RUN":
            let refusal = "is not supported yet"
            _ = try flags([], refused: ["mount": refusal, "network": refusal, "security": refusal, "device": refusal])
            return .run(try command(), heredocs: line.heredocs)
        case "COPY", "ADD": return .transfer(try transfer())
        case "CMD": return .command(try command())
        case "ENTRYPOINT": return .entrypoint(try command())
        case "ENV": return .environment(try pairs(legacy: true))
        case "LABEL": return .labels(try pairs(legacy: true))
        case "ARG": return .argument(try arguments())
        case "WORKDIR": return .workingDirectory(try wholeLine("a folder"))
        case "USER": return .user(try one("a user"))
        case "STOPSIGNAL": return .stopSignal(try one("a signal"))
        case "EXPOSE": return .expose(try some("a port"))
        case "VOLUME":
            let (line, place) = rest()
            if let list = JSONStrings.parse(line) { return .volumes(list.map { Word(raw: $0, place: place) }) }
            return .volumes(try some("a folder"))
        case "MAINTAINER": return .maintainer(try wholeLine("a name").raw)
        case "SHELL":
            let (line, place) = rest()
            guard let list = JSONStrings.parse(line), !list.isEmpty else {
                throw error("SHELL: expected a list, [\"/bin/sh\", \"-c\"]", at: place)
            }
            return .shell(list)
        case "HEALTHCHECK": return .healthCheck(try healthCheck())
        case "ONBUILD": return try onBuild()
        case "FROM": throw error("FROM is not possible here")
        default:
            throw error(
                "unknown instruction \(name.prefix(32).debugDescription); expected one of \(InstructionParser.names.joined(separator: ", "))",
                suggestion: NearMiss.suggestion(for: name, among: InstructionParser.names))
        }
    }

    private mutating func command() throws(DockerfileError) -> Command {
        let (line, place) = rest()
        guard !line.isEmpty else { throw error("\(name): expected a command", at: place) }
        if let list = JSONStrings.parse(line) { return .exec(list) }
        if line.hasPrefix("["), line.hasSuffix("]"), !line.hasPrefix("[ ") || line.contains(",") {
            warnings.append(
                DockerfileError(
                    place, "\(name): looks like a list and is none, so the shell gets it; expected double quotes"))
        }
        return .shell(line)
    }

    private mutating func one(_ what: String) throws(DockerfileError) -> Word {
        let words = try words()
        guard let word = words.first, words.count == 1 else {
            throw error("\(name): expected \(what), got \(words.count) words", at: words.dropFirst().first?.place)
        }
        return word
    }

    private mutating func some(_ what: String) throws(DockerfileError) -> [Word] {
        let words = try words()
        guard !words.isEmpty else { throw error("\(name): expected \(what)") }
        return words
    }

    private mutating func wholeLine(_ what: String) throws(DockerfileError) -> Word {
        let (line, place) = rest()
        guard !line.isEmpty else { throw error("\(name): expected \(what)", at: place) }
        return Word(raw: line, place: place)
    }

    /// `key=value …`, or the old `key value` where the whole rest is one value.
    private mutating func pairs(legacy: Bool) throws(DockerfileError) -> [Pair] {
        let begin = offset
        let words = try words()
        guard let first = words.first else { throw error("\(name): expected key=value") }
        guard first.raw.contains("=") else {
            offset = begin
            guard let key = try word(), words.count > 1 else {
                throw error("\(name): expected key=value, got \(first.raw.debugDescription)", at: first.place)
            }
            let (value, place) = rest()
            return [Pair(key: key, value: Word(raw: value, place: place))]
        }
        var pairs: [Pair] = []
        for word in words {
            guard let equals = word.raw.utf8.firstIndex(of: UInt8(ascii: "=")), equals > word.raw.startIndex else {
                throw error("\(name): expected key=value, got \(word.raw.debugDescription)", at: word.place)
            }
            let value = String(word.raw[word.raw.utf8.index(after: equals)...])
            pairs.append(
                Pair(
                    key: Word(raw: String(word.raw[..<equals]), place: word.place),
                    value: Word(raw: value, place: word.place)))
        }
        return pairs
    }

    private mutating func arguments() throws(DockerfileError) -> [(Word, Word?)] {
        var list: [(Word, Word?)] = []
        for word in try some("a name") {
            let parts = word.raw.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty, name.utf8.allSatisfy({ isNameByte($0) }) else {
                throw error("ARG: expected a name of letters, digits and underscores", at: word.place)
            }
            list.append(
                (
                    Word(raw: String(name), place: word.place),
                    parts.count == 2 ? Word(raw: String(parts[1]), place: word.place) : nil
                ))
        }
        return list
    }

    private mutating func transfer() throws(DockerfileError) -> Transfer {
        let later = "is not supported yet"
        let copies = name == "COPY"
        let flags = try flags(
            (copies ? ["from"] : []) + ["chown", "chmod", "link"],
            refused: ["parents": later, "exclude": later, "checksum": later, "keep-git-dir": later, "unpack": later])
        let (line, place) = rest()
        var words: [Word]
        if let list = JSONStrings.parse(line) {
            // No variable, no quote: a list's texts are themselves, but variables are replaced in them as well.
            words = list.map { Word(raw: $0, place: place) }
        } else {
            words = try self.words()
        }
        words.removeAll { word in
            word.raw.hasPrefix("<<") && self.line.heredocs.contains { word.raw.contains($0.name) }
        }
        guard let destination = words.popLast(), !words.isEmpty || !self.line.heredocs.isEmpty else {
            throw error("\(name): expected at least one source and a destination", at: place)
        }
        for word in words where word.raw.contains("://") || word.raw.hasPrefix("git@") {
            throw error("\(name): fetching \(word.raw) is not supported yet", at: word.place)
        }
        return Transfer(
            unpacks: !copies, sources: words, destination: destination, heredocs: self.line.heredocs,
            from: flags["from"],
            owner: flags["chown"], mode: flags["chmod"])
    }

    private mutating func healthCheck() throws(DockerfileError) -> HealthCheck? {
        let flags = try flags(
            ["interval", "timeout", "start-period", "retries"], refused: ["start-interval": "is not supported yet"])
        guard let kind = try word() else { throw error("HEALTHCHECK: expected CMD or NONE") }
        if kind.raw.uppercased() == "NONE" { return nil }
        guard kind.raw.uppercased() == "CMD" else {
            throw error("HEALTHCHECK: expected CMD or NONE, got \(kind.raw.debugDescription)", at: kind.place)
        }
        var check = HealthCheck(
            command: try command(), interval: flags["interval"]?.raw, timeout: flags["timeout"]?.raw,
            startPeriod: flags["start-period"]?.raw)
        if let retries = flags["retries"] {
            guard let count = Int(retries.raw), (0...1000).contains(count) else {
                throw error("HEALTHCHECK --retries: expected a number", at: retries.place)
            }
            check.retries = count
        }
        return check
    }

    private mutating func onBuild() throws(DockerfileError) -> Operation {
        let (line, place) = rest()
        let inner = try Dockerfile.instruction(line, file: place.file)
        if case .onBuild = inner.operation { throw error("ONBUILD: no ONBUILD inside", at: place) }
        if case .maintainer = inner.operation { throw error("ONBUILD: no MAINTAINER inside", at: place) }
        return .onBuild(line)
    }
}
