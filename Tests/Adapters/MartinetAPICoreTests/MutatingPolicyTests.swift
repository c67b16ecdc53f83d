import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Testing

/// What MutatingAdmissionPolicies do to writes.
@Suite struct MutatingPolicyTests {
    private let cluster: TestCluster
    init() throws { cluster = try TestCluster() }

    @discardableResult
    private func make(_ json: String, _ verb: APIRequest.Verb = .create, name: String? = nil) throws -> Object {
        let meta = try JSONDecoder.typeMeta(of: Array(json.utf8))
        let kind = try #require(
            cluster.registry.served.all.first { $0.kind.apiVersion == meta.apiVersion && $0.kind.name == meta.kind }?
                .kind)
        let object = try JSONDecoder.decode(Array(json.utf8), as: kind.type).object
        let resource = ResourceName(kind, namespace: kind.isNamespaced ? "shop" : nil, name: name)
        return try cluster.send(APIRequest(verb, resource, object: object))
    }

    private func configuration(_ expression: String) -> String {
        #"{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"\#(expression)"}}"#
    }

    private func patch(_ expression: String) -> String {
        #"{"patchType":"JSONPatch","jsonPatch":{"expression":"\#(expression)"}}"#
    }

    /// A policy with its binding.
    private func policy(
        _ mutations: String..., name: String = "p", more: String = "", reinvoked: String = "Never",
        rule: String =
            #""apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["deployments"]"#,
        binding: String = ""
    ) throws {
        try make(
            """
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingAdmissionPolicy","metadata":{"name":"\(name)"},\
            "spec":{"matchConstraints":{"resourceRules":[{\(rule)}]},"reinvocationPolicy":"\(reinvoked)",\(more)\
            "mutations":[\(mutations.joined(separator: ","))]}}
            """)
        try make(
            """
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingAdmissionPolicyBinding",\
            "metadata":{"name":"\(name)"},"spec":{"policyName":"\(name)"\(binding)}}
            """)
    }

    private func json(_ replicas: Int = 1, name: String = "d", container: String = "") -> String {
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\(name)"},"spec":{"replicas":\(replicas),\
        "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},\
        "spec":{"containers":[{"name":"c","image":"i:1"\(container)}]}}}}
        """
    }

    private func deployment(_ replicas: Int = 1, name: String = "d", container: String = "") throws -> Deployment {
        Deployment(object: try make(json(replicas, name: name, container: container)))
    }

    private func refusal(_ replicas: Int = 1) -> APIError? {
        #expect(throws: APIError.self) { try deployment(replicas) }
    }

    // MARK: - Configurations

    @Test func aConfigurationIsMergedAndNobodyOwnsWhatItAdds() throws {
        try policy(
            configuration("Object{spec: Object.spec{replicas: 1337}}"),
            configuration("Object{metadata: Object.metadata{annotations: {'mutated-by': 'admission-policy'}}}"))
        let made = try deployment()
        #expect(made.spec.replicas == 1337)
        #expect(made.metadata.annotations["mutated-by"] == "admission-policy")
        let owned = String(decoding: JSONEncoder.encode(made.object), as: UTF8.self)
        #expect(!owned.contains("f:mutated-by"))
        try cluster.send(cluster.request(.delete, Deployment.self, "shop", "d"))
        // A policy without a binding, or one that is gone, does nothing.
        try cluster.send(
            APIRequest(
                .delete,
                ResourceName(
                    group: "admissionregistration.k8s.io", version: "v1", plural: "mutatingadmissionpolicybindings",
                    name: "p")))
        #expect(try deployment(name: "e").spec.replicas == 1)
    }

    @Test func elementsOfListsAreFoundByTheirKeysAndFilledWithDefaults() throws {
        let spec = "Object.spec.template.spec"
        try policy(
            configuration(
                "Object{spec: Object.spec{template: Object.spec.template{spec: \(spec){containers: ["
                    + "\(spec).containers{name: 'c', env: [\(spec).containers.env{name: 'E', value: string(object.spec.replicas)}]}, "
                    + "\(spec).containers{name: 'side', image: 'side:2'}]}}}}"))
        let containers = try deployment(3, container: #","env":[{"name":"F","value":"1"}]"#).spec.template.spec
            .containers
        #expect(containers.map(\.name) == ["c", "side"])
        #expect(containers.first?.env.map(\.name).sorted() == ["E", "F"])
        #expect(containers.first?.env.first { $0.name == "E" }?.value == "3")
        #expect(containers.last?.terminationMessagePath == "/dev/termination-log")
        #expect(containers.last?.imagePullPolicy == "IfNotPresent")
    }

    @Test(arguments: [
        ("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'x': 'y'}}}}", "atomic"),
        ("Object{spec: Object.spec{nothing: 1}}", "not declared in schema"),
        ("Object{spec: Object.spec{replicas: 'many'}}", "expected"),
        ("Object{spec: Object.spec{template: Object.spec.wrong{}}}", "unexpected type name"),
        ("Object{spec: Object.spec{replicas: object.spec.nowhere}}", "no such key"),
        ("Object{spec: Object.spec{replicas: 1 / (object.spec.replicas - 1)}}", "division by zero"),
        ("Object{metadata: Object.metadata{annotations: {'a': 1}}}", "expected"),
    ])
    func aBrokenConfigurationRefusesTheRequestUnlessThePolicyFailsOpen(expression: String, word: String) throws {
        try policy(configuration(expression), more: #""failurePolicy":"Ignore","#)
        #expect(try deployment(name: "open").spec.replicas == 1)
        try policy(configuration(expression), name: "q")
        let error = refusal()
        #expect(error?.code == 403)
        #expect(error?.reason == "Invalid")
        #expect(error?.message.hasPrefix("policy 'q' with binding 'q' denied request: ") == true)
        #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }

    // MARK: - Patches

    @Test func aPatchIsAppliedWithEscapedKeysAndWhatATestRefusesIsLeft() throws {
        try policy(
            patch(
                "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'x': 'y'}}, "
                    + "JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('example.com/ab'), value: 'z'},"
                    + "JSONPatch{op: 'copy', from: '/metadata/labels/x', path: '/metadata/labels/w'}]"),
            patch(
                "[JSONPatch{op: 'test', path: '/spec/replicas', value: 5}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 6}]"
            ),
            patch(
                "[JSONPatch{op: 'add', path: '/spec/template/spec/tolerations', value: [Object.spec.template.spec.tolerations{key: 'k', operator: 'Exists'}]}]"
            ))
        let made = try deployment()
        #expect(made.metadata.labels["example.com/ab"] == "z")
        #expect(made.metadata.labels["w"] == "y")
        #expect(made.spec.replicas == 1)
        #expect(made.spec.template.spec.tolerations.map(\.key) == ["k"])
        #expect(try deployment(5, name: "five").spec.replicas == 6)
    }

    @Test(arguments: [
        "[JSONPatch{op: 'replace', path: '/spec/nothing/at', value: 1}]",
        "[JSONPatch{op: 'add', path: '/spec/unknown', value: 1}]",
        "[JSONPatch{op: 'replace', path: '/kind', value: 'Other'}]",
        "[JSONPatch{op: 'replace', path: '', value: 1}]", "[JSONPatch{op: 'jump', path: '/spec/replicas'}]",
        "[JSONPatch{path: '/spec/replicas', value: 1}]",
        "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 1.5}]",
        "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a': ip('10.0.0.1')}}]",
    ])
    func aBrokenPatchRefusesTheRequest(expression: String) throws {
        try policy(patch(expression))
        #expect(refusal()?.code == 403)
    }

    @Test func whatAMutationMakesIsHeldAgainstTheRulesOfItsKind() throws {
        try policy(configuration("Object{spec: Object.spec{replicas: -1}}"))
        let error = refusal()
        #expect(error?.code == 422)
        #expect(error?.causes.map(\.field) == ["spec.replicas"])
    }

    @Test func whatTheSystemWritesAPolicyCannotWrite() throws {
        try policy(
            patch(
                "[JSONPatch{op: 'replace', path: '/metadata/uid', value: 'mine'}, JSONPatch{op: 'replace', path: '/metadata/generation', value: 9}, "
                    + "JSONPatch{op: 'remove', path: '/metadata/creationTimestamp'}]"))
        let made = try deployment()
        #expect(made.metadata.uid != "mine")
        #expect(made.metadata.generation == 1)
        #expect(made.metadata.creationTimestamp != nil)
    }

    // MARK: - What it is about

    @Test func conditionsVariablesAndParametersAreHeeded() throws {
        try make(#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"n":"4"}}"#)
        try policy(
            configuration("Object{spec: Object.spec{replicas: variables.wanted}}"),
            configuration("Object{metadata: Object.metadata{labels: {'seen': string(variables.now)}}}"),
            more: #""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"#
                + #""matchConditions":[{"name":"c","expression":"object.metadata.name != 'spared'"}],"#
                + #""variables":[{"name":"n","expression":"int(params.data.n)"},{"name":"wanted","expression":"variables.n * 2"},"#
                + #"{"name":"now","expression":"object.spec.replicas"}],"#,
            binding: #","paramRef":{"name":"m","namespace":"shop","parameterNotFoundAction":"Deny"}"#)
        let made = try deployment()
        #expect(made.spec.replicas == 8)
        // Each mutation sees what the one before has made, through variables too.
        #expect(made.metadata.labels["seen"] == "8")
        #expect(try deployment(name: "spared").spec.replicas == 1)
    }

    @Test func missingParametersRefuseWhereTheBindingSaysSo() throws {
        try policy(
            configuration("Object{spec: Object.spec{replicas: 2}}"),
            more: #""paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"#,
            binding: #","paramRef":{"name":"m","parameterNotFoundAction":"Deny"}"#)
        let error = refusal()
        #expect(error?.reason == "Forbidden")
        #expect(error?.message.contains("no params found") == true)
    }

    @Test func anotherVersionOfAResourceIsMutatedInTheVersionThatThePolicyNames() throws {
        try policy(
            configuration("Object{spec: Object.spec{metrics: []}}"),
            configuration(
                "Object{spec: Object.spec{behavior: Object.spec.behavior{scaleDown: Object.spec.behavior.scaleDown{stabilizationWindowSeconds: 7}}}}"
            ), more: #""failurePolicy":"Ignore","#,
            rule:
                #""apiGroups":["autoscaling"],"apiVersions":["v2"],"operations":["*"],"resources":["horizontalpodautoscalers"]"#
        )
        let made = try make(
            """
            {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{"maxReplicas":3,\
            "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"targetCPUUtilizationPercentage":50}}
            """)
        #expect(made.type.kind?.version == "v1")
        let read = try cluster.send(
            APIRequest(
                .get,
                ResourceName(
                    group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers", namespace: "shop",
                    name: "h")))
        let seconds = read.part("spec")?.part("behavior")?.part("scaleDown")?[field: "stabilizationWindowSeconds"]
        #expect(seconds == .int(7))
    }

    @Test func customResourcesAreMergedByTheirSchemas() throws {
        try make(CustomResourceTests.definition)
        while cluster.runtime.step(until: cluster.runtime.monotonic() + .seconds(1)) {}
        try policy(
            configuration("Object{spec: Object.spec{song: 'quack', wings: object.spec.wings}}"),
            rule: #""apiGroups":["example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["birds"]"#)
        let made = try make(
            #"{"apiVersion":"example.com/v1","kind":"Bird","metadata":{"name":"duck"},"spec":{"wings":2}}"#)
        #expect(String(decoding: JSONEncoder.encode(made), as: UTF8.self).contains(#""song":"quack""#))
    }

    @Test func policiesAreNeverMutated() throws {
        try policy(
            configuration("Object{metadata: Object.metadata{labels: {'a': 'b'}}}"),
            rule: #""apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*"]"#)
        try policy(configuration("Object{spec: Object.spec{replicas: 1}}"), name: "q")
        let stored = cluster.registry.stored(
            ResourceName(
                group: "admissionregistration.k8s.io", version: "v1", plural: "mutatingadmissionpolicies", name: "q"))
        #expect(stored?.object.metadata.labels.isEmpty == true)
    }

    @Test func policiesOfOlderVersionsWorkLikeThoseOfTheStableOne() throws {
        let cluster = try TestCluster(runtimeConfig: RuntimeConfig(["api/all=true"]))
        for version in ["v1beta1", "v1alpha1"] {
            let group = "\"apiVersion\":\"admissionregistration.k8s.io/\(version)\""
            for json in [
                """
                {\(group),"kind":"MutatingAdmissionPolicy","metadata":{"name":"\(version)"},"spec":{"matchConstraints":\
                {"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["deployments"]}]},\
                "reinvocationPolicy":"Never","mutations":[\(patch("[JSONPatch{op: 'add', path: '/metadata/labels', value: {'from': '\(version)'}}]"))]}}
                """,
                """
                {\(group),"kind":"MutatingAdmissionPolicyBinding","metadata":{"name":"b"},"spec":{"policyName":"\(version)"}}
                """,
            ] {
                let meta = try JSONDecoder.typeMeta(of: Array(json.utf8))
                let kind = try #require(
                    cluster.registry.served.all.first {
                        $0.kind.apiVersion == meta.apiVersion && $0.kind.name == meta.kind
                    }?.kind)
                let object = try JSONDecoder.decode(Array(json.utf8), as: kind.type).object
                let name = ResourceName(kind, name: object.metadata.name)
                var creation = APIRequest(.create, name, object: object)
                creation.resource.name = nil
                if cluster.registry.stored(name) != nil { try cluster.send(APIRequest(.delete, name)) }
                try cluster.send(creation)
            }
            let kind = try #require(Deployment.type.kind)
            let object = try JSONDecoder.decode(Array(self.json(name: version).utf8), as: kind.type).object
            let made = try cluster.send(APIRequest(.create, ResourceName(kind, namespace: "shop"), object: object))
            #expect(made.metadata.labels["from"] == version)
        }
    }

    // MARK: - Order

    @Test func aPolicyRunsAgainAfterALaterChangeIfItWants() throws {
        let counting = """
            Object{metadata: Object.metadata{annotations: {'seen': string(object.spec.replicas), 'runs': \
            string(int(object.metadata.?annotations[?'runs'].orValue('0')) + 1)}}}
            """
        try policy(configuration(counting), name: "a", reinvoked: "IfNeeded")
        try policy(configuration("Object{spec: Object.spec{replicas: object.spec.replicas + 1}}"), name: "b")
        let made = try deployment()
        #expect(made.spec.replicas == 2, "who does not ask for it runs once")
        #expect(made.metadata.annotations["seen"] == "2")
        #expect(made.metadata.annotations["runs"] == "2", "there is no third time")
    }

    @Test func builtInPluginsAddToAPodOnceThoughTheySeeItTwice() throws {
        try make(#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}"#)
        try make(
            #"{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","default":{"cpu":"1"}}]}}"#
        )
        let side = "Object.spec.containers{name: 'side', image: 'side:1'}"
        try policy(
            configuration("Object{spec: Object.spec{containers: [\(side)]}}"), reinvoked: "IfNeeded",
            rule: #""apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]"#)
        let pod = Pod(
            object: try make(
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i:1"}]}}"#
            ))
        #expect(pod.spec.containers.map(\.name) == ["c", "side"])
        #expect(pod.spec.volumes.count == 1)
        #expect(pod.spec.tolerations.count == 2)
        for container in pod.spec.containers {
            #expect(container.volumeMounts.count == 1, "of a container that came later too")
            #expect(container.resources.limits["cpu"]?.description == "1")
        }
    }

    @Test func theGenerationCountsWhatAPolicyChangesInAnUpdate() throws {
        let made = try deployment()
        try policy(configuration("Object{spec: Object.spec{replicas: 9}}"))
        var changed = made
        changed.metadata.labels["x"] = "y"
        let answer = Deployment(
            object: try cluster.send(
                APIRequest(
                    .update, ResourceName(Deployment.type.kind!, namespace: "shop", name: "d"),
                    object: changed.object)))
        #expect(answer.spec.replicas == 9)
        #expect(answer.metadata.generation == 2)
    }

    @Test func anUpdateOfStatusKeepsItsLimits() throws {
        let made = try deployment()
        try policy(
            configuration("Object{spec: Object.spec{replicas: 9}}"),
            rule: #""apiGroups":["apps"],"apiVersions":["v1"],"operations":["*"],"resources":["deployments/status"]"#)
        var name = ResourceName(Deployment.type.kind!, namespace: "shop", name: "d")
        name.subresource = "status"
        var changed = made
        changed.status.observedGeneration = 1
        let answer = Deployment(object: try cluster.send(APIRequest(.update, name, object: changed.object)))
        #expect(answer.spec.replicas == 1)
        #expect(answer.metadata.generation == 1)
    }

    @Test func whatDoesNotCompileIsRefused() throws {
        for expression in ["Object{", "1", "JSONPatch{op: 'add'}", "[Object{}]", "nothing"] {
            let error = #expect(throws: APIError.self) { try policy(configuration(expression)) }
            #expect(error?.causes.map(\.field) == ["spec.mutations[0].applyConfiguration.expression"])
        }
        let error = #expect(throws: APIError.self) { try policy(patch("[]")) }
        #expect(error?.causes.map(\.field) == ["spec.mutations[0].jsonPatch.expression"])
    }

    @Test func expressionsThatGrowWithoutBoundAreStopped() throws {
        let doubling = (1...24).map {
            #"{"name":"v\#($0)","expression":"[variables.v\#($0 - 1), variables.v\#($0 - 1)]"}"#
        }
        try policy(
            patch("[JSONPatch{op: 'add', path: '/metadata/annotations', value: variables.v24}]"),
            more: #""variables":[{"name":"v0","expression":"'0123456789'"},"# + doubling.joined(separator: ",") + "],")
        #expect(refusal()?.message.contains("larger than") == true)
    }
}
