import MartinetAudit
import MartinetAuthorization
import MartinetBase
import MartinetSchema
import Testing

@Suite("Audit")
struct AuditTests {
    private func policy(_ rules: String, _ more: String = "") throws -> AuditPolicy {
        let text = #"{"kind":"Policy","apiVersion":"audit.k8s.io/v1","rules":[\#(rules)]\#(more)}"#
        return try AuditPolicy(try JSONDecoder.decodeAny(Array(text.utf8)).value)
    }

    private func request(
        _ verb: String, _ resource: String, group: String = "", name: String = "", in namespace: String = "",
        user: String = "jane", groups: [String] = ["system:authenticated"]
    ) -> AccessRequest {
        var request = AccessRequest(user: user, groups: groups, verb: verb)
        let parts = resource.split(separator: "/").map(String.init)
        (request.resource, request.subresource) = (parts[0], parts.count > 1 ? parts[1] : "")
        (request.group, request.name, request.namespace, request.version) = (group, name, namespace, "v1")
        return request
    }

    @Test("the first rule that matches decides, and nothing is kept where none does")
    func first() throws {
        let policy = try policy(
            #"""
            {"level":"None","users":["system:kube-proxy"]},
            {"level":"Metadata","resources":[{"group":"","resources":["secrets","pods/*","*/status"]}]},
            {"level":"RequestResponse","userGroups":["dev"],"verbs":["create"],"namespaces":["a"]},
            {"level":"Request","resources":[{"group":"apps","resources":["deployments"],"resourceNames":["web"]}]},
            {"level":"Metadata","nonResourceURLs":["/healthz*","/version"]}
            """#)
        func level(_ request: AccessRequest) -> AuditLevel { policy.decide(request).level }
        #expect(level(request("get", "secrets", user: "system:kube-proxy")) == .none)
        #expect(level(request("get", "secrets")) == .metadata)
        #expect(level(request("get", "pods/exec")) == .metadata)
        #expect(level(request("get", "pods")) == .metadata, "pods/* is pods too, as upstream has it")
        #expect(level(request("get", "nodes/status")) == .metadata)
        #expect(level(request("create", "configmaps", in: "a", groups: ["dev"])) == .requestResponse)
        #expect(level(request("create", "configmaps", in: "b", groups: ["dev"])) == .none)
        #expect(level(request("get", "deployments", group: "apps", name: "web")) == .request)
        #expect(level(request("get", "deployments", group: "apps", name: "other")) == .none)
        #expect(level(AccessRequest(user: "u", groups: [], verb: "get", path: "/healthz/etcd")) == .metadata)
        #expect(level(AccessRequest(user: "u", groups: [], verb: "get", path: "/versions")) == .none)
    }

    @Test(
        "stages of the policy and of the rule are left out, and a rule overrides what the policy says of managed fields"
    )
    func omissions() throws {
        let policy = try policy(
            #"{"level":"Metadata","omitStages":["Panic"],"omitManagedFields":false}"#,
            #","omitStages":["RequestReceived"],"omitManagedFields":true"#)
        let decision = policy.decide(request("get", "pods"))
        #expect(decision.omittedStages == [.panic, .requestReceived])
        #expect(!decision.omitsManagedFields)
    }

    @Test(
        "a policy that could not mean what it says is refused with the field's name",
        arguments: [
            (#"{"level":"Everything"}"#, "rules[0].level"), (#"{"level":"None","user":["a"]}"#, "rules[0].user"),
            (#"{"level":"None","users":"a"}"#, "rules[0].users"),
            (#"{"level":"None","omitStages":["Later"]}"#, "rules[0].omitStages"),
            (#"{"level":"None","nonResourceURLs":["/a*b"]}"#, "rules[0].nonResourceURLs"),
            (#"{"level":"None","nonResourceURLs":["/a"],"namespaces":["b"]}"#, "rules[0].nonResourceURLs"),
            (#"{"level":"None","resources":[{"resourceNames":["x"]}]}"#, "rules[0].resources[0].resourceNames"),
            ("", "rules"),
        ])
    func refused(rule: String, field: String) throws {
        let error = try #require(throws: AuditPolicy.PolicyError.self) { try policy(rule) }
        #expect(error.message.hasPrefix(field + ":"), "\(error)")
    }

    private func event(_ level: AuditLevel, code: Int = 200, omits: Bool = false) -> AuditEvent {
        let record = AuditRecord(
            id: "1", request("create", "secrets", in: "a"), uri: "/api/v1/namespaces/a/secrets", userAgent: "test",
            sources: ["10.0.0.1"], received: Timestamp(seconds: 0))
        var event = AuditEvent(
            record, .init(level: level, omittedStages: [], omitsManagedFields: omits), .responseComplete,
            at: Timestamp(seconds: 1))
        event.outcome = .init(code: code)
        event.outcome?.message = "the value c2VjcmV0 is wrong"
        let body = #"{"metadata":{"name":"s","managedFields":[{"manager":"m"}]},"data":{"a":"c2VjcmV0"}}"#
        event.request = { Array(body.utf8) }
        event.response = { Array(#"{"items":[\#(body)]}"#.utf8) }
        return event
    }

    @Test("what was sent and answered is in no event below the level that asks for it")
    func secrets() {
        func text(_ event: AuditEvent) -> String { String(decoding: event.json, as: UTF8.self) }
        #expect(!text(event(.metadata, code: 422)).contains("c2VjcmV0"))
        #expect(!text(event(.metadata, code: 400)).contains("c2VjcmV0"))
        let request = text(event(.request))
        #expect(request.contains("requestObject") && !request.contains("responseObject"))
        #expect(request.contains(#""name":"s""#), "the name of what is created is that of the object")
        #expect(text(event(.requestResponse)).contains("responseObject"))
        #expect(text(event(.requestResponse)).contains("managedFields"))
        #expect(!text(event(.requestResponse, omits: true)).contains("managedFields"))
    }

    @Test("a queue that is full drops events and counts them, by number and by memory")
    func queue() {
        var queue = AuditQueue(countMax: 2, weightMax: 3000)
        let results = [queue.add(event(.metadata)), queue.add(event(.metadata)), queue.add(event(.metadata))]
        #expect(results == [true, true, false])
        #expect(queue.dropped == 1 && queue.count == 2)
        let taken = queue.take(atMost: 1)
        #expect(taken.count == 1)
        var heavy = event(.metadata)
        heavy.weight = 2500
        let isAdded = queue.add(heavy)
        #expect(!isAdded)
        let rest = queue.take(atMost: 5)
        let isAddedNow = queue.add(heavy)
        #expect(rest.count == 1 && isAddedNow)
    }

    @Test("logs that were left behind go by age and by number, and nobody else's files do")
    func rotation() {
        let now = Timestamp(seconds: 1_767_323_045)
        let names = (0..<5).map { AuditRotation.backup(of: "audit.log", at: now.advanced(by: .seconds(-86_400 * $0))) }
        #expect(names[0] == "audit-2026-01-02T03-04-05.000.log")
        var rotation = AuditRotation()
        let files = names + ["audit.log", "audit-notes.log", "other.txt"]
        #expect(rotation.obsolete(files, of: "audit.log", at: now) == [])
        rotation.backupsMax = 3
        #expect(rotation.obsolete(files, of: "audit.log", at: now) == Array(names[3...]))
        rotation.backupsMax = 0
        rotation.daysMax = 1
        #expect(rotation.obsolete(files, of: "audit.log", at: now) == Array(names[2...]))
    }

    @Test("a request comes from whom proxies name, then from whoever is at the other end")
    func sources() {
        let sources = AuditRecord.sources(
            forwarded: ["10.0.0.1, 10.0.0.2, <script>"], real: "10.0.0.3", peer: "192.0.2.1")
        #expect(sources == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.1"])
        #expect(AuditRecord.sources(forwarded: ["192.0.2.1"], real: nil, peer: "192.0.2.1") == ["192.0.2.1"])
    }
}
