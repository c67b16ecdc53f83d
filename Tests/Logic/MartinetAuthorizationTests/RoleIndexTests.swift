import MartinetAuthorization
import Testing

@Suite("roles") struct RoleIndexTests {
    private func request(
        _ verb: String, _ resource: String, group: String = "", name: String = "", namespace: String = "",
        user: String = "jane", groups: [String] = ["dev"]
    ) -> AccessRequest {
        var request = AccessRequest(user: user, groups: groups, verb: verb)
        let parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
        (request.group, request.resource, request.name, request.namespace) = (group, parts[0], name, namespace)
        if parts.count > 1 { request.subresource = parts[1] }
        return request
    }

    @Test("a rule grants what it names, a wildcard everything, and a resource not its subresources")
    func rules() {
        let rule = PolicyRule(verbs: ["get"], groups: [""], resources: ["pods", "*/scale", "nodes/status"])
        #expect(rule.allows(request("get", "pods")))
        #expect(!rule.allows(request("get", "pods/log")))
        #expect(!rule.allows(request("list", "pods")))
        #expect(!rule.allows(request("get", "pods", group: "apps")))
        #expect(rule.allows(request("get", "replicationcontrollers/scale")))
        #expect(rule.allows(request("get", "nodes/status")) && !rule.allows(request("get", "nodes")))
        let any = PolicyRule(verbs: ["*"], groups: ["*"], resources: ["*"], names: ["a"])
        #expect(any.allows(request("eat", "x/y", group: "g", name: "a")))
        #expect(!any.allows(request("eat", "x/y", group: "g")))
        let paths = PolicyRule(verbs: ["get"], paths: ["/healthz/*", "/version"])
        func asks(_ path: String) -> Bool {
            paths.allows(AccessRequest(user: "a", groups: [], verb: "get", path: path))
        }
        #expect(asks("/healthz/etcd") && asks("/version") && !asks("/healthz") && !asks("/versions"))
    }

    @Test("a binding of a namespace grants there and nowhere else, and a role that is gone grants nothing")
    func bindings() {
        var index = RoleIndex()
        let binding = RoleIndex.ID(namespace: "shop", name: "b")
        let role = RoleIndex.ID(namespace: "", name: "reader")
        index.bind(binding, to: role, [.group("dev")])
        #expect(!index.allows(request("get", "pods", namespace: "shop")))
        index.setRole(role, [PolicyRule(verbs: ["get"], groups: [""], resources: ["pods"])])
        #expect(index.allows(request("get", "pods", namespace: "shop")))
        #expect(!index.allows(request("get", "pods", namespace: "bank")))
        #expect(!index.allows(request("get", "pods")))
        #expect(!index.allows(request("get", "pods", namespace: "shop", groups: ["ops"])))
        #expect(index.rules(user: "jane", groups: ["dev"], namespace: "bank").rules.isEmpty)
    }

    @Test("nobody hands on more than he has: each part must be covered by one rule alone")
    func escalation() {
        let owned = [
            PolicyRule(verbs: ["get", "list"], groups: [""], resources: ["pods", "*/scale"]),
            PolicyRule(verbs: ["*"], groups: ["apps"], resources: ["deployments"], names: ["web"]),
            PolicyRule(verbs: ["get"], paths: ["/api/*"]),
        ]
        func missing(_ rule: PolicyRule) -> Int { Escalation.missing(from: owned, of: [rule]).count }
        #expect(missing(PolicyRule(verbs: ["get"], groups: [""], resources: ["pods", "nodes/scale"])) == 0)
        #expect(missing(PolicyRule(verbs: ["get", "watch"], groups: [""], resources: ["pods"])) == 1)
        #expect(missing(PolicyRule(verbs: ["get"], groups: ["apps"], resources: ["deployments"])) == 1)
        #expect(missing(PolicyRule(verbs: ["eat"], groups: ["apps"], resources: ["deployments"], names: ["web"])) == 0)
        #expect(missing(PolicyRule(verbs: ["get"], paths: ["/api/v1/*", "/apis"])) == 1)
        #expect(missing(PolicyRule(verbs: ["*"], groups: [""], resources: ["pods"])) == 1)
    }

    @Test("a role gathers each rule once, in the order of names, and never itself")
    func aggregation() {
        let one = PolicyRule(verbs: ["get"], groups: [""], resources: ["a"])
        let two = PolicyRule(verbs: ["get"], groups: [""], resources: ["b"])
        let sources = [
            Aggregation.Source(name: "z", rules: [two, one]), .init(name: "me", rules: PolicyRule.all),
            .init(name: "a", rules: [one]),
        ]
        #expect(Aggregation.rules(for: "me", selected: [sources, sources]) == [one, two])
    }

    @Test("a refusal names the smallest rule, and nothing that the request did not say")
    func missingRule() {
        let advice = MissingRule(request("get", "pods/log", name: "a\"b\n", namespace: "shop")).advice
        #expect(
            advice.contains(
                #"{apiGroups: [""], resources: ["pods/log"], resourceNames: ["a\"b\u000a"], verbs: ["get"]}"#))
        #expect(advice.contains("kind: RoleBinding") && advice.contains(#"name: "jane""#))
        let create = MissingRule(request("create", "nodes", user: "system:serviceaccount:a:b")).advice
        #expect(create.contains("kind: ClusterRole\n") && !create.contains("resourceNames"))
        #expect(create.contains(#"kind: ServiceAccount, name: "b", namespace: "a""#))
    }

    @Test("a decision is made in microseconds, however many others are bound")
    func speed() {
        var index = RoleIndex()
        for role in BootstrapPolicy.standard.roles {
            index.setRole(.init(namespace: role.namespace, name: role.name), role.rules)
        }
        for number in 0..<10_000 {
            index.bind(
                .init(namespace: "n\(number % 100)", name: "b\(number)"), to: .init(namespace: "", name: "view"),
                [.user("user\(number)"), .group("team\(number % 500)")])
        }
        index.bind(
            .init(namespace: "", name: "all"), to: .init(namespace: "", name: "system:discovery"),
            [.group("system:authenticated")])
        let asked = request(
            "get", "secrets", name: "x", namespace: "n7", user: "user7", groups: ["team7", "system:authenticated"])
        let clock = ContinuousClock()
        let taken = clock.measure { for _ in 0..<10_000 { _ = index.allows(asked) } }
        print("a refusal takes \(taken / 10_000)")
        #expect(taken < .seconds(5))
    }
}

@Suite("nodes") struct NodeAccessTests {
    private struct Used: NodeAccess.Ties {
        func isUsed(_ resource: String, namespace: String, name: String, by node: String) -> Bool {
            node == "n1" && namespace == "shop" && name == "used"
        }
    }

    private func allows(
        _ verb: String, _ resource: String, _ name: String, _ namespace: String = "shop", subresource: String = "",
        group: String = "", selected: String? = nil
    ) -> Bool {
        var request = AccessRequest(user: "system:node:n1", groups: ["system:nodes"], verb: verb)
        (request.resource, request.name, request.namespace) = (resource, name, namespace)
        (request.subresource, request.group, request.selectedNode) = (subresource, group, selected)
        return NodeAccess(rules: BootstrapPolicy.standard.nodeRules).allows(request, Used())
    }

    @Test("a node reads what its pods use and writes what is its own")
    func node() {
        #expect(allows("get", "secrets", "used") && !allows("get", "secrets", "other"))
        #expect(!allows("list", "secrets", "") && !allows("update", "secrets", "used"))
        #expect(allows("create", "serviceaccounts", "used", subresource: "token"))
        #expect(!allows("create", "serviceaccounts", "other", subresource: "token"))
        #expect(allows("get", "nodes", "n1", "") && !allows("get", "nodes", "n2", ""))
        #expect(!allows("list", "nodes", "", ""))
        #expect(allows("update", "leases", "n1", "kube-node-lease", group: "coordination.k8s.io"))
        #expect(!allows("update", "leases", "n2", "kube-node-lease", group: "coordination.k8s.io"))
        #expect(allows("list", "pods", "", "", selected: "n1") && !allows("list", "pods", "", "", selected: "n2"))
        #expect(!allows("list", "pods", "", ""))
        #expect(allows("list", "services", "", "") && !allows("list", "deployments", "", "", group: "apps"))
        #expect(NodeAccess.node(user: "system:node:n1", groups: []) == nil)
        #expect(NodeAccess.node(user: "system:node:", groups: ["system:nodes"]) == nil)
    }
}
