/// One instruction's text, its continued lines joined, with the way back from each byte to its place in the file.
struct LogicalLine {
    struct Segment {
        var start: Int
        var line: Int
        var column: Int
    }

    var file: String
    var bytes: [UInt8] = []
    var segments: [Segment] = []
    var heredocs: [Heredoc] = []

    mutating func append(_ text: some Sequence<UInt8>, line: Int, column: Int) {
        segments.append(Segment(start: bytes.count, line: line, column: column))
        bytes += text
    }

    func place(_ offset: Int) -> SourcePlace {
        let segment = segments.last { $0.start <= offset } ?? segments.first ?? Segment(start: 0, line: 1, column: 1)
        return SourcePlace(file: file, line: segment.line, column: segment.column + max(0, offset - segment.start))
    }
}

/// A here-document: a file's content written in the Dockerfile itself.
package struct Heredoc: Hashable, Sendable {
    package var name: String
    package var content: String
    /// Whether variables in it are replaced: not where the name was quoted.
    package var expands: Bool
}

/// Cuts a Dockerfile into instructions (Dockerfile reference, "Format", "Parser directives", "Here-Documents").
struct LineReader {
    let file: String
    private let lines: [ArraySlice<UInt8>]
    private var next = 0
    private(set) var escape = UInt8(ascii: "\\")
    private(set) var syntax: String?

    init(_ text: [UInt8], file: String) throws(DockerfileError) {
        self.file = file
        guard text.count <= 4 << 20 else {
            throw DockerfileError(SourcePlace(file: file, line: 1, column: 1), "expected at most 4 MiB")
        }
        let body = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text[3...] : text[...]
        lines = body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        try readDirectives()
    }

    /// `# name=value` lines at the very top; the first line that is none ends them.
    private mutating func readDirectives() throws(DockerfileError) {
        var seen: Set<String> = []
        for (index, line) in lines.enumerated() {
            let line = trim(line)
            guard line.first == UInt8(ascii: "#"), let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return }
            let name = text(trim(line[(line.startIndex + 1)..<equals])).lowercased()
            let value = text(trim(line[(equals + 1)...]))
            guard ["escape", "syntax", "check"].contains(name) else { return }
            let place = SourcePlace(file: file, line: index + 1, column: 1)
            guard seen.insert(name).inserted else { throw DockerfileError(place, "directive \(name) is given twice") }
            if name == "syntax" { syntax = value }
            if name == "escape" {
                guard value == "\\" || value == "`", let byte = value.utf8.first else {
                    throw DockerfileError(place, "directive escape: expected \\ or `, got \(value.debugDescription)")
                }
                escape = byte
            }
        }
    }

    /// The next instruction, or nil at the end of the file.
    mutating func nextLine() throws(DockerfileError) -> LogicalLine? {
        var logical = LogicalLine(file: file)
        while next < lines.count {
            let number = next + 1
            let line = lines[next]
            next += 1
            let trimmed = trim(line)
            // Comments and empty lines vanish, inside a continued instruction too.
            if trimmed.isEmpty || trimmed.first == UInt8(ascii: "#") { continue }
            let begin = logical.bytes.isEmpty ? trimmed.startIndex : line.startIndex
            let column = begin - line.startIndex + 1
            let content = line[begin...]
            let end = content.lastIndex { !isBlank($0) } ?? begin
            if content[end] == escape {
                logical.append(content[..<end], line: number, column: column)
                continue
            }
            logical.append(content[...end], line: number, column: column)
            try readHeredocs(into: &logical)
            return logical
        }
        return logical.segments.isEmpty || trim(logical.bytes[...]).isEmpty ? nil : logical
    }

    private mutating func readHeredocs(into logical: inout LogicalLine) throws(DockerfileError) {
        let word = text(logical.bytes.prefix { !isBlank($0) }[...]).uppercased()
        guard ["RUN", "COPY", "ADD"].contains(word) else { return }
        for (offset, mark) in HeredocMark.all(in: logical.bytes) {
            guard logical.heredocs.count < 64 else {
                throw DockerfileError(logical.place(offset), "more than 64 here-documents")
            }
            var content: [UInt8] = []
            var closed = false
            while next < lines.count {
                var line = lines[next]
                next += 1
                if mark.stripsTabs { line = line.drop { $0 == UInt8(ascii: "\t") } }
                if line.elementsEqual(mark.name.utf8) {
                    closed = true
                    break
                }
                content += line + [UInt8(ascii: "\n")]
            }
            guard closed else {
                throw DockerfileError(
                    logical.place(offset), "here-document: expected a line \(mark.name) at its end, the file ends first"
                )
            }
            logical.heredocs.append(Heredoc(name: mark.name, content: text(content[...]), expands: mark.expands))
        }
    }
}

/// `<<NAME`, `<<-NAME`, `<<"NAME"` in an instruction's text.
struct HeredocMark {
    var name: String
    var stripsTabs: Bool
    var expands: Bool

    static func all(in bytes: [UInt8]) -> [(offset: Int, mark: HeredocMark)] {
        var found: [(offset: Int, mark: HeredocMark)] = []
        var index = 0
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if bytes[index...].starts(with: "<<".utf8),
                index == 0 || isBlank(bytes[index - 1]) || isDigit(bytes[index - 1])
            {
                let word = bytes[(index + 2)...].prefix { !isBlank($0) }
                if let mark = HeredocMark(word) { found.append((index, mark)) }
                index += 2 + word.count
                continue
            }
            index += 1
        }
        return found
    }

    init?(_ word: ArraySlice<UInt8>) {
        var rest = word
        stripsTabs = rest.first == UInt8(ascii: "-")
        if stripsTabs { rest = rest.dropFirst() }
        expands = true
        if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard rest.count > 2, rest.last == quote else { return nil }
            rest = rest.dropFirst().dropLast()
            expands = false
        }
        guard let first = rest.first, isNameByte(first), !isDigit(first),
            rest.allSatisfy({ isNameByte($0) || $0 == 46 })
        else {
            return nil
        }
        name = text(rest)
    }
}

func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 || byte == 11 || byte == 12 }
func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
func isNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
}
func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let start = bytes.drop { isBlank($0) }
    guard let end = start.lastIndex(where: { !isBlank($0) }) else { return start.prefix(0) }
    return start[...end]
}
func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
