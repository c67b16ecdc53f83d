/// What a node may do: read what its own pods use, and write what is its own (upstream's Node authorizer).
package struct NodeAccess: Sendable {
    /// What ties objects to a node: asked of what is stored at that moment.
    package protocol Ties: Sendable {
        /// Whether a pod of the node names the object; `resource` is a plural such as `secrets`.
        func isUsed(_ resource: String, namespace: String, name: String, by node: String) -> Bool
    }

    private let rules: [PolicyRule]

    /// - Parameter rules: what every node may do, whatever runs on it.
    package init(rules: [PolicyRule]) { self.rules = rules }

    /// The node that an identity stands for; nil where it is none.
    package static func node(user: String, groups: [String]) -> String? {
        guard user.hasPrefix("system:node:"), groups.contains("system:nodes") else { return nil }
        let name = user.dropFirst(12)
        return name.isEmpty ? nil : String(name)
    }

    package func allows(_ request: AccessRequest, _ ties: some Ties) -> Bool {
        guard let node = NodeAccess.node(user: request.user, groups: request.groups) else { return false }
        guard request.path == nil else { return false }
        func used() -> Bool {
            !request.name.isEmpty
                && ties.isUsed(request.resource, namespace: request.namespace, name: request.name, by: node)
        }
        let isWhole = request.subresource.isEmpty
        switch (request.group, request.resource) {
        case ("", "secrets"), ("", "configmaps"):
            return isReading(request) && isWhole && !request.namespace.isEmpty && used()
        case ("", "persistentvolumeclaims") where request.subresource == "status":
            return ["update", "patch"].contains(request.verb) && used()
        case ("", "persistentvolumeclaims"), ("", "persistentvolumes"), ("resource.k8s.io", "resourceclaims"),
            ("storage.k8s.io", "volumeattachments"):
            return request.verb == "get" && isWhole && used()
        case ("", "serviceaccounts"):
            if request.verb == "get" { return isWhole && !request.namespace.isEmpty && used() }
            return request.verb == "create" && request.subresource == "token" && used()
        case ("coordination.k8s.io", "leases"):
            return request.namespace == "kube-node-lease" && isOwn(request, node)
        case ("storage.k8s.io", "csinodes"): return isWhole && isOwn(request, node)
        case ("", "nodes"): return allowsNode(request, node)
        case ("", "pods"): return allowsPod(request, node, used)
        default: return rules.contains { $0.allows(request) }
        }
    }

    private func isReading(_ request: AccessRequest) -> Bool { ["get", "list", "watch"].contains(request.verb) }

    /// Of a creation the name is not known here; admission looks at it.
    private func isOwn(_ request: AccessRequest, _ node: String) -> Bool {
        switch request.verb {
        case "create": true
        case "get", "update", "patch", "delete": request.name == node
        default: false
        }
    }

    private func allowsNode(_ request: AccessRequest, _ node: String) -> Bool {
        switch request.subresource {
        case "":
            if isReading(request) { return request.name == node }
            // Admission confines writes to the node's own object.
            return ["create", "update", "patch"].contains(request.verb)
        case "status": return ["update", "patch"].contains(request.verb)
        default: return false
        }
    }

    private func allowsPod(_ request: AccessRequest, _ node: String, _ used: () -> Bool) -> Bool {
        switch (request.subresource, request.verb) {
        case ("", "get"): used()
        case ("", "list"), ("", "watch"): request.selectedNode == node || used()
        case ("", "create"), ("", "delete"), ("status", "update"), ("status", "patch"), ("eviction", "create"): true
        default: false
        }
    }
}
