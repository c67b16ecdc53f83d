import MartinetYAML

/// Walks a tree along a JSONPath. The number of values it visits is bounded, so that `..` inside `..` ends.
struct JSONPathEvaluation {
    private let template: String
    private let allowsMissingKeys: Bool
    private var left = 1_000_000

    init(template: String, allowsMissingKeys: Bool) {
        self.template = template
        self.allowsMissingKeys = allowsMissingKeys
    }

    private func fault(_ message: String) -> PrinterError {
        PrinterError(code: .evaluation, message: message, template: template)
    }

    mutating func results(_ blocks: [JSONPath.Block], _ root: YAMLNode) throws(PrinterError) -> [[YAMLNode]] {
        var results: [[YAMLNode]] = []
        for block in blocks {
            switch block {
            case .print(let nodes): results.append(try evaluate(nodes, [root]))
            case .range(let nodes, let body):
                for value in try evaluate(nodes, [root]) { results += try self.results(body, value) }
            }
        }
        return results
    }

    private mutating func spend(_ count: Int) throws(PrinterError) {
        left -= count
        if left < 0 { throw fault("it finds more than a million values") }
    }

    private mutating func evaluate(
        _ nodes: [JSONPath.Node], _ input: [YAMLNode]
    ) throws(PrinterError) -> [YAMLNode] {
        var values = input
        for node in nodes {
            try spend(values.count + 1)
            values = try step(node, values)
        }
        return values
    }

    private mutating func step(_ node: JSONPath.Node, _ input: [YAMLNode]) throws(PrinterError) -> [YAMLNode] {
        switch node {
        case .text(let text): return [YAMLNode(.string(text))]
        case .number(let number): return input.map { _ in number }
        case .field(let name): return try field(name, input)
        case .wildcard: return input.flatMap(Self.children)
        case .recursive:
            var found: [YAMLNode] = []
            for value in input { try descend(value, &found) }
            return found
        case .array(let start, let end, let stride): return try slice(start, end, stride, input)
        case .union(let paths):
            var found: [YAMLNode] = []
            for path in paths { found += try evaluate(path, input) }
            return found
        case .filter(let left, let comparison, let right): return try filter(left, comparison, right, input)
        }
    }

    private func field(_ name: String, _ input: [YAMLNode]) throws(PrinterError) -> [YAMLNode] {
        let found = input.compactMap { $0[name] }
        if found.isEmpty, !input.isEmpty, !allowsMissingKeys { throw fault("\(name) is not found") }
        return found
    }

    private static func children(_ value: YAMLNode) -> [YAMLNode] { value.list ?? value.map?.map(\.node) ?? [] }

    /// The value and everything below it that holds something.
    private mutating func descend(_ value: YAMLNode, _ found: inout [YAMLNode]) throws(PrinterError) {
        try spend(1)
        let children = Self.children(value)
        guard !children.isEmpty || value.string?.isEmpty == false else { return }
        found.append(value)
        for child in children { try descend(child, &found) }
    }

    private func slice(
        _ start: JSONPath.Bound, _ end: JSONPath.Bound, _ stride: JSONPath.Bound, _ input: [YAMLNode]
    ) throws(PrinterError) -> [YAMLNode] {
        var found: [YAMLNode] = []
        for value in input where !value.isNull {
            guard let items = value.list else { throw fault("\(value.kind) is no list, so it has no index") }
            var from = start.known ? start.value : 0
            if from < 0 { from += items.count }
            var to = end.known ? end.value : items.count
            if to < 0 || to == 0 && end.derived { to += items.count }
            guard from != to else { return found }
            guard from >= 0, from < items.count else {
                throw fault("index \(from) is out of bounds: the list has \(items.count) items")
            }
            guard to >= 0, to <= items.count else {
                throw fault("index \(to - 1) is out of bounds: the list has \(items.count) items")
            }
            guard from < to else { throw fault("the slice starts at \(from), behind its end \(to)") }
            guard !stride.known || stride.value > 0 else { throw fault("the step of a slice is above 0") }
            found += Swift.stride(from: from, to: to, by: stride.known ? stride.value : 1).map { items[$0] }
        }
        return found
    }

    private mutating func filter(
        _ left: [JSONPath.Node], _ comparison: String?, _ right: [JSONPath.Node], _ input: [YAMLNode]
    ) throws(PrinterError) -> [YAMLNode] {
        var found: [YAMLNode] = []
        for value in input {
            guard let items = value.list else { throw fault("\(value.kind) is no list and cannot be filtered") }
            for item in items {
                guard let comparison else {
                    if let results = try? evaluate(left, [item]), !results.isEmpty { found.append(item) }
                    try spend(1)
                    continue
                }
                let lefts = try evaluate(left, [item])
                let rights = try evaluate(right, [item])
                guard let a = lefts.first, let b = rights.first else { continue }
                guard lefts.count == 1, rights.count == 1 else {
                    throw fault("a filter compares one value with one other")
                }
                if try compare(a, comparison, b) { found.append(item) }
            }
        }
        return found
    }

    private func compare(_ a: YAMLNode, _ comparison: String, _ b: YAMLNode) throws(PrinterError) -> Bool {
        let isLess: Bool
        let isEqual: Bool
        switch (a.value, b.value) {
        case (.string(let a), .string(let b)): (isLess, isEqual) = (a.utf8.lexicographicallyPrecedes(b.utf8), a == b)
        case (.int(let a), .int(let b)): (isLess, isEqual) = (a < b, a == b)
        case (.bool(let a), .bool(let b)):
            guard comparison == "==" || comparison == "!=" else { throw fault("booleans have no order") }
            (isLess, isEqual) = (false, a == b)
        default:
            guard let a = Self.number(a), let b = Self.number(b) else {
                throw fault("\(a.kind) cannot be compared with \(b.kind)")
            }
            (isLess, isEqual) = (a < b, a == b)
        }
        switch comparison {
        case "==": return isEqual
        case "!=": return !isEqual
        case "<": return isLess
        case "<=": return isLess || isEqual
        case ">": return !isLess && !isEqual
        default: return !isLess
        }
    }

    private static func number(_ node: YAMLNode) -> Double? {
        switch node.value {
        case .int(let number): Double(number)
        case .uint(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
