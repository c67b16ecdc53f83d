package import MartinetYAML

/// JSON as Go's encoding/json writes it: keys sorted, `<`, `>` and `&` escaped.
package enum JSONText {
    /// On one line.
    package static func compact(_ node: YAMLNode) -> String {
        var output = ""
        write(node, indent: nil, level: 0, &output)
        return output
    }

    /// As `kubectl -o json` prints it, without the last line's end.
    package static func indented(_ node: YAMLNode) -> String {
        var output = ""
        write(node, indent: "    ", level: 0, &output)
        return output
    }

    private static func write(_ node: YAMLNode, indent: String?, level: Int, _ output: inout String) {
        switch node.value {
        case .null: output += "null"
        case .bool(let flag): output += flag ? "true" : "false"
        case .int(let number): output += String(number)
        case .uint(let number): output += String(number)
        case .double(let number): output += GoFloat.json(number)
        case .string(let text): quote(text, &output)
        case .list(let items):
            block("[", "]", items, indent, level, &output) { item, output in
                write(item, indent: indent, level: level + 1, &output)
            }
        case .map(let entries):
            let sorted = entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            block("{", "}", sorted, indent, level, &output) { entry, output in
                quote(entry.key, &output)
                output += indent == nil ? ":" : ": "
                write(entry.node, indent: indent, level: level + 1, &output)
            }
        }
    }

    private static func block<Item>(
        _ open: String, _ close: String, _ items: [Item], _ indent: String?, _ level: Int, _ output: inout String,
        _ each: (Item, inout String) -> Void
    ) {
        output += open
        for (index, item) in items.enumerated() {
            if index > 0 { output += "," }
            if let indent { output += "\n" + String(repeating: indent, count: level + 1) }
            each(item, &output)
        }
        if let indent, !items.isEmpty { output += "\n" + String(repeating: indent, count: level) }
        output += close
    }

    private static func quote(_ text: String, _ output: inout String) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{8}": output += "\\b"
            case "\u{C}": output += "\\f"
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
