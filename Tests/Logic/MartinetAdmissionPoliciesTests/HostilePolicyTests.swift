import MartinetAPI
import MartinetAdmissionPolicies
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import MartinetStrategies
import Testing

/// Policies that are made to exhaust something: each ends soon, with an error that says so.
@Suite(.timeLimit(.minutes(2))) struct HostilePolicyTests {
    private struct Nobody: CELAuthorizer {
        func authorize(_ request: CELAuthorizationRequest) -> CELAuthorizationDecision { .init(isAllowed: false) }
        func serviceAccount(namespace: String, name: String) -> any CELAuthorizer { self }
    }

    private func spec(_ json: String, _ kind: String = "ValidatingAdmissionPolicy") throws -> Object {
        let type = try #require(Schema.builtin.type(named: "admissionregistration.k8s.io/v1.\(kind)"))
        let text = #"{"apiVersion":"admissionregistration.k8s.io/v1","kind":"\#(kind)","spec":\#(json)}"#
        return try #require(try JSONDecoder.decode(Array(text.utf8), as: type).object.part("spec"))
    }

    private func evaluate(_ json: String) throws -> [String] {
        let pod = Pod {
            $0.metadata.name = "a"
            for number in 0..<1000 { $0.metadata.labels["k\(number)"] = "v\(number)" }
        }
        let input = PolicyInput(
            object: pod.object, oldObject: nil, request: .map(Map()), namespace: nil, params: nil,
            authorizer: Nobody(), resource: CELAuthorizationRequest())
        return AdmissionPolicy(try spec(json)).evaluate(input).decisions.filter(\.isDenied).map(\.message)
    }

    private func rules(_ expressions: String...) -> String {
        #""validations":[\#(expressions.map { #"{"expression":"\#($0)"}"# }.joined(separator: ","))]"#
    }

    private func variables(_ count: Int, _ body: (Int) -> String) -> String {
        let first = #"{"name":"v0","expression":"1"}"#
        let others = (1...count).map { #"{"name":"v\#($0)","expression":"\#(body($0))"}"# }
        return #""variables":[\#(([first] + others).joined(separator: ","))],"#
    }

    @Test func variablesThatLeadToEachOtherTooDeepAreRefused() throws {
        let chain = variables(5000) { "variables.v\($0 - 1) + 1" }
        #expect(try evaluate("{\(chain)\(rules("variables.v5000 > 0"))}").first?.contains("too deep") == true)
        let aliased = variables(5000) { "[variables][0].v\($0 - 1) + 1" }
        #expect(try evaluate("{\(aliased)\(rules("variables.v5000 > 0"))}").first?.contains("too deep") == true)
        let fitting = variables(80) { "variables.v\($0 - 1) + 1" }
        #expect(try evaluate("{\(fitting)\(rules("variables.v80 == 81"))}").isEmpty)
    }

    @Test func typesOfVariablesDoNotGrowWithoutBound() throws {
        let doubling = variables(60) { "{variables.v\($0 - 1): variables.v\($0 - 1)}" }
        #expect(!(try evaluate("{\(doubling)\(rules("variables.v60 == variables.v59"))}").isEmpty))
    }

    @Test(arguments: [
        "object.metadata.labels.all(a, object.metadata.labels.all(b, object.metadata.labels.all(c, a != b + c)))",
        "object.metadata.labels.map(a, object.metadata.labels.map(b, a + b)).size() > 0",
        "object.metadata.labels.all(a, a.matches('^(([a-z])+.)+[A-Z]([a-z])+$') || object.metadata.labels.all(b, b.matches('(a|b|k)*[0-9]{1,40}')))",
    ])
    func loopsAreStoppedByTheirCost(expression: String) throws {
        #expect(try evaluate("{\(rules(expression))}").first?.contains("cost limit") == true)
    }

    @Test(arguments: [
        "object.metadata.name.matches('((a{1000}){1000}){1000}')",
        "object.metadata.name.matches('\(String(repeating: "(", count: 2000))')",
        "object.metadata.name.matches('\(String(repeating: "(", count: 2000))a\(String(repeating: ")", count: 2000))')",
        "'\(String(repeating: "a", count: 1000))'.matches('(a?){900}b')",
        "\(String(repeating: "[", count: 3000))\(String(repeating: "]", count: 3000)) == []",
        "quantity('\(String(repeating: "9", count: 10000))').isGreaterThan(quantity('1'))",
        "url('\(String(repeating: "%41", count: 10000))').getHost() == ''",
        "9223372036854775807 + int(object.metadata.labels.k1.size()) > 0",
        "-9223372036854775808 / (0 - int(object.metadata.labels.k1.size() - 1)) > 0",
        "duration('9223372036s') + duration('9223372036s') > duration('1s')",
        "[1, 2, 3].slice(2, -1) == []", "lists.range(9223372036854775807).size() > 0",
    ])
    func whatIsTooLargeIsAnErrorAndNoTrap(expression: String) throws {
        #expect(!(try evaluate("{\(rules(expression))}").isEmpty))
    }

    @Test func allRulesOfAPolicyShareABudget() throws {
        let costly = "object.metadata.labels.all(a, object.metadata.labels.all(b, b != '' || a != b) || a != '')"
        let cheap = "lists.range(200).all(a, lists.range(400).all(b, a * b >= 0))"
        let found = try evaluate("{\(rules("true", costly))}")
        #expect(found.first?.contains("cost limit") == true)
        let many = #""validations":[\#((0..<40).map { _ in #"{"expression":"\#(cheap)"}"# }.joined(separator: ","))]"#
        #expect(try evaluate("{\(many)}").last?.contains("running out of cost budget") == true)
    }

    @Test func whatIsWrittenIsJudgedInTimeThatGrowsWithItsSize() throws {
        let type = try #require(
            Schema.builtin.type(named: "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy"))
        var object = Object(type: type)
        let many = variables(3000) { "\($0) + 1" }
        object[field: "spec"] = .object(try spec("{\(many)\(rules("variables.v3000 > 0", "variables.v4000 > 0"))}"))
        let strategy = Strategies.strategy(for: try #require(type.kind), compiler: KubernetesExpressions())
        let fields = strategy.validate(object).map(\.field).filter { $0.hasSuffix("expression") }
        #expect(fields == ["spec.validations[1].expression"])
    }
}
