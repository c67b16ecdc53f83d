import MartinetBase
import MartinetYAML

/// The functions of Go templates: Go's own and the two that kubectl adds (`exists`, `base64decode`).
struct GoTemplateFunctions {
    static let names: Set<String> = [
        "and", "or", "not", "len", "index", "slice", "print", "println", "printf", "eq", "ne", "lt", "le", "gt", "ge",
        "exists", "base64decode",
    ]

    let template: String

    private func fault(_ message: String) -> PrinterError {
        PrinterError(code: .evaluation, message: message, template: template)
    }

    func call(_ name: String, _ arguments: [YAMLNode]) throws(PrinterError) -> YAMLNode {
        let least: Int
        switch name {
        case "print", "println": least = 0
        case "eq", "ne", "lt", "le", "gt", "ge": least = 2
        default: least = 1
        }
        guard let first = arguments.first ?? (least == 0 ? YAMLNode(.null) : nil), arguments.count >= least else {
            throw fault("\(name) wants at least \(least) value\(least == 1 ? "" : "s")")
        }
        switch name {
        case "and": return arguments.first { !GoTemplateEvaluation.isTrue($0) } ?? arguments[arguments.count - 1]
        case "or": return arguments.first { GoTemplateEvaluation.isTrue($0) } ?? arguments[arguments.count - 1]
        case "not": return YAMLNode(.bool(!GoTemplateEvaluation.isTrue(first)))
        case "len": return try length(first)
        case "index": return try index(arguments)
        case "slice": return try slice(arguments)
        case "print": return YAMLNode(.string(joined(arguments)))
        case "println":
            return YAMLNode(.string(arguments.map { GoText.text($0) }.joined(separator: " ") + "\n"))
        case "printf": return YAMLNode(.string(GoFormat(first.string ?? "", Array(arguments.dropFirst())).text()))
        case "eq":
            for other in arguments.dropFirst() where try compare(first, other) == 0 { return YAMLNode(.bool(true)) }
            return YAMLNode(.bool(false))
        case "exists": return YAMLNode(.bool((try? index(arguments))?.isNull == false))
        case "base64decode":
            guard let text = first.string, let data = Base64.decode(text) else { throw fault("it is no base64") }
            return YAMLNode(.string(String(decoding: data, as: UTF8.self)))
        default:
            let order = try compare(first, arguments[1])
            switch name {
            case "ne": return YAMLNode(.bool(order != 0))
            case "lt": return YAMLNode(.bool(order < 0))
            case "le": return YAMLNode(.bool(order <= 0))
            case "gt": return YAMLNode(.bool(order > 0))
            default: return YAMLNode(.bool(order >= 0))
            }
        }
    }

    /// A blank between two values of which neither is a string, as Go's `Sprint`.
    private func joined(_ values: [YAMLNode]) -> String {
        var text = ""
        for (index, value) in values.enumerated() {
            if index > 0, value.string == nil, values[index - 1].string == nil { text += " " }
            text += GoText.text(value)
        }
        return text
    }

    private func length(_ value: YAMLNode) throws(PrinterError) -> YAMLNode {
        switch value.value {
        case .string(let text): return YAMLNode(.int(Int64(text.utf8.count)))
        case .list(let items): return YAMLNode(.int(Int64(items.count)))
        case .map(let entries): return YAMLNode(.int(Int64(entries.count)))
        default: throw fault("\(value.kind) has no length")
        }
    }

    private func index(_ arguments: [YAMLNode]) throws(PrinterError) -> YAMLNode {
        var value = arguments.first ?? YAMLNode(.null)
        for key in arguments.dropFirst() {
            switch (value.value, key.value) {
            case (.map, .string(let name)): value = value[name] ?? YAMLNode(.null)
            case (.list(let items), .int(let place)):
                guard let place = Int(exactly: place), items.indices.contains(place) else {
                    throw fault("index \(place) is out of range: the list has \(items.count) items")
                }
                value = items[place]
            case (.null, _): throw fault("index of nothing")
            default: throw fault("\(value.kind) has no index by \(key.kind)")
            }
        }
        return value
    }

    private func slice(_ arguments: [YAMLNode]) throws(PrinterError) -> YAMLNode {
        let bounds = arguments.dropFirst().map { $0.int.flatMap { Int(exactly: $0) } ?? -1 }
        func range(_ count: Int) throws(PrinterError) -> Range<Int> {
            let start = bounds.first ?? 0
            let end = bounds.count > 1 ? bounds[1] : count
            guard bounds.count <= 2, start >= 0, start <= end, end <= count else {
                throw fault("a slice is out of range")
            }
            return start..<end
        }
        switch arguments[0].value {
        case .list(let items): return YAMLNode(.list(Array(items[try range(items.count)])))
        case .string(let text):
            let bytes = Array(text.utf8)
            return YAMLNode(.string(String(decoding: bytes[try range(bytes.count)], as: UTF8.self)))
        default: throw fault("\(arguments[0].kind) cannot be sliced")
        }
    }

    /// Below, equal or above 0. Whole numbers and floats compare as well, where Go refuses.
    private func compare(_ a: YAMLNode, _ b: YAMLNode) throws(PrinterError) -> Int {
        switch (a.value, b.value) {
        case (.string(let a), .string(let b)): return a == b ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        case (.bool(let a), .bool(let b)): return a == b ? 0 : a ? 1 : -1
        case (.null, .null): return 0
        case (.null, _), (_, .null): return 1
        case (.int(let a), .int(let b)): return a == b ? 0 : a < b ? -1 : 1
        default:
            guard let x = number(a), let y = number(b) else {
                throw fault("\(a.kind) cannot be compared with \(b.kind)")
            }
            return x == y ? 0 : x < y ? -1 : 1
        }
    }

    private func number(_ node: YAMLNode) -> Double? {
        switch node.value {
        case .int(let number): Double(number)
        case .uint(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
