import MartinetYAML

/// Runs a Go template on a value. The number of steps and the size of the output are bounded.
struct GoTemplateEvaluation {
    private(set) var output = ""
    private let template: String
    private var variables: [(name: String, value: YAMLNode)]
    private var left = 1_000_000

    init(template: String, root: YAMLNode) {
        self.template = template
        variables = [("", root)]
    }

    private func fault(_ message: String) -> PrinterError {
        PrinterError(code: .evaluation, message: message, template: template)
    }

    mutating func run(_ nodes: [GoTemplate.Node], dot: YAMLNode) throws(PrinterError) {
        let depth = variables.count
        for node in nodes {
            left -= 1
            guard left > 0, output.utf8.count < 64 << 20 else { throw fault("it does too much") }
            switch node {
            case .text(let text): output += text
            case .print(let pipeline):
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty { output += value.isNull ? "<no value>" : GoText.text(value) }
            case .condition(let pipeline, let then, let otherwise):
                let inner = variables.count
                let holds = Self.isTrue(try evaluate(pipeline, dot))
                try run(holds ? then : otherwise, dot: dot)
                variables.removeLast(variables.count - inner)
            case .with(let pipeline, let then, let otherwise):
                let inner = variables.count
                let value = try evaluate(pipeline, dot)
                if Self.isTrue(value) { try run(then, dot: value) } else { try run(otherwise, dot: dot) }
                variables.removeLast(variables.count - inner)
            case .range(let pipeline, let body, let otherwise): try range(pipeline, body, otherwise, dot)
            }
        }
        if variables.count > depth { variables.removeLast(variables.count - depth) }
    }

    private mutating func range(
        _ pipeline: GoTemplate.Pipeline, _ body: [GoTemplate.Node], _ otherwise: [GoTemplate.Node], _ dot: YAMLNode
    ) throws(PrinterError) {
        var source = pipeline
        source.variables = []
        let value = try evaluate(source, dot)
        let pairs: [(YAMLNode, YAMLNode)]
        switch value.value {
        case .list(let items): pairs = items.enumerated().map { (YAMLNode(.int(Int64($0.offset))), $0.element) }
        case .map(let entries):
            pairs = entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { (YAMLNode(.string($0.key)), $0.node) }
        case .null: pairs = []
        default: throw fault("range cannot go over \(value.kind)")
        }
        if pairs.isEmpty { return try run(otherwise, dot: dot) }
        let depth = variables.count
        for (key, element) in pairs {
            if pipeline.variables.count == 2 { variables.append((pipeline.variables[0], key)) }
            if let last = pipeline.variables.last { variables.append((last, element)) }
            try run(body, dot: element)
            variables.removeLast(variables.count - depth)
        }
    }

    static func isTrue(_ value: YAMLNode) -> Bool {
        switch value.value {
        case .null: false
        case .bool(let flag): flag
        case .int(let number): number != 0
        case .uint: true
        case .double(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let items): !items.isEmpty
        case .map(let entries): !entries.isEmpty
        }
    }

    private mutating func evaluate(_ pipeline: GoTemplate.Pipeline, _ dot: YAMLNode) throws(PrinterError) -> YAMLNode {
        var value: YAMLNode?
        for command in pipeline.commands { value = try call(command, piped: value, dot) }
        let result = value ?? YAMLNode(.null)
        if let name = pipeline.variables.first { variables.append((name, result)) }
        return result
    }

    private mutating func call(
        _ command: [GoTemplate.Operand], piped: YAMLNode?, _ dot: YAMLNode
    ) throws(PrinterError) -> YAMLNode {
        left -= 1
        guard left > 0 else { throw fault("it does too much") }
        guard case .function(let name)? = command.first else {
            guard let first = command.first, command.count == 1, piped == nil else {
                throw fault("a value that is no function is given arguments")
            }
            return try operand(first, dot)
        }
        var arguments: [YAMLNode] = []
        for (index, item) in command.dropFirst().enumerated() {
            arguments.append(try operand(item, dot))
            // `and` and `or` look no further than they must.
            guard let last = arguments.last, index < command.count - 2 else { continue }
            if name == "and", !Self.isTrue(last) { return last }
            if name == "or", Self.isTrue(last) { return last }
        }
        if let piped { arguments.append(piped) }
        return try GoTemplateFunctions(template: template).call(name, arguments)
    }

    private mutating func operand(_ operand: GoTemplate.Operand, _ dot: YAMLNode) throws(PrinterError) -> YAMLNode {
        switch operand {
        case .literal(let value): return value
        case .function(let name): return try GoTemplateFunctions(template: template).call(name, [])
        case .field(let names): return try fields(names, dot)
        case .variable(let name, let names):
            guard let found = variables.last(where: { $0.name == name }) else {
                throw fault("there is no variable $\(name)")
            }
            return try fields(names, found.value)
        case .group(let pipeline, let names):
            let depth = variables.count
            let value = try evaluate(pipeline, dot)
            variables.removeLast(variables.count - depth)
            return try fields(names, value)
        }
    }

    private func fields(_ names: [String], _ value: YAMLNode) throws(PrinterError) -> YAMLNode {
        var value = value
        for name in names {
            switch value.value {
            case .map: value = value[name] ?? YAMLNode(.null)
            case .null: return value
            default: throw fault("\(value.kind) has no field \(name)")
            }
        }
        return value
    }
}
