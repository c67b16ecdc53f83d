import MartinetAPI
import MartinetCEL
import MartinetCELKubernetes

/// One rule of `x-kubernetes-validations`, compiled.
///
/// A rule that does not compile keeps why: it is refused when the definition is written, and fails for every object of a
/// definition that was stored before.
struct ExpressionRule: Sendable {
    let source: String
    let message: String
    let messageSource: String
    let reason: String?
    /// The field that a failure is reported at, below the schema's own; empty for the schema's own.
    let field: String
    let isOldSelfOptional: Bool
    let usesOldSelf: Bool
    let program: CELProgram?
    let failure: String?
    let costMax: UInt64
    let messageProgram: CELProgram?
    let messageFailure: String?
    let messageCostMax: UInt64

    private struct Compiled {
        var program: CELProgram?
        var failure: String?
        var cost: UInt64 = 0
        var usesOldSelf = false
    }

    init(_ rule: ValidationRule, _ schema: CELSchema, _ declared: JSONSchemaProps, _ types: CELSchemaTypes) {
        source = rule.rule
        message = rule.message
        messageSource = rule.messageExpression
        reason = rule.reason
        field = FieldPaths.resolve(rule.fieldPath, in: declared) ?? ""
        isOldSelfOptional = rule.optionalOldSelf == true
        var environment = CELEnvironment.kubernetes
        environment.types = types
        environment.declare("self", schema.type)
        environment.declare("oldSelf", isOldSelfOptional ? .optional(schema.type) : schema.type)
        let model = CELKubernetesCostModel(root: schema)
        guard !ExpressionRule.isBlank(rule.rule) else {
            (program, failure, costMax, usesOldSelf) = (nil, nil, 0, false)
            (messageProgram, messageFailure, messageCostMax) = (nil, nil, 0)
            return
        }
        let compiled = ExpressionRule.compile(rule.rule, environment, model, .bool)
        (program, failure, costMax, usesOldSelf) =
            (compiled.program, compiled.failure, compiled.cost, compiled.usesOldSelf)
        guard compiled.failure == nil, !rule.messageExpression.isEmpty else {
            (messageProgram, messageFailure, messageCostMax) = (nil, nil, 0)
            return
        }
        let text = ExpressionRule.compile(rule.messageExpression, environment, model, .string)
        (messageProgram, messageFailure, messageCostMax) = (text.program, text.failure, text.cost)
    }

    static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    private static func compile(
        _ text: String, _ environment: CELEnvironment, _ model: CELKubernetesCostModel, _ result: CELType
    ) -> Compiled {
        var compiled = Compiled()
        do throws(CELIssues) {
            let checked = try environment.compile(text)
            compiled.usesOldSelf = checked.references.contains {
                if case .variable("oldSelf")? = $0 { true } else { false }
            }
            guard checked.resultType == result else {
                compiled.failure = "the expression must evaluate to a \(result)"
                return compiled
            }
            compiled.program = try environment.program(checked)
            compiled.cost = environment.estimateCost(checked, model).max
        } catch {
            compiled.program = nil
            compiled.failure = "compilation failed: \(error)"
        }
        return compiled
    }

    /// What a failure says where there is no expression for it.
    var defaultMessage: String {
        message.isEmpty ? "failed rule: \(shown)" : ExpressionRule.trimmed(message)
    }

    var shown: String { ExpressionRule.trimmed(message.isEmpty ? source : message) }

    static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// Paths such as `.a.b['c']` below a schema.
enum FieldPaths {
    /// The path as errors write it; nil where it leads to no declared field.
    static func resolve(_ path: String, in root: JSONSchemaProps) -> String? {
        guard !path.isEmpty else { return nil }
        var rest = path[...]
        var schema = root
        var result = ""
        while let first = rest.first {
            rest.removeFirst()
            let name: String
            switch first {
            case ".":
                name = String(rest.prefix { $0 != "." && $0 != "[" && $0 != "]" })
                guard !name.isEmpty else { return nil }
                rest = rest.dropFirst(name.count)
            case "[":
                guard let quoted = quoted(&rest) else { return nil }
                name = quoted
            default: return nil
            }
            if !schema.properties.isEmpty {
                guard let property = schema.properties[name] else { return nil }
                result += result.isEmpty ? name : ".\(name)"
                schema = property
            } else if let additional = schema.additionalProperties?.schema {
                result += "[\(name)]"
                schema = additional
            } else {
                return nil
            }
        }
        return result
    }

    /// `'name']`, with escapes.
    private static func quoted(_ rest: inout Substring) -> String? {
        guard rest.first == "'" else { return nil }
        rest.removeFirst()
        let escapes: [Character: Character] = [
            "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}", "'": "'",
            "\\": "\\",
        ]
        var name = ""
        while let character = rest.popFirst() {
            if character == "'" {
                guard rest.first == "]" else { return nil }
                rest.removeFirst()
                return name
            }
            guard character == "\\" else {
                name.append(character)
                continue
            }
            guard let escaped = rest.popFirst(), let plain = escapes[escaped] else { return nil }
            name.append(plain)
        }
        return nil
    }
}
