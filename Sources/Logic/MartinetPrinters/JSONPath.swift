package import MartinetYAML

/// kubectl's JSONPath templates: `{.items[*].metadata.name}`, filters, slices, unions, recursive descent, range and end.
package struct JSONPath: Sendable {
    struct Bound: Sendable {
        var value = 0
        var known = false
        /// Made from the start: `[3]` is `[3:4]`.
        var derived = false
    }

    indirect enum Node: Sendable {
        case text(String)
        case number(YAMLNode)
        case field(String)
        case wildcard
        case recursive
        case array(Bound, Bound, Bound)
        case union([[Node]])
        case filter(left: [Node], comparison: String?, right: [Node])
    }

    indirect enum Block: Sendable {
        case print([Node])
        case range([Node], [Block])
    }

    private let template: String
    private let blocks: [Block]
    private let allowsMissingKeys: Bool

    package init(_ template: String, allowsMissingKeys: Bool = true) throws(PrinterError) {
        self.template = template
        self.allowsMissingKeys = allowsMissingKeys
        var parser = JSONPathParser(template)
        blocks = try parser.parse()
    }

    /// `metadata.name`, `.metadata.name` and `{metadata.name}` are all `{.metadata.name}`: what `--sort-by` and
    /// custom columns accept.
    package init(relaxed text: String) throws(PrinterError) {
        var body = text[...]
        if body.hasPrefix("{"), body.hasSuffix("}"), body.count >= 2 { body = body.dropFirst().dropLast() }
        if body.hasPrefix(".") { body = body.dropFirst() }
        guard !body.isEmpty, !body.contains("{"), !body.contains("}") else {
            throw PrinterError(
                code: .syntax, message: "expected name1.name2, .name1.name2, {name1.name2} or {.name1.name2}",
                template: text)
        }
        try self.init("{.\(body)}")
    }

    /// What the template prints for a value.
    package func text(_ root: YAMLNode) throws(PrinterError) -> String {
        try results(root).map { $0.map(Self.text).joined(separator: " ") }.joined()
    }

    /// The values that each part of the template found.
    package func results(_ root: YAMLNode) throws(PrinterError) -> [[YAMLNode]] {
        var evaluation = JSONPathEvaluation(template: template, allowsMissingKeys: allowsMissingKeys)
        return try evaluation.results(blocks, root)
    }

    /// A value as Go prints it; maps and lists as JSON.
    package static func text(_ node: YAMLNode) -> String {
        switch node.value {
        case .string(let text): text
        case .double(let number): GoFloat.shortest(number)
        default: JSONText.compact(node)
        }
    }
}
