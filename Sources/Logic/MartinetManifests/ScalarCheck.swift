import MartinetBase
import MartinetNearMiss
import MartinetSchema
import MartinetYAML

/// Whether a value that is no object is what its field takes, and what to write where it is not.
enum ScalarCheck {
    struct Fault {
        var code = ManifestProblem.Code.wrongType
        let message: String
        var suggestion: String?
    }

    static func fault(_ node: YAMLNode, _ field: Field) -> Fault? {
        switch field.scalar {
        case .object, .json, .any: nil
        case .raw, .fieldsv1: node.map == nil ? wrong("a map", node) : nil
        case .string: string(node, field)
        case .bool: bool(node)
        case .int32: integer(node, field, Int64(Int32.min)...Int64(Int32.max))
        case .uint32: integer(node, field, 0...Int64(UInt32.max))
        case .int64: integer(node, field, Int64.min...Int64.max)
        case .uint64: integer(node, field, 0...Int64.max)
        case .double, .float: number(node)
        case .quantity: QuantityCheck.fault(node)
        case .time, .microtime: time(node)
        case .duration: duration(node)
        case .intorstring: intOrString(node)
        case .bytes: bytes(node)
        case .strings:
            node.list?.allSatisfy { $0.string != nil } == true ? nil : wrong("a list of strings", node)
        }
    }

    static func wrong(_ expected: String, _ node: YAMLNode, _ suggestion: String? = nil) -> Fault {
        Fault(message: "expected \(expected), not \(shown(node))", suggestion: suggestion)
    }

    private static func string(_ node: YAMLNode, _ field: Field) -> Fault? {
        guard let text = node.string else {
            // What was written as a number or a word that YAML knows needs quotes to be a string.
            guard let plain = plain(node) else { return wrong("a string", node) }
            return wrong("a string", node, "\"\(plain)\" in quotes")
        }
        let choices = field.enumeration
        // An empty word is none at all: whether that may be, the rules say.
        guard !choices.isEmpty, !text.isEmpty, !choices.contains(text) else { return nil }
        return Fault(
            code: .badValue, message: "\"\(text)\" is none of \(choices.joined(separator: ", "))",
            suggestion: NearMiss.suggestion(for: text, among: choices).map { "\"\($0)\"" })
    }

    private static func bool(_ node: YAMLNode) -> Fault? {
        if node.bool != nil { return nil }
        let words = [
            "true": "true", "yes": "true", "on": "true", "1": "true", "false": "false", "no": "false",
            "off": "false", "0": "false",
        ]
        let meant = (node.string ?? plain(node)).flatMap { words[$0.lowercased()] }
        return wrong("true or false", node, meant.map { node.string == nil ? $0 : "\($0) without quotes" })
    }

    private static func integer(_ node: YAMLNode, _ field: Field, _ range: ClosedRange<Int64>) -> Fault? {
        switch node.value {
        case .int(let number):
            guard range.contains(number) else {
                return Fault(
                    code: .badValue,
                    message: "\(number) is out of range, expected \(range.lowerBound) to \(range.upperBound)")
            }
            return limits(number, field)
        case .uint(let number):
            return Fault(code: .badValue, message: "\(number) is out of range, at most \(range.upperBound)")
        case .double(let number) where number == number.rounded() && abs(number) < 1e15:
            return nil
        case .string(let text):
            return wrong("a whole number", node, Int64(text).map { _ in "\(text) without quotes" })
        default: return wrong("a whole number", node)
        }
    }

    /// `min=` and `max=` of the schema.
    private static func limits(_ number: Int64, _ field: Field) -> Fault? {
        for rule in field.rules {
            let parts = rule.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let bound = Int64(parts[1]) else { continue }
            if parts[0] == "min", number < bound {
                return Fault(code: .badValue, message: "\(number) is too small, at least \(bound)")
            }
            if parts[0] == "max", number > bound {
                return Fault(code: .badValue, message: "\(number) is too large, at most \(bound)")
            }
        }
        let ports: Set<String> = ["containerPort", "hostPort", "port", "nodePort"]
        if ports.contains(field.name), field.scalar == .int32, !(0...65535).contains(number) {
            return Fault(code: .badValue, message: "\(number) is no port, expected 1 to 65535")
        }
        return nil
    }

    private static func number(_ node: YAMLNode) -> Fault? {
        switch node.value {
        case .int, .uint, .double: nil
        case .string(let text): wrong("a number", node, Double(text).map { _ in "\(text) without quotes" })
        default: wrong("a number", node)
        }
    }

    private static func time(_ node: YAMLNode) -> Fault? {
        let example = "a time such as 2026-01-31T12:00:00Z"
        guard let text = node.string else { return wrong(example, node) }
        let shape = "dddd-dd-ddTdd:dd:dd"
        let letters = Array(text)
        let fits =
            letters.count > shape.count
            && zip(letters, Array(shape)).allSatisfy { (letter: Character, place: Character) -> Bool in
                if place == "d" { return letter.isASCII && letter.isNumber }
                return letter == place
            }
        return fits ? nil : Fault(code: .badValue, message: "\"\(text)\" is not \(example)")
    }

    private static func duration(_ node: YAMLNode) -> Fault? {
        guard let text = node.string else {
            return wrong("a duration such as 1m30s", node, plain(node).map { "\"\($0)s\"" })
        }
        guard (GoDuration.parse(text) as Int64?) == nil else { return nil }
        return Fault(code: .badValue, message: "\"\(text)\" is not a duration such as 1m30s")
    }

    private static func intOrString(_ node: YAMLNode) -> Fault? {
        switch node.value {
        case .int(let number):
            Int32(exactly: number) == nil
                ? Fault(code: .badValue, message: "\(number) is out of range, at most \(Int32.max)") : nil
        case .string: nil
        default: wrong("a whole number or a string", node)
        }
    }

    private static func bytes(_ node: YAMLNode) -> Fault? {
        guard let text = node.string else {
            return wrong("base64", node, plain(node).map { Base64.encode(Array($0.utf8)) })
        }
        if Base64.decode(text) != nil { return nil }
        return Fault(
            code: .badValue,
            message:
                "expected base64, not \"\(text.prefix(40))\"; write \(Base64.encode(Array(text.utf8).prefix40)) "
                + "here, or the plain text under stringData")
    }

    // MARK: Words

    static func shown(_ node: YAMLNode) -> String {
        switch node.value {
        case .null: return "an empty value"
        case .bool(let flag): return "the boolean \(flag)"
        case .int, .uint, .double: return "the number \(plain(node) ?? "")"
        case .string(let text): return text.isEmpty ? "an empty string" : "the string \"\(text.prefix(60))\""
        case .list: return "a list"
        case .map: return "a map"
        }
    }

    /// The text of a scalar that is no string.
    static func plain(_ node: YAMLNode) -> String? {
        switch node.value {
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)"
        case .double(let number): "\(number)"
        default: nil
        }
    }

    static func noun(_ scalar: Scalar) -> (singular: String, plural: String) {
        switch scalar {
        case .object, .raw, .fieldsv1: ("a map with fields", "maps")
        case .string: ("a string", "strings")
        case .bytes: ("base64", "base64 strings")
        case .bool: ("true or false", "booleans")
        case .int32, .int64, .uint32, .uint64: ("a whole number", "whole numbers")
        case .double, .float: ("a number", "numbers")
        case .quantity: ("a quantity such as 500m or 256Mi", "quantities such as 500m or 256Mi")
        case .time, .microtime: ("a time", "times")
        case .duration: ("a duration such as 1m30s", "durations")
        case .intorstring: ("a whole number or a string", "whole numbers or strings")
        case .json, .any: ("any value", "values")
        case .strings: ("a list of strings", "lists of strings")
        }
    }
}

extension [UInt8] {
    /// Long texts are not repeated whole.
    fileprivate var prefix40: [UInt8] { Array(prefix(40)) }
}
