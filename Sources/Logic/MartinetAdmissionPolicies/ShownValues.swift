import MartinetSchema

/// The values that an expression names, so that a refusal shows what it looked at.
enum ShownValues {
    private static let valuesMax = 4
    private static let valueBytesMax = 100

    /// Such as `; object.spec.replicas is 7`. Only plain paths are followed, and only what is no list or object is shown.
    static func text(_ expression: String, _ roots: [String: Object]) -> String {
        var seen: Set<String> = []
        var texts: [String] = []
        for path in paths(expression) where seen.insert(path).inserted && texts.count < valuesMax {
            let names = path.split(separator: ".").map(String.init)
            guard names.count > 1, let root = roots[names[0]] else { continue }
            var value: Value? = .object(root)
            for name in names.dropFirst() { value = member(value, name) }
            if let shown = shown(value) { texts.append("; \(path) is \(shown)") }
        }
        return texts.joined()
    }

    private static func member(_ value: Value?, _ name: String) -> Value? {
        switch value {
        case .object(let object)?: object[field: name] ?? object.extra[name]
        case .map(let map)?: map[name]
        default: nil
        }
    }

    private static func shown(_ value: Value?) -> String? {
        switch value {
        case .bool(let flag)?: flag ? "true" : "false"
        case .int(let number)?: String(number)
        case .double(let number)?: String(number)
        case .string(let text)? where text.utf8.count <= valueBytesMax: text.debugDescription
        case nil: "absent"
        default: nil
        }
    }

    /// Identifiers joined by dots, outside of texts; a name that is called is no field.
    private static func paths(_ expression: String) -> [String] {
        var paths: [String] = []
        var current = ""
        var quote: UInt8?
        var isEscaped = false
        for byte in expression.utf8 {
            if let open = quote {
                if byte == open, !isEscaped { quote = nil }
                isEscaped = byte == 92 && !isEscaped
                continue
            }
            switch byte {
            case 48...57, 65...90, 97...122, 95, 46: current.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                if byte == 34 || byte == 39 { quote = byte }
                if byte == 40, let dot = current.lastIndex(of: ".") { current = String(current[..<dot]) }
                paths.append(current)
                current = ""
            }
        }
        return paths + [current]
    }
}
