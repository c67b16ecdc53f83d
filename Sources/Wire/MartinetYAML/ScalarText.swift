/// A string in the style that was chosen for it.
struct ScalarText {
    private let text: String
    private let style: ScalarStyle
    private let indent: Int
    private let isKey: Bool
    /// A line that is longer goes on in the next at its next single blank.
    private static let width = 80

    /// - Parameter indent: the column of the lines after the first.
    /// - Parameter isKey: whether it must stay on its line.
    init(_ text: String, style: ScalarStyle, indent: Int, isKey: Bool) {
        self.text = text
        self.style = style
        self.indent = indent
        self.isKey = isKey
    }

    func write(to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            switch style.kind {
            case .plain: folded(bytes, &output, isQuoted: false)
            case .single: single(bytes, &output)
            case .double: double(bytes, &output)
            case .literal: literal(bytes, &output)
            }
        }
    }

    private func spaces(_ output: inout [UInt8]) {
        for _ in 0..<indent { output.append(0x20) }
    }

    private func single(_ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        output.append(UInt8(ascii: "'"))
        folded(bytes, &output, isQuoted: true)
        output.append(UInt8(ascii: "'"))
    }

    /// The column in characters of what is written next.
    private func column(_ output: [UInt8]) -> Int {
        var column = 0
        for byte in output.reversed() {
            if byte == UInt8(ascii: "\n") { break }
            if byte & 0xC0 != 0x80 { column += 1 }
        }
        return column
    }

    /// Plain and single-quoted text. Breaks other than a line feed stay as they are; the next line is indented.
    private func folded(_ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8], isQuoted: Bool) {
        if isKey || bytes.count <= Self.width / 2, !bytes.contains(UInt8(ascii: "'")), !style.isMultiline {
            if isKey || column(output) + bytes.count <= Self.width {
                output.append(contentsOf: bytes)
                return
            }
        }
        var column = column(output)
        var afterSpace = false
        var afterBreak = false
        var index = 0
        while index < bytes.count {
            let width = min(ScalarFacts.width(bytes[index]), bytes.count - index)
            let next = index + width
            let isSpace = bytes[index] == 0x20
            if ScalarFacts.isBreak(bytes, index) {
                output.append(contentsOf: bytes[index..<next])
                (column, afterBreak) = (0, true)
            } else if isSpace, !isKey, !afterSpace, column > Self.width, index > 0, next < bytes.count,
                bytes[next] != 0x20
            {
                output.append(UInt8(ascii: "\n"))
                spaces(&output)
                column = indent
            } else {
                if afterBreak, !isSpace {
                    spaces(&output)
                    column = indent
                }
                if isQuoted, bytes[index] == UInt8(ascii: "'") {
                    output.append(bytes[index])
                    column += 1
                }
                output.append(contentsOf: bytes[index..<next])
                column += 1
                if !isSpace { afterBreak = false }
            }
            afterSpace = isSpace
            index = next
        }
    }

    private func literal(_ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        output.append(UInt8(ascii: "|"))
        if bytes[0] == 0x20 || ScalarFacts.isBreak(bytes, 0) { output.append(UInt8(ascii: "2")) }
        // The last two characters say what becomes of the breaks at the end.
        var starts: [Int] = []
        var index = bytes.count
        while index > 0, starts.count < 2 {
            index -= 1
            while index > 0, bytes[index] & 0xC0 == 0x80 { index -= 1 }
            starts.append(index)
        }
        if !ScalarFacts.isBreak(bytes, starts[0]) {
            output.append(UInt8(ascii: "-"))
        } else if starts.count == 1 || ScalarFacts.isBreak(bytes, starts[1]) {
            output.append(UInt8(ascii: "+"))
        }
        output.append(UInt8(ascii: "\n"))
        lines(bytes, &output)
    }

    /// Breaks as they are, and the indentation in front of the first character after each of them.
    private func lines(_ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        var afterBreak = true
        var index = 0
        while index < bytes.count {
            let width = min(ScalarFacts.width(bytes[index]), bytes.count - index)
            let isBreak = ScalarFacts.isBreak(bytes, index)
            if afterBreak && !isBreak { spaces(&output) }
            output.append(contentsOf: bytes[index..<(index + width)])
            afterBreak = isBreak
            index += width
        }
    }

    private func double(_ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        // go-yaml looks for a byte order mark at the start of the string, whichever character it is at: with one there,
        // every character is escaped.
        let escapesAll = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var index = 0
        var column = column(output)
        var afterSpace = false
        for scalar in text.unicodeScalars {
            let width = ScalarFacts.width(bytes[index])
            let isSpace = scalar == " "
            defer {
                index += width
                afterSpace = isSpace && !escapesAll
            }
            if isSpace, !escapesAll, !isKey, !afterSpace, column > Self.width, index > 0, index < bytes.count - 1 {
                output.append(UInt8(ascii: "\n"))
                spaces(&output)
                column = indent
                if bytes[index + 1] == 0x20 {
                    output.append(UInt8(ascii: "\\"))
                    column += 1
                }
                continue
            }
            if escapesAll || scalar == "\"" || scalar == "\\" || !ScalarFacts.isPrintable(bytes, index)
                || ScalarFacts.isBreak(bytes, index)
            {
                let before = output.count
                escape(scalar, &output)
                column += output.count - before
            } else {
                output.append(contentsOf: bytes[index..<(index + width)])
                column += 1
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private func escape(_ scalar: Unicode.Scalar, _ output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        let short: Unicode.Scalar? =
            switch scalar.value {
            case 0x00: "0"
            case 0x07: "a"
            case 0x08: "b"
            case 0x09: "t"
            case 0x0A: "n"
            case 0x0B: "v"
            case 0x0C: "f"
            case 0x0D: "r"
            case 0x1B: "e"
            case 0x22: "\""
            case 0x5C: "\\"
            case 0x85: "N"
            case 0xA0: "_"
            case 0x2028: "L"
            case 0x2029: "P"
            default: nil
            }
        if let short {
            output.append(UInt8(ascii: short))
            return
        }
        let (letter, digits): (Unicode.Scalar, Int) =
            scalar.value <= 0xFF ? ("x", 2) : scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
        output.append(UInt8(ascii: letter))
        let hex = Array("0123456789ABCDEF".utf8)
        for shift in stride(from: (digits - 1) * 4, through: 0, by: -4) {
            output.append(hex[Int(scalar.value >> UInt32(shift) & 15)])
        }
    }
}
