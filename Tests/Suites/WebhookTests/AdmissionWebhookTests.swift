import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
import Testing

/// Source of what is expected: apiserver's admission/plugin/webhook and its tests, v1.36.
@Suite struct AdmissionWebhookTests {
    let cluster: WebhookCluster
    var hooks: FakeWebhooks { cluster.hooks }

    init() throws { cluster = try WebhookCluster() }

    @Test func aRefusalHasTheWebhooksWords() throws {
        hooks.answer("/deny") { request in
            request["name"].text == "plain"
                ? #""allowed":false"#
                : #""allowed":false,"status":{"code":402,"reason":"Payment","message":"pay first"}"#
        }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/deny"))
        let refusal = try #require(try cluster.refusal(.create, cluster.name("configmaps"), cluster.configMap("x")))
        #expect(refusal.code == 402)
        #expect(refusal.reason == "Payment")
        #expect(refusal.message == #"admission webhook "deny.example.com" denied the request: pay first"#)
        let plain = try #require(try cluster.refusal(.create, cluster.name("configmaps"), cluster.configMap("plain")))
        #expect(plain.code == 400)
        #expect(
            plain.message == #"admission webhook "deny.example.com" denied the request without explanation"#)
        // What no rule names goes its way.
        _ = try cluster.send(.create, cluster.name("secrets"), #"{"metadata":{"name":"s"}}"#)
        #expect(hooks.requests.count == 2)
    }

    @Test func aReviewSaysWhatIsAsked() throws {
        hooks.answer("/look") { _ in #""allowed":true"# }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/look"))
        let maps = cluster.name("configmaps")
        let map = cluster.name("configmaps", "x")
        _ = try cluster.send(.create, maps, cluster.configMap("x"))
        _ = try cluster.send(.patch, map, #"{"data":{"a":"c"}}"#) { $0.options.fieldManager = "me" }
        _ = try cluster.send(.delete, map)
        let asked = hooks.requests("/look")
        try #require(asked.count == 3)
        #expect(asked.map { $0["operation"].text } == ["CREATE", "UPDATE", "DELETE"])
        #expect(asked.map { $0["options"]["kind"].text } == ["CreateOptions", "PatchOptions", "DeleteOptions"])
        #expect(asked[1]["options"]["fieldManager"].text == "me")
        #expect(asked[0]["kind"]["kind"].text == "ConfigMap")
        #expect(asked[0]["resource"]["resource"].text == "configmaps")
        #expect(asked[0]["namespace"].text == "a")
        #expect(asked[0]["userInfo"]["username"].text == "kubernetes-admin")
        #expect(asked[0]["object"]["apiVersion"].text == "v1")
        #expect(asked[0]["oldObject"] == .null)
        #expect(asked[1]["oldObject"]["data"]["a"].text == "b")
        #expect(asked[1]["object"]["data"]["a"].text == "c")
        #expect(asked[2]["object"] == .null)
        #expect(asked[2]["oldObject"]["data"]["a"].text == "c")
    }

    @Test func everyObjectOfACollectionIsAskedAbout() throws {
        for name in ["x", "y", "z"] {
            _ = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap(name))
        }
        hooks.answer("/keep") { request in
            #""allowed":\#(request["oldObject"]["metadata"]["name"].text != "y")"#
        }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/keep"))
        let refusal = try cluster.refusal(.deletecollection, cluster.name("configmaps"))
        #expect(refusal?.message.contains("denied the request") == true)
        #expect(hooks.requests("/keep").contains { $0["name"].text == "y" })
        #expect(try cluster.send(.get, cluster.name("configmaps", "y"))["data"]["a"].text == "b")
    }

    @Test func aPatchGetsDefaultsAndCannotChangeWhatTheSystemOwns() throws {
        hooks.answer("/pods") { _ in
            WebhookCluster.patch(
                #"[{"op":"add","path":"/spec/initContainers","value":[{"name":"i","image":"i"}]},{"op":"add","path":"/metadata/uid","value":"mine"},{"op":"add","path":"/status","value":{"phase":"Failed"}}]"#
            )
        }
        let rule = #"{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}"#
        try cluster.register(.mutating, "hooks", WebhookCluster.webhook("/pods", rule: rule))
        _ = try cluster.send(.create, cluster.name("serviceaccounts"), #"{"metadata":{"name":"default"}}"#)
        let pod = try cluster.send(
            .create, cluster.name("pods"),
            #"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"c"}]}}"#)
        #expect(pod["spec"]["initContainers"][0]["terminationMessagePolicy"].text == "File")
        #expect(pod["spec"]["initContainers"][0]["imagePullPolicy"].text == "Always")
        #expect(pod["metadata"]["uid"].text.count == 36)
        #expect(pod["status"]["phase"].text == "Pending")
    }

    @Test func anUpdatesPatchCountsAsAChange() throws {
        let rule = #"{"operations":["UPDATE"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"]}"#
        hooks.answer("/more") { _ in
            WebhookCluster.patch(#"[{"op":"replace","path":"/spec/replicas","value":7}]"#)
        }
        try cluster.register(.mutating, "hooks", WebhookCluster.webhook("/more", rule: rule))
        let spec =
            #""spec":{"selector":{"matchLabels":{"x":"y"}},"template":{"metadata":{"labels":{"x":"y"}},"spec":{"containers":[{"name":"c","image":"c"}]}}}"#
        let all = cluster.name("deployments", group: "apps")
        _ = try cluster.send(.create, all, #"{"metadata":{"name":"d"},\#(spec)}"#)
        var one = all
        one.name = "d"
        let changed = try cluster.send(.patch, one, #"{"metadata":{"labels":{"a":"b"}}}"#)
        #expect(changed["spec"]["replicas"].int == 7)
        #expect(changed["metadata"]["generation"].int == 2)
    }

    @Test func webhooksAreAskedAgainWhereOthersHaveChangedTheObject() throws {
        hooks.answer("/first") { request in
            request["object"]["data"]["second"] == .null
                ? WebhookCluster.patch(#"[{"op":"add","path":"/data/first","value":"1"}]"#)
                : WebhookCluster.patch(#"[{"op":"add","path":"/data/first","value":"again"}]"#)
        }
        hooks.answer("/second") { request in
            request["object"]["data"]["second"] == .null
                ? WebhookCluster.patch(#"[{"op":"add","path":"/data/second","value":"2"}]"#) : #""allowed":true"#
        }
        try cluster.register(
            .mutating, "b", WebhookCluster.webhook("/second", #","reinvocationPolicy":"IfNeeded""#))
        try cluster.register(.mutating, "a", WebhookCluster.webhook("/first", #","reinvocationPolicy":"IfNeeded""#))
        let made = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap("x"))
        #expect(made["data"]["first"].text == "again")
        #expect(made["data"]["second"].text == "2")
        #expect(hooks.requests.map(\.path) == ["/first", "/second", "/first", "/second"])
    }

    @Test func aWebhookThatIsNotToBeAskedAgainIsNot() throws {
        hooks.answer("/first") { _ in #""allowed":true"# }
        hooks.answer("/second") { _ in WebhookCluster.patch(#"[{"op":"add","path":"/data/second","value":"2"}]"#) }
        try cluster.register(
            .mutating, "hooks", WebhookCluster.webhook("/first"), WebhookCluster.webhook("/second"))
        _ = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap("x"))
        #expect(hooks.requests.map(\.path) == ["/first", "/second"])
    }

    @Test(
        arguments: [
            (nil, "failed to call webhook: Post \"https://hooks.example.com/bad?timeout=10s\": connection refused"),
            ("{", "failed to call webhook: couldn't get a review"),
            ("{}", "received invalid webhook response: webhook response was absent"),
            (
                #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"x","allowed":true}}"#,
                "received invalid webhook response: expected response.uid=\""
            ),
            (
                #"{"response":{"uid":"UID","allowed":true}}"#,
                "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind="
            ),
            (
                #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"UID","allowed":true,"patch":"e30="}}"#,
                "validating webhook may not return response.patch"
            ),
        ] as [(String?, String)])
    func whatIsNoAnswerIsA500OrNothing(answer: String?, expected: String) throws {
        let cluster = self.cluster
        hooks.on("/bad") { _, request in answer?.replacing("UID", with: request["uid"].text) }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/bad"))
        let refusal = try #require(try cluster.refusal(.create, cluster.name("configmaps"), cluster.configMap("x")))
        #expect(refusal.code == 500)
        #expect(refusal.reason == "InternalError")
        #expect(
            refusal.message.hasPrefix("Internal error occurred: failed calling webhook \"bad.example.com\": "),
            "\(refusal.message)")
        #expect(refusal.message.contains(expected), "\(refusal.message)")
        let resource = cluster.name(
            "validatingwebhookconfigurations", group: "admissionregistration.k8s.io", namespace: nil, "hooks")
        _ = try cluster.send(.delete, resource)
        try cluster.register(.validating, "open", WebhookCluster.webhook("/bad", #","failurePolicy":"Ignore""#))
        let notes = RequestNotes()
        _ = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap("x")) { $0.notes = notes }
        #expect(
            notes.annotations["failed-open.validating.webhook.admission.k8s.io/round_0_index_0"] == "bad.example.com")
    }

    @Test func dryRunsAskHarmlessWebhooksOnly() throws {
        hooks.answer("/effects") { request in #""allowed":\#(request["dryRun"] == .bool(true))"# }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/effects"))
        let maps = cluster.name("configmaps")
        _ = try cluster.send(.create, maps, cluster.configMap("x")) { $0.options.dryRun = true }
        #expect(hooks.requests.count == 1)
    }

    @Test func aWarningAndAnAuditAnnotationReachTheCaller() throws {
        hooks.answer("/warn") { _ in #""allowed":true,"warnings":["careful"],"auditAnnotations":{"k":"v"}"# }
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/warn"))
        let notes = RequestNotes()
        _ = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap("x")) { $0.notes = notes }
        #expect(notes.warnings == ["careful"])
        #expect(notes.annotations["warn.example.com/k"] == "v")
    }

    @Test func aWebhookSeesTheVersionThatItKnows() throws {
        hooks.answer("/old") { request in
            #expect(request["object"]["apiVersion"].text == "autoscaling/v1")
            #expect(request["kind"]["version"].text == "v1")
            #expect(request["requestKind"]["version"].text == "v2")
            return WebhookCluster.patch(#"[{"op":"replace","path":"/spec/maxReplicas","value":9}]"#)
        }
        let rule =
            #"{"operations":["CREATE"],"apiGroups":["autoscaling"],"apiVersions":["v1"],"resources":["horizontalpodautoscalers"]}"#
        try cluster.register(
            .mutating, "hooks", WebhookCluster.webhook("/old", rule: rule),
            WebhookCluster.webhook("/exact", rule: rule, #","matchPolicy":"Exact""#))
        let made = try cluster.send(
            .create, cluster.name("horizontalpodautoscalers", group: "autoscaling", version: "v2"),
            #"{"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d","apiVersion":"apps/v1"},"maxReplicas":3}}"#
        )
        #expect(made["spec"]["maxReplicas"].int == 9)
        #expect(hooks.requests.map(\.path) == ["/old"])
    }

    @Test func selectorsAndConditionsChoose() throws {
        hooks.answer("/w") { _ in #""allowed":false"# }
        try cluster.register(
            .validating, "hooks",
            WebhookCluster.webhook(
                "/w",
                #","namespaceSelector":{"matchLabels":{"team":"red"}},"objectSelector":{"matchExpressions":[{"key":"skip","operator":"DoesNotExist"}]},"matchConditions":[{"name":"c","expression":"object.metadata.name != 'free'"}]"#
            ))
        let maps = cluster.name("configmaps")
        #expect(try cluster.refusal(.create, maps, cluster.configMap("x")) != nil)
        #expect(try cluster.refusal(.create, maps, cluster.configMap("free")) == nil)
        #expect(
            try cluster.refusal(.create, maps, #"{"metadata":{"name":"y","labels":{"skip":"1"}}}"#) == nil)
        _ = try cluster.send(.create, cluster.name("namespaces", namespace: nil), #"{"metadata":{"name":"b"}}"#)
        #expect(
            try cluster.refusal(.create, cluster.name("configmaps", namespace: "b"), cluster.configMap("x")) == nil)
    }

    @Test func aConditionThatDoesNotCompileIsRefused() throws {
        let resource = cluster.name(
            "mutatingwebhookconfigurations", group: "admissionregistration.k8s.io", namespace: nil)
        let hook = WebhookCluster.webhook("/w", #","matchConditions":[{"name":"c","expression":"nothing.at.all"}]"#)
        let refusal = try #require(
            try cluster.refusal(.create, resource, #"{"metadata":{"name":"h"},"webhooks":[\#(hook)]}"#))
        #expect(refusal.code == 422)
        #expect(refusal.message.contains("compilation failed"), "\(refusal.message)")
    }

    @Test func nobodyIsLockedOut() throws {
        let rule = #"{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*/*"]}"#
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/down", rule: rule))
        #expect(try cluster.refusal(.create, cluster.name("configmaps"), cluster.configMap("x"))?.code == 500)
        let resource = cluster.name(
            "validatingwebhookconfigurations", group: "admissionregistration.k8s.io", namespace: nil, "hooks")
        _ = try cluster.send(.delete, resource)
        _ = try cluster.send(.create, cluster.name("configmaps"), cluster.configMap("x"))
    }

    @Test func subresourcesAreSeenInTheirOwnForm() throws {
        _ = try cluster.send(.create, cluster.name("serviceaccounts"), #"{"metadata":{"name":"default"}}"#)
        _ = try cluster.send(
            .create, cluster.name("pods"),
            #"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"c"}]}}"#)
        hooks.answer("/sub") { _ in #""allowed":true"# }
        let rule =
            #"{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods/binding","pods/eviction","pods/exec"]}"#
        try cluster.register(.validating, "hooks", WebhookCluster.webhook("/sub", rule: rule))
        _ = try cluster.send(
            .create, cluster.name("pods", "p", subresource: "binding"),
            #"{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}}"#)
        let pod = try #require(cluster.registry.stored(cluster.name("pods", "p"))).object
        cluster.registry.connect(
            cluster.name("pods", "p", subresource: "exec"), pod: pod, .admin,
            parameters: { $0 == "command" ? ["ls", "-l"] : [] }
        ) { #expect($0 == nil) }
        cluster.settle()
        _ = try cluster.send(
            .create, cluster.name("pods", "p", subresource: "eviction"), #"{"metadata":{"name":"p"}}"#)
        let asked = hooks.requests("/sub")
        #expect(asked.map { $0["kind"]["kind"].text } == ["Binding", "PodExecOptions", "Eviction"])
        #expect(asked.map { $0["operation"].text } == ["CREATE", "CONNECT", "CREATE"])
        #expect(asked[1]["object"]["command"].items.map(\.text) == ["ls", "-l"])
        #expect(asked[1]["options"] == .null)
    }
}

extension AdmissionWebhookTests {
    @Test func aServiceLeadsToOneOfItsReadyEndpoints() throws {
        _ = try cluster.send(
            .create, cluster.name("services"),
            #"{"metadata":{"name":"hook"},"spec":{"ports":[{"name":"web","port":443,"targetPort":8443}]}}"#)
        _ = try cluster.send(
            .create, cluster.name("endpointslices", group: "discovery.k8s.io"),
            #"{"metadata":{"name":"hook-1","labels":{"kubernetes.io/service-name":"hook"}},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.5"],"conditions":{"ready":true}},{"addresses":["10.0.0.6"],"conditions":{"ready":false}}],"ports":[{"name":"web","port":8443}]}"#
        )
        let found = try cluster.registry.resolve(service: "hook", namespace: "a", port: 443)
        #expect(found == ServiceEndpoint(address: "10.0.0.5", port: 8443))
        let refusal = #expect(throws: APIError.self) {
            try cluster.registry.resolve(service: "hook", namespace: "a", port: 80)
        }
        #expect(refusal?.message == #"no service port 80 found for service "hook""#)
    }

    /// The figures are for a debug build: only how they compare counts.
    @Test func whatNoWebhookMatchesTakesThePathItTook() throws {
        func measure(_ plural: String) throws -> Duration {
            let clock = ContinuousClock()
            var best = Duration.seconds(1000)
            for _ in 0..<5 {
                let time = try clock.measure {
                    for number in 0..<100 {
                        _ = try cluster.send(.create, cluster.name(plural), #"{"metadata":{"name":"m\#(number)"}}"#) {
                            $0.options.dryRun = true
                        }
                    }
                }
                best = min(best, time)
            }
            return best / 100
        }
        _ = try measure("secrets")
        let none = try measure("secrets")
        hooks.answer("/any") { _ in #""allowed":true"# }
        try cluster.register(
            .validating, "hooks", WebhookCluster.webhook("/any"),
            WebhookCluster.webhook("/any2", "," + #""matchPolicy":"Exact""#))
        let other = try measure("secrets")
        hooks.answer("/any2") { _ in #""allowed":true"# }
        let matched = try measure("configmaps")
        print("a dry creation: no webhook \(none), none that matches \(other), two that match \(matched)")
        #expect(hooks.requests.count == 1000)
    }
}
