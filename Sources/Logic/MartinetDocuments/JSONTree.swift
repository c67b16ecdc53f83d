/// A JSON document while it is put together: keys stay in the order in which they were added.
package enum JSONTree: Sendable, Hashable {
    case bool(Bool)
    case int(Int)
    case string(String)
    case list([JSONTree])
    case object([Member])
    /// JSON text that is put in as it is: defaults, extensions of custom resources.
    case raw(String)

    package struct Member: Sendable, Hashable {
        package let key: String
        package var value: JSONTree
        package init(_ key: String, _ value: JSONTree) {
            self.key = key
            self.value = value
        }
    }

    package static func strings(_ texts: [String]) -> JSONTree { .list(texts.map(JSONTree.string)) }

    /// An object of those members that have a value.
    package static func object(_ members: KeyValuePairs<String, JSONTree?>) -> JSONTree {
        .object(members.compactMap { member in member.value.map { Member(member.key, $0) } })
    }

    package subscript(key: String) -> JSONTree? {
        if case .object(let members) = self { members.first { $0.key == key }?.value } else { nil }
    }

    /// Compact JSON; text that is not ASCII stays as it is.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    package func write(to out: inout [UInt8]) {
        switch self {
        case .bool(let flag): out += (flag ? "true" : "false").utf8
        case .int(let number): out += String(number).utf8
        case .string(let text): JSONTree.write(text, to: &out)
        case .raw(let text): out += text.utf8
        case .list(let values):
            out.append(91)
            for (index, value) in values.enumerated() {
                if index > 0 { out.append(44) }
                value.write(to: &out)
            }
            out.append(93)
        case .object(let members):
            out.append(123)
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(44) }
                JSONTree.write(member.key, to: &out)
                out.append(58)
                member.value.write(to: &out)
            }
            out.append(125)
        }
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(34)
        for byte in text.utf8 {
            switch byte {
            case 34, 92: out += [92, byte]
            case 10: out += "\\n".utf8
            case 13: out += "\\r".utf8
            case 9: out += "\\t".utf8
            case 0..<32:
                let digits = String(byte, radix: 16)
                out += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            default: out.append(byte)
            }
        }
        out.append(34)
    }
}
