import CMartinetYAML

/// What libyaml says about a broken text, in words for the person who wrote it.
struct LibYAMLProblem {
    private let kind: yaml_error_type_t
    private let problem: String
    private let context: String
    private let problemMark: Mark
    private let contextMark: Mark
    private let problemOffset: Int
    private let problemByte: Int
    private let text: UnsafeBufferPointer<UInt8>

    init(_ parser: yaml_parser_t, _ text: UnsafeBufferPointer<UInt8>) {
        kind = parser.error
        problem = parser.problem.map { String(cString: $0) } ?? ""
        context = parser.context.map { String(cString: $0) } ?? ""
        problemMark = Mark(parser.problem_mark)
        contextMark = Mark(parser.context_mark)
        problemOffset = Int(clamping: parser.problem_offset)
        problemByte = Int(parser.problem_value)
        self.text = text
    }

    func error(file: String) -> YAMLError {
        if kind == YAML_READER_ERROR { return readerError(file: file) }
        if kind == YAML_MEMORY_ERROR {
            return YAMLError(.limit, file: file, mark: problemMark, message: "libyaml has no memory")
        }
        let near = character(at: problemMark)
        if near == "\t" || problem.contains("tab character"), let tab = tab(on: problemMark) {
            return YAMLError(
                .tab, file: file, mark: tab, message: "a tab cannot indent YAML", expected: "use spaces",
                related: contextMark)
        }
        let (message, expected) = words(near)
        return YAMLError(
            .syntax, file: file, mark: problemMark, message: message, expected: expected,
            related: context.isEmpty ? nil : contextMark)
    }

    private func words(_ near: Unicode.Scalar?) -> (String, String?) {
        let began = context.isEmpty ? "" : " that began at \(contextMark)"
        switch problem {
        case "mapping values are not allowed in this context":
            return (
                "a second \": \" stands where no key can be",
                "a key on a line of its own, at the column of its neighbours; a value that contains \": \" is quoted"
            )
        case "did not find expected key":
            if context == "while parsing a block mapping" {
                return ("this is no key of the map\(began)", "a \"key: value\" at column \(contextMark.column)")
            }
            return ("this is no key", "a \"key: value\" at the column of its neighbours")
        case "did not find expected '-' indicator":
            return ("this is no item of the list\(began)", "a \"- \" at column \(contextMark.column)")
        case "could not find expected ':'":
            return ("the key\(began) has no \": \"", "a \": \" after the key, on the same line")
        case "did not find expected ',' or ']'":
            return ("the list\(began) goes on in a way it cannot", "a \",\" or the closing \"]\"")
        case "did not find expected ',' or '}'":
            return ("the map\(began) goes on in a way it cannot", "a \",\" or the closing \"}\"")
        case "found unexpected end of stream" where context.contains("quoted scalar"):
            return ("the text ends inside the quoted string\(began)", "a closing quote")
        case "found unexpected document indicator" where context.contains("quoted scalar"):
            return ("the document ends inside the quoted string\(began)", "a closing quote")
        case "found character that cannot start any token":
            return (
                "\(near.map { "\"\($0)\"" } ?? "this") cannot start a value",
                "quote the value if it is meant as text"
            )
        case "found unknown escape character":
            return ("a backslash in double quotes stands before a character it cannot escape", "single quotes, or \\\\")
        case "block sequence entries are not allowed in this context":
            return ("a \"- \" stands where no list item can be", "a list item on a line of its own")
        case "did not find expected alphabetic or numeric character":
            return (
                "\(context.hasSuffix("alias") ? "\"*\"" : "\"&\"") is not followed by a name",
                "quote the value if it is meant as text"
            )
        case "found undefined tag handle":
            return ("the tag here has a prefix that is not declared", "quote the value if it is meant as text")
        case "did not find expected <document start>":
            return ("the document has ended before this", "\"---\" before another document")
        case "found incompatible YAML document":
            return ("the %YAML directive names another version", "%YAML 1.1 or 1.2")
        default:
            return ((context.isEmpty ? "" : "\(context): ") + problem, nil)
        }
    }

    private func readerError(file: String) -> YAMLError {
        let offset = min(max(problemOffset, 0), text.count)
        let mark = Mark(at: offset, in: text)
        if problem.hasPrefix("control characters") {
            return YAMLError(
                .encoding, file: file, mark: mark, message: "the control character \(hex(problemByte)) cannot be here",
                expected: "escape it in double quotes, as \"\\x..\"")
        }
        let byte = offset < text.count ? " (byte \(hex(Int(text[offset]))))" : ""
        return YAMLError(.encoding, file: file, mark: mark, message: "the text is no UTF-8\(byte)", expected: "UTF-8")
    }

    private func hex(_ number: Int) -> String { "0x" + String(number, radix: 16, uppercase: true) }

    /// The bytes of a line without its break. libyaml has counted lines already, so the text is UTF-8 here, or UTF-16,
    /// where nothing will be found.
    private func line(_ number: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
        var start = 0
        var current = 1
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "\n") {
                if current == number { return text[start..<index] }
                current += 1
                start = index + 1
            }
            index += 1
        }
        return current == number ? text[start..<text.count] : text[text.count..<text.count]
    }

    private func character(at mark: Mark) -> Unicode.Scalar? {
        let scalars = String(decoding: line(mark.line), as: UTF8.self).unicodeScalars
        return scalars.dropFirst(mark.column - 1).first
    }

    /// The first tab of the blanks that a line starts with, or else the one at the mark.
    private func tab(on mark: Mark) -> Mark? {
        for (index, byte) in line(mark.line).enumerated() {
            if byte == UInt8(ascii: "\t") { return Mark(line: mark.line, column: index + 1) }
            if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "?") { break }
        }
        return character(at: mark) == "\t" ? mark : nil
    }
}

extension Mark {
    /// The position of a byte of a text.
    init(at offset: Int, in text: UnsafeBufferPointer<UInt8>) {
        var line = 1
        var column = 1
        for byte in text[..<min(max(offset, 0), text.count)] {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column)
    }
}
