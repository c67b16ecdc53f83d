/// A string in the style that was chosen for it.
struct ScalarText {
    private let text: String
    private let style: ScalarStyle
    private let indent: Int

    /// - Parameter indent: the column of the lines after the first.
    init(_ text: String, style: ScalarStyle, indent: Int, isKey: Bool) {
        self.text = text
        self.style = style
        self.indent = indent
    }

    func write(to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            switch style.kind {
            case .plain: output.append(contentsOf: bytes)
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
        lines(bytes, &output, afterBreak: false) { byte, output in
            if byte == UInt8(ascii: "'") { output.append(byte) }
            output.append(byte)
        }
        output.append(UInt8(ascii: "'"))
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
        lines(bytes, &output, afterBreak: true) { byte, output in output.append(byte) }
    }

    /// Breaks as they are, and the indentation in front of the first character after each of them.
    private func lines(
        _ bytes: UnsafeBufferPointer<UInt8>, _ output: inout [UInt8], afterBreak: Bool,
        _ put: (UInt8, inout [UInt8]) -> Void
    ) {
        var afterBreak = afterBreak
        var index = 0
        while index < bytes.count {
            let width = min(ScalarFacts.width(bytes[index]), bytes.count - index)
            let isBreak = ScalarFacts.isBreak(bytes, index)
            if afterBreak && !isBreak { spaces(&output) }
            for byte in bytes[index..<(index + width)] { put(byte, &output) }
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
        for scalar in text.unicodeScalars {
            let width = ScalarFacts.width(bytes[index])
            if escapesAll || scalar == "\"" || scalar == "\\" || !ScalarFacts.isPrintable(bytes, index)
                || ScalarFacts.isBreak(bytes, index)
            {
                escape(scalar, &output)
            } else {
                output.append(contentsOf: bytes[index..<(index + width)])
            }
            index += width
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
