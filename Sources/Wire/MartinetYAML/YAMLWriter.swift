/// Writes a tree as go-yaml v2 does: two spaces a level, list items at the column of their key, lines folded behind
/// column 80.
struct YAMLWriter {
    private(set) var output: [UInt8] = []

    mutating func document(_ node: YAMLNode) {
        switch node.value {
        case .map(let entries) where !entries.isEmpty: map(entries, indent: 0, startsHere: true)
        case .list(let items) where !items.isEmpty: list(items, indent: 0, startsHere: true)
        default:
            scalar(node, indent: 0, isRoot: true)
            endLine()
        }
    }

    /// - Parameter startsHere: the first key stands where the writer is, not on a line of its own.
    private mutating func map(_ entries: [YAMLNode.Entry], indent: Int, startsHere: Bool) {
        var startsHere = startsHere
        for entry in entries {
            if !startsHere { spaces(indent) }
            startsHere = false
            let style = ScalarStyle(key: entry.key)
            let simple = style.isSimpleKey
            if !simple { output += [UInt8(ascii: "?"), 0x20] }
            ScalarText(entry.key, style: style, indent: indent + 2, isKey: simple).write(to: &output)
            if !simple {
                endLine()
                spaces(indent)
            }
            output.append(UInt8(ascii: ":"))
            value(entry.node, indent: indent, simpleKey: simple)
        }
    }

    private mutating func value(_ node: YAMLNode, indent: Int, simpleKey: Bool) {
        switch node.value {
        case .map(let entries) where !entries.isEmpty:
            if simpleKey { endLine() } else { output.append(0x20) }
            map(entries, indent: indent + 2, startsHere: !simpleKey)
        case .list(let items) where !items.isEmpty:
            if simpleKey { endLine() } else { output.append(0x20) }
            list(items, indent: simpleKey ? indent : indent + 2, startsHere: !simpleKey)
        default:
            let before = output.count
            output.append(0x20)
            scalar(node, indent: indent + 2, isRoot: false)
            // An empty plain scalar is never written, so there is always something after the space.
            assert(output.count > before + 1)
            endLine()
        }
    }

    private mutating func list(_ items: [YAMLNode], indent: Int, startsHere: Bool) {
        var startsHere = startsHere
        for item in items {
            if !startsHere { spaces(indent) }
            startsHere = false
            output += [UInt8(ascii: "-"), 0x20]
            switch item.value {
            case .map(let entries) where !entries.isEmpty: map(entries, indent: indent + 2, startsHere: true)
            case .list(let items) where !items.isEmpty: list(items, indent: indent + 2, startsHere: true)
            default:
                scalar(item, indent: indent + 2, isRoot: false)
                endLine()
            }
        }
    }

    /// A block scalar that keeps its last breaks has ended its line itself.
    private mutating func endLine() {
        if output.last != UInt8(ascii: "\n") { output.append(UInt8(ascii: "\n")) }
    }

    private mutating func spaces(_ count: Int) {
        for _ in 0..<count { output.append(0x20) }
    }

    private mutating func scalar(_ node: YAMLNode, indent: Int, isRoot: Bool) {
        switch node.value {
        case .null: output += "null".utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .int(let number): output += String(number).utf8
        case .uint(let number): output += String(number).utf8
        case .double(let number): output += Self.text(number).utf8
        case .string(let text):
            let indent = isRoot && indent == 0 ? 2 : indent
            ScalarText(text, style: ScalarStyle(value: text), indent: indent, isKey: false).write(to: &output)
        case .list: output += "[]".utf8
        case .map: output += "{}".utf8
        }
    }

    /// A double goes through JSON on its way in kubectl, where a whole number loses its point and is an integer again.
    private static func text(_ number: Double) -> String {
        if let whole = Int64(exactly: number) { return String(whole) }
        if let whole = UInt64(exactly: number) { return String(whole) }
        return GoFloat.shortest(number)
    }
}
