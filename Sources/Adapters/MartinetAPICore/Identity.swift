/// Who sends a request: what authentication found out.
package struct Identity: Sendable, Hashable {
    package let user: String
    package let uid: String
    package let groups: [String]

    package init(user: String, uid: String = "", groups: [String] = []) {
        self.user = user
        self.uid = uid
        self.groups = groups
    }

    package static let anonymous = Identity(user: "system:anonymous", groups: ["system:unauthenticated"])
    /// The cluster's own administrator, who may do everything.
    package static let admin = Identity(user: "kubernetes-admin", groups: ["system:masters", "system:authenticated"])

    /// One of the system's own components, such as `kube-scheduler`.
    package static func component(_ name: String) -> Identity {
        Identity(user: "system:\(name)", groups: ["system:components", "system:authenticated"])
    }

    /// What a component's user agent begins with: the name under which its fields are managed.
    var program: String {
        if user.hasPrefix("system:node:") { return "kubelet" }
        return user.hasPrefix("system:") ? String(user.dropFirst(7)) : "martinet"
    }

    /// The agent of a node.
    package static func node(_ name: String) -> Identity {
        Identity(user: "system:node:\(name)", groups: ["system:nodes", "system:authenticated"])
    }
}
