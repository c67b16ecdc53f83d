import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Testing

/// What ValidatingAdmissionPolicies do to writes.
@Suite struct PolicyAdmissionTests {
    private func make(_ json: String, in cluster: TestCluster, notes: RequestNotes? = nil) throws -> Object {
        let meta = try JSONDecoder.typeMeta(of: Array(json.utf8))
        let type = try #require(Schema.builtin.type(named: "\(meta.apiVersion ?? "").\(meta.kind ?? "")"))
        let object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        let kind = try #require(type.kind)
        var request = APIRequest(
            .create, ResourceName(kind, namespace: kind.isNamespaced ? "shop" : nil), object: object)
        request.notes = notes
        return try cluster.send(request)
    }

    private func policy(_ spec: String, name: String = "p") -> String {
        """
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"\(name)"},\
        "spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],\
        "resources":["deployments"]}]},\(spec)}}
        """
    }

    private func binding(_ more: String = "", actions: String = #"["Deny"]"#) -> String {
        """
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicyBinding","metadata":{"name":"b"},\
        "spec":{"policyName":"p","validationActions":\(actions)\(more)}}
        """
    }

    private func deployment(_ replicas: Int, name: String = "d") -> String {
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\(name)"},"spec":{"replicas":\(replicas),\
        "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},\
        "spec":{"containers":[{"name":"c","image":"i:1"}]}}}}
        """
    }

    @Test func aRefusalNamesPolicyBindingExpressionAndValue() throws {
        let cluster = try TestCluster()
        _ = try make(policy(#""validations":[{"expression":"object.spec.replicas <= 5"}]"#), in: cluster)
        _ = try make(deployment(7, name: "unbound"), in: cluster)
        _ = try make(binding(), in: cluster)
        _ = try make(deployment(5), in: cluster)
        let error = #expect(throws: APIError.self) { try make(deployment(7, name: "e"), in: cluster) }
        #expect(error?.code == 422)
        #expect(error?.reason == "Invalid")
        #expect(error?.causes.count == 1)
        #expect(
            error?.message == """
                deployments.apps "e" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: \
                failed expression: object.spec.replicas <= 5 (spec.validations[0] is false: object.spec.replicas <= 5; \
                object.spec.replicas is 7)
                """)
    }

    @Test func variablesConditionsMessagesAndReasonsAreHeeded() throws {
        let cluster = try TestCluster()
        _ = try make(
            policy(
                #""matchConditions":[{"name":"c","expression":"object.metadata.name != 'spared'"}],"#
                    + #""variables":[{"name":"n","expression":"object.spec.replicas"},{"name":"big","expression":"variables.n > 5"}],"#
                    + #""validations":[{"expression":"!variables.big","messageExpression":"'got ' + string(variables.n) + ' in ' + namespaceObject.metadata.name","reason":"Forbidden"}]"#
            ), in: cluster)
        _ = try make(binding(), in: cluster)
        _ = try make(deployment(7, name: "spared"), in: cluster)
        let error = #expect(throws: APIError.self) { try make(deployment(7), in: cluster) }
        #expect(error?.code == 403)
        #expect(error?.message.contains("denied request: got 7 in shop") == true)
    }

    @Test func warningsAndAuditAnnotationsLetPass() throws {
        let cluster = try TestCluster()
        _ = try make(
            policy(
                #""validations":[{"expression":"object.spec.replicas <= 5","message":"too many"}],"#
                    + #""auditAnnotations":[{"key":"k","valueExpression":"'n=' + string(object.spec.replicas)"}]"#
            ), in: cluster)
        _ = try make(binding(actions: #"["Warn","Audit"]"#), in: cluster)
        let notes = RequestNotes()
        _ = try make(deployment(7), in: cluster, notes: notes)
        #expect(
            notes.warnings == [
                "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': too many"
            ])
        #expect(notes.annotations["p/k"] == "n=7")
        #expect(notes.annotations["validation.policy.admission.k8s.io/validation_failure"] != nil)
    }

    @Test func parametersAreReadFromTheObjectThatTheBindingNames() throws {
        let cluster = try TestCluster()
        _ = try make(
            policy(
                #""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"#
                    + #""validations":[{"expression":"object.spec.replicas <= int(params.data.max)"}]"#), in: cluster)
        _ = try make(
            binding(#","paramRef":{"name":"m","namespace":"shop","parameterNotFoundAction":"Deny"}"#), in: cluster)
        let missing = #expect(throws: APIError.self) { try make(deployment(1), in: cluster) }
        #expect(missing?.message.contains("no params found") == true)
        _ = try make(
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"max":"3"}}"#, in: cluster)
        _ = try make(deployment(3), in: cluster)
        #expect(throws: APIError.self) { try make(deployment(4, name: "e"), in: cluster) }
    }

    @Test func whatDoesNotCompileIsRefusedAndWhatIsDoubtfulIsShown() throws {
        let cluster = try TestCluster()
        let error = #expect(throws: APIError.self) {
            try make(policy(#""validations":[{"expression":"object.spec.replicas >"}]"#), in: cluster)
        }
        #expect(error?.code == 422)
        #expect(error?.causes.map(\.field) == ["spec.validations[0].expression"])
        _ = try make(
            policy(
                #""validations":[{"expression":"object.spec.replicas > '1'","messageExpression":"'got ' + object.spec.replicas"},"#
                    + #"{"expression":"object.spec.maxRetries < 10"}]"#), in: cluster)
        let name = ResourceName(
            group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicies", name: "p")
        func stored() -> Object? { cluster.registry.stored(name)?.object }
        _ = cluster.runtime.run(until: cluster.runtime.monotonic() + .seconds(10)) {
            stored()?.value(at: ".status.observedGeneration") == .int(1)
        }
        let found = stored()?.part("status")?.part("typeChecking")?.parts("expressionWarnings") ?? []
        let warnings = found.map { ($0.text("fieldRef"), $0.text("warning")) }
        #expect(
            warnings.map(\.0) == [
                "spec.validations[0].expression", "spec.validations[0].messageExpression",
                "spec.validations[1].expression",
            ])
        #expect(warnings.first?.1.contains("found no matching overload for '_>_' applied to '(int, string)'") == true)
        #expect(warnings.last?.1.contains("undefined field 'maxRetries'") == true)
    }

    @Test func whoConnectsToAPodIsHeldAgainstWhatItAsksFor() throws {
        let cluster = try TestCluster()
        let json = """
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingAdmissionPolicy","metadata":{"name":"p"},\
            "spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CONNECT"],\
            "resources":["pods/exec"]}]},"validations":[{"expression":"!object.stdin && object.command[0] == 'ls' && \
            object.kind == 'PodExecOptions' && oldObject == null && request.operation == 'CONNECT' && request.name == 'a'"}]}}
            """
        _ = try make(json, in: cluster)
        _ = try make(binding(), in: cluster)
        let pod = Pod { $0.metadata.name = "a" }
        var name = ResourceName(version: "v1", plural: "pods", namespace: "shop", name: "a")
        func refusal(_ query: [String: [String]]) -> APIError? {
            cluster.registry.connectRefusal(name, pod: pod.object, .admin) { query[$0] ?? [] }
        }
        name.subresource = "exec"
        #expect(refusal(["command": ["ls", "/"], "stdin": ["false"]]) == nil)
        #expect(refusal(["command": ["ls"], "stdin": ["true"]])?.code == 422)
        #expect(refusal(["command": ["sh"]])?.message.contains("denied request") == true)
        name.subresource = "portforward"
        #expect(refusal([:]) == nil)
    }

    @Test func theAuthorizerAnswersForPathsAndTheCallerIsWhole() throws {
        let cluster = try TestCluster()
        _ = try make(
            policy(
                #""validations":[{"expression":"authorizer.path('/healthz').check('get').allowed() && "#
                    + #"request.userInfo.extra['k'][0] == 'v'"}]"#), in: cluster)
        _ = try make(binding(), in: cluster)
        func send(_ groups: [String], _ extra: [String: [String]], _ name: String) throws {
            let kind = try #require(Deployment.type.kind)
            let object = try JSONDecoder.decode(Array(deployment(1, name: name).utf8), as: kind.type).object
            _ = try cluster.send(
                APIRequest(.create, ResourceName(kind, namespace: "shop"), object: object),
                as: Identity(user: "u", groups: groups, extra: extra))
        }
        try send(["system:masters"], ["k": ["v"]], "a")
        #expect(throws: APIError.self) { try send(["system:masters"], ["k": ["w"]], "b") }
        #expect(throws: APIError.self) { try send(["system:masters"], [:], "c") }
    }
}
