package import MartinetYAML

/// The part of Go's templates that people use with `kubectl -o go-template`: fields, variables, pipelines, if, range,
/// with, and the functions listed in `GoTemplateFunctions`. What is not there (define, template, block, break, continue,
/// assignment to an outer variable) is refused by name when the template is read.
package struct GoTemplate: Sendable {
    indirect enum Node: Sendable {
        case text(String)
        case print(Pipeline)
        case condition(Pipeline, then: [Node], otherwise: [Node])
        case with(Pipeline, then: [Node], otherwise: [Node])
        case range(Pipeline, body: [Node], otherwise: [Node])
    }

    struct Pipeline: Sendable {
        /// `$x :=`, or `$key, $value :=` of a range.
        var variables: [String] = []
        var commands: [[Operand]] = []
    }

    indirect enum Operand: Sendable {
        case literal(YAMLNode)
        case function(String)
        case field([String])
        case variable(String, [String])
        case group(Pipeline, [String])
    }

    private let template: String
    private let nodes: [Node]

    package init(_ template: String) throws(PrinterError) {
        self.template = template
        var parser = GoTemplateParser(template)
        nodes = try parser.parse()
    }

    /// What the template prints for a value.
    package func text(_ root: YAMLNode) throws(PrinterError) -> String {
        var evaluation = GoTemplateEvaluation(template: template, root: root)
        try evaluation.run(nodes, dot: root)
        return evaluation.output
    }
}
