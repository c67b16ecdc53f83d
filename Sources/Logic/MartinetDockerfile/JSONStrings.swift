/// A JSON list of texts, the one piece of JSON in a Dockerfile.
enum JSONStrings {
    /// Nil where the text is anything else.
    static func parse(_ text: String) -> [String]? {
        var rest = Array(text.utf8)[...]
        func skip() { rest = rest.drop { isBlank($0) || $0 == 10 } }
        func take(_ byte: UInt8) -> Bool {
            skip()
            guard rest.first == byte else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard take(UInt8(ascii: "[")) else { return nil }
        var list: [String] = []
        if !take(UInt8(ascii: "]")) {
            repeat {
                guard take(UInt8(ascii: "\"")), let value = string(&rest) else { return nil }
                list.append(value)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { return nil }
        }
        skip()
        return rest.isEmpty ? list : nil
    }

    private static func string(_ rest: inout ArraySlice<UInt8>) -> String? {
        var units: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: units, as: UTF8.self)
            case 0..<32: return nil
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                switch escaped {
                case UInt8(ascii: "n"): units.append(10)
                case UInt8(ascii: "t"): units.append(9)
                case UInt8(ascii: "r"): units.append(13)
                case UInt8(ascii: "b"): units.append(8)
                case UInt8(ascii: "f"): units.append(12)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(escaped)
                case UInt8(ascii: "u"):
                    guard let scalar = scalar(&rest) else { return nil }
                    units += Array(String(scalar).utf8)
                default: return nil
                }
            default: units.append(byte)
            }
        }
        return nil
    }

    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Character? {
        func unit() -> UInt32? {
            guard rest.count >= 4, let value = UInt32(text(rest.prefix(4)), radix: 16), rest.first != 43,
                rest.first != 45
            else { return nil }
            rest = rest.dropFirst(4)
            return value
        }
        guard let first = unit() else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first).map(Character.init) }
        guard rest.starts(with: "\\u".utf8) else { return nil }
        rest = rest.dropFirst(2)
        guard let second = unit(), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)).map(Character.init)
    }
}
