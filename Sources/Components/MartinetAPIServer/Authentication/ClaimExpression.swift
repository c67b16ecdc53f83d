import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema

/// An expression over the claims of a token, or over the user that was made of them.
struct ClaimExpression: Sendable {
    enum Subject: String, Sendable { case claims, user }

    let source: String
    private let program: CELProgram

    /// - Throws: what the compiler says.
    init(_ source: String, over subject: Subject, field: String) throws(AccessError) {
        self.source = source
        var environment = CELEnvironment.kubernetes
        environment.declare(subject.rawValue, .map(.string, .dyn))
        do throws(CELIssues) {
            program = try environment.program(try environment.compile(source))
        } catch {
            let texts = error.issues.map { "\($0)" }.joined(separator: "; ")
            throw AccessError("\(field): the expression does not compile: \(texts)")
        }
    }

    /// What is no value is an error, which tells nothing of the claims.
    func evaluate(_ subject: Map) -> CELValue {
        program.evaluate([CELValue(.map(subject))], costLimit: CELEnvironment.kubernetesCallCostMax).value
    }

    func text(_ subject: Map) -> String? {
        if case .string(let text) = evaluate(subject) { text } else { nil }
    }

    func isTrue(_ subject: Map) -> Bool? {
        if case .bool(let flag) = evaluate(subject) { flag } else { nil }
    }

    /// A text or a list of texts; nil for anything else. Absent and empty are no texts.
    func texts(_ subject: Map) -> [String]? {
        switch evaluate(subject) {
        case .null: return []
        case .string(let text): return text.isEmpty ? [] : [text]
        case .list(let list):
            guard list.count <= 4096 else { return nil }
            var texts: [String] = []
            for index in 0..<list.count {
                guard case .string(let text) = list.element(at: index) else { return nil }
                if !text.isEmpty { texts.append(text) }
            }
            return texts
        default: return nil
        }
    }
}
