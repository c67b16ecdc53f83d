import MartinetAPI
import MartinetAdmissionPolicies
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import MartinetStrategies
import Testing

@Suite struct PolicyTests {
    private struct Nobody: CELAuthorizer {
        func authorize(_ request: CELAuthorizationRequest) -> CELAuthorizationDecision { .init(isAllowed: false) }
        func serviceAccount(namespace: String, name: String) -> any CELAuthorizer { self }
    }

    private func spec(_ json: String) throws -> Object {
        let type = try #require(
            Schema.builtin.type(named: "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy"))
        let text = """
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","spec":\(json)}
            """
        return try #require(try JSONDecoder.decode(Array(text.utf8), as: type).object.part("spec"))
    }

    /// The fields of expressions that are refused.
    private func faults(_ json: String) throws -> [String] {
        let type = try #require(
            Schema.builtin.type(named: "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy"))
        var object = Object(type: type)
        object[field: "spec"] = .object(try spec(json))
        let kind = try #require(type.kind)
        let strategy = Strategies.strategy(for: kind, compiler: KubernetesExpressions())
        return strategy.validate(object).map(\.field).filter { $0.hasSuffix("xpression") }
    }

    private func evaluate(_ json: String) throws -> AdmissionPolicy.Result {
        let pod = Pod { $0.metadata.name = "a" }
        let request = Value.map(Map(unsorted: [.init(key: "operation", value: .string("CREATE"))]))
        let input = PolicyInput(
            object: pod.object, oldObject: nil, request: request, namespace: nil, params: nil, authorizer: Nobody(),
            resource: CELAuthorizationRequest())
        return AdmissionPolicy(try spec(json)).evaluate(input)
    }

    @Test func anErrorIsARefusalUnlessThePolicyFailsOpen() throws {
        let rule = #""validations":[{"expression":"object.spec.nowhere == 1"}]"#
        #expect(try evaluate("{\(rule)}").decisions.map(\.isDenied) == [true])
        #expect(try evaluate(#"{"failurePolicy":"Ignore",\#(rule)}"#).decisions.map(\.isDenied) == [false])
    }

    @Test func theOldObjectOfACreationIsNullAndTheAuthorizerIsAsked() throws {
        let json = """
            {"validations":[{"expression":"oldObject == null && request.operation == 'CREATE'"},\
            {"expression":"authorizer.requestResource.check('get').allowed()"}]}
            """
        #expect(try evaluate(json).decisions.map(\.isDenied) == [false, true])
    }

    @Test func aVariableKnowsOnlyThoseBeforeIt() throws {
        let good = #"{"variables":[{"name":"a","expression":"1"},{"name":"b","expression":"variables.a + 1"}]}"#
        #expect(try faults(good).isEmpty)
        let bad = #"{"variables":[{"name":"a","expression":"variables.b"},{"name":"b","expression":"1"}]}"#
        #expect(try faults(bad) == ["spec.variables[0].expression"])
    }

    @Test func aRuleMustBeABoolAndItsMessageAText() throws {
        let json = #"{"validations":[{"expression":"1","messageExpression":"2"}]}"#
        #expect(
            try faults(json) == [
                "spec.validations[0].expression", "spec.validations[0].messageExpression",
            ])
    }

    @Test func aPolicyMatchesOtherVersionsUnlessItSaysExact() throws {
        let place = PolicyMatching.Place(group: "apps", version: "v1beta1", plural: "deployments")
        let other = PolicyMatching.Place(group: "apps", version: "v1", plural: "deployments")
        let request = PolicyMatching(
            place: place, equivalents: [other], subresource: "", name: "d", operation: "CREATE", isNamespaced: true,
            namespaceLabels: Map(), objectLabels: [Map()])
        func constraints(_ more: String) throws -> Object? {
            try spec(
                """
                {"matchConstraints":{\(more)"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],\
                "operations":["*"],"resources":["deployments"]}]}}
                """
            ).part("matchConstraints")
        }
        #expect(request.match(try constraints("")) == other)
        #expect(request.match(try constraints(#""matchPolicy":"Exact","#)) == nil)
        #expect(
            request.match(try constraints(#""objectSelector":{"matchLabels":{"a":"b"}},"#)) == nil)
    }
}
