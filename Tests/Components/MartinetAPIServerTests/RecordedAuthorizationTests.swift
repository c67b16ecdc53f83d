import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetClient
import MartinetControllers
import MartinetSchema
import MartinetTesting
import MartinetTransport
import Synchronization
import Testing

/// Decisions recorded from a kube-apiserver, asked of this one.
@Suite("authorization as recorded") struct RecordedAuthorizationTests {
    @Test(
        "a new cluster has upstream's roles and bindings, and gathers what upstream gathers",
        .enabled(if: Recorded.has("rbac-bootstrap.json"), "../shared is not here"))
    func bootstrap() throws {
        let server = try AuthorizedServer()
        let recorded = try Recorded.json("rbac-bootstrap.json")
        let folders = [
            "clusterroles": "clusterroles", "clusterrolebindings": "clusterrolebindings", "roles": "roles",
            "rolebindings": "rolebindings",
        ]
        for (name, plural) in folders.sorted(by: { $0.key < $1.key }) {
            let list = try server.request("GET", "/apis/rbac.authorization.k8s.io/v1/\(plural)").tree["items"].items
            var found: [String: Value] = [:]
            for item in list { found[item["metadata"]["namespace"].text + "/" + item["metadata"]["name"].text] = item }
            let expected = recorded[name].items
            #expect(found.count == expected.count, "\(plural)")
            for object in expected {
                let key = object["namespace"].text + "/" + object["name"].text
                guard let own = found[key] else {
                    Issue.record("\(plural) \(key) is missing")
                    continue
                }
                for field in ["labels", "annotations"] {
                    #expect(own["metadata"][field] == object[field], "\(plural) \(key) \(field)")
                }
                for field in ["aggregationRule", "roleRef", "subjects"] {
                    #expect(own[field] == object[field], "\(plural) \(key) \(field)")
                }
                #expect(own["rules"].set == object["rules"].set, "\(plural) \(key) rules")
            }
        }
    }

    @Test(
        "every recorded decision is made as upstream made it",
        .enabled(if: Recorded.has("authz.jsonl"), "../shared is not here"))
    func decisions() throws {
        let server = try AuthorizedServer(setup: try Recorded.json("authz-setup.json"))
        var failures: [String] = []
        var counts: [String: (equal: Int, all: Int)] = [:]
        for line in Recorded.text("authz.jsonl").split(separator: "\n") {
            let recorded = try JSONDecoder.decodeAny(Array(line.utf8)).value
            let type = recorded["type"].text
            let difference = try server.difference(recorded)
            counts[type, default: (0, 0)].all += 1
            if let difference {
                failures.append("\(type) \(recorded["id"].text): \(difference)")
            } else {
                counts[type, default: (0, 0)].equal += 1
            }
        }
        for (type, count) in counts.sorted(by: { $0.key < $1.key }) { print("\(type): \(count.equal)/\(count.all)") }
        #expect(failures.isEmpty, "\(failures.count) differ:\n\(failures.prefix(60).joined(separator: "\n"))")
    }
}

/// A server with the bootstrap roles, the recorded policy and the controller that gathers.
final class AuthorizedServer {
    let base: InMemoryServer
    private let driver: ComponentDriver

    init(setup: Value = .null) throws {
        var tokens: [String: Identity] = [:]
        if case .map(let map) = setup["tokens"] {
            for (index, entry) in map.entries.enumerated() {
                let user = entry.value.items.first?.text ?? ""
                let groups = entry.value.items.last?.items.map(\.text) ?? []
                tokens[entry.key] = Identity(
                    user: user, uid: user == "carol" ? "4" : String(index), groups: groups + ["system:authenticated"])
            }
        }
        tokens["admin-token"] = Identity(user: "admin", uid: "1", groups: ["system:masters", "system:authenticated"])
        // The recorded server had no Node authorizer.
        base = try InMemoryServer(tokens: tokens, authorizesNodes: false)
        base.server.becomeReady()
        let registry = base.registry
        let isDone = Mutex(false)
        RoleBootstrap(registry).run { isDone.withLock { $0 = true } }
        _ = base.runtime.run(until: base.runtime.monotonic() + .seconds(60)) { isDone.withLock { $0 } }
        let kind = try #require(
            registry.served[.init(group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles")]?.kind)
        driver = ComponentDriver(
            [ReconcilerComponent(ClusterRoleAggregation(clusterRoles: kind))],
            client: RegistryClient(registry: registry, identity: .component("kube-controller-manager")),
            clientOf: { name in
                StandardControllers.account(of: name).map {
                    RegistryClient(registry: registry, identity: .controller($0))
                }
            },
            runtime: base.runtime, log: Log(component: "test", minimum: .error))
        driver.start()
        for name in setup["namespaces"].items {
            try create(
                "/api/v1/namespaces",
                Array(#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"\#(name.text)"}}"#.utf8))
        }
        for object in setup["objects"].items {
            let kind = object["kind"].text.lowercased()
            let namespace = object["metadata"]["namespace"].text
            let core = object["apiVersion"].text == "v1"
            let root = core ? "/api/v1" : "/apis/\(object["apiVersion"].text)"
            let place = namespace.isEmpty ? "" : "/namespaces/\(namespace)"
            try create("\(root)\(place)/\(kind)s", JSONEncoder.encode(object))
        }
        settle()
    }

    private func settle() { _ = base.runtime.run(until: base.runtime.monotonic() + .seconds(5)) { false } }

    private func create(_ path: String, _ body: [UInt8]) throws {
        let answer = try request("POST", path, body: body)
        #expect(answer.status == 201, "\(path): \(answer.text)")
    }

    func request(
        _ method: String, _ path: String, token: String = "admin-token", headers: [(String, String)] = [],
        body: [UInt8] = []
    ) throws -> InMemoryServer.Answer {
        try base.send(method, path, token: token, headers: headers, bytes: body)
    }

    /// What differs from what was recorded; nil where nothing does.
    func difference(_ recorded: Value) throws -> String? {
        switch recorded["type"].text {
        case "SubjectAccessReview", "LocalSubjectAccessReview": return try review(recorded)
        case "rulesreview": return try rules(recorded)
        default: return try plain(recorded)
        }
    }

    private func review(_ recorded: Value) throws -> String? {
        let kind = recorded["type"].text
        let namespace = recorded["namespace"].text
        let path =
            namespace.isEmpty
            ? "/apis/authorization.k8s.io/v1/subjectaccessreviews"
            : "/apis/authorization.k8s.io/v1/namespaces/\(namespace)/localsubjectaccessreviews"
        let body = Value.map(
            Map(unsorted: [
                .init(key: "kind", value: .string(kind)),
                .init(key: "apiVersion", value: .string("authorization.k8s.io/v1")),
                .init(key: "spec", value: recorded["spec"]),
            ]))
        let answer = try request("POST", path, body: JSONEncoder.encode(body))
        guard answer.status == 201 else { return answer.text }
        let allowed = answer.tree["status"]["allowed"]
        return allowed == recorded["allowed"] ? nil : "\(allowed), expected \(recorded["allowed"])"
    }

    private func rules(_ recorded: Value) throws -> String? {
        let body =
            #"{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{"namespace":"\#(recorded["namespace"].text)"}}"#
        let answer = try request(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", token: recorded["token"].text,
            body: Array(body.utf8))
        guard answer.status == 201 else { return answer.text }
        for field in ["resourceRules", "nonResourceRules"] {
            let own = answer.tree["status"][field].set
            let expected = recorded[field].set
            guard own == expected else {
                return "\(field): not here \(expected.subtracting(own)), not there \(own.subtracting(expected))"
            }
        }
        return answer.tree["status"]["incomplete"] == recorded["incomplete"] ? nil : "incomplete"
    }

    private static let absent = [
        "/metrics", "/.well-known/openid-configuration", "/openid/v1/jwks", "/debug/pprof/",
    ]

    private func plain(_ recorded: Value) throws -> String? {
        var path = recorded["path"].text
        if case .map(let query) = recorded["query"], !query.isEmpty {
            path += "?" + query.entries.map { "\($0.key)=\($0.value.text)" }.joined(separator: "&")
        }
        var headers: [(String, String)] = []
        if case .map(let map) = recorded["headers"] {
            for entry in map.entries {
                if case .list(let values) = entry.value {
                    headers += values.map { (entry.key, $0.text) }
                } else {
                    headers.append((entry.key, entry.value.text))
                }
            }
        }
        var body = recorded["body"]
        if case .null = body, recorded["method"].text == "POST" {
            body = try JSONDecoder.decodeAny(
                Array(#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}"#.utf8)
            ).value
        }
        var bytes: [UInt8] = []
        if case .map = body { bytes = JSONEncoder.encode(body) }
        let answer = try request(
            recorded["method"].text, path, token: recorded["token"].text, headers: headers, body: bytes)
        let expected = recorded["answer"]
        // Allowed, as upstream allows it, and not served yet.
        if answer.status == 404, AuthorizedServer.absent.contains(path),
            ![Value.int(401), .int(403)].contains(expected["code"])
        {
            return nil
        }
        guard .int(Int64(answer.status)) == expected["code"] else {
            return "\(answer.status), expected \(expected["code"]) for \(path) \(headers): \(answer.text.prefix(300))"
        }
        if answer.status >= 400, !expected["reason"].text.isEmpty {
            guard answer.tree["reason"] == expected["reason"] else { return "reason \(answer.text.prefix(200))" }
            for field in ["group", "kind", "name"] where answer.tree["details"][field] != expected["details"][field] {
                return "details.\(field): \(answer.tree["details"][field]), expected \(expected["details"][field])"
            }
        }
        if case .map = recorded["userInfo"] {
            let info = answer.tree["status"]["userInfo"]
            for field in ["username", "extra"] where info[field] != recorded["userInfo"][field] {
                return "\(field): \(info), expected \(recorded["userInfo"])"
            }
            guard info["groups"].items.map(\.text).sorted() == recorded["userInfo"]["groups"].items.map(\.text).sorted()
            else { return "groups: \(info), expected \(recorded["userInfo"])" }
        }
        return nil
    }
}

extension Value {
    /// A list as a set of texts, each of which is one item with its own lists in order.
    var set: Set<String> { Set(items.map { String(decoding: JSONEncoder.encode($0), as: UTF8.self) }) }
}

/// The recorded answers beside the clone.
enum Recorded {
    static func has(_ name: String) -> Bool { SharedFiles.names(in: "upstream-answers", suffix: "").contains(name) }

    static func text(_ name: String) -> String {
        String(decoding: SharedFiles.read("upstream-answers/\(name)"), as: UTF8.self)
    }

    static func json(_ name: String) throws -> Value { try JSONDecoder.decodeAny(Array(text(name).utf8)).value }
}
