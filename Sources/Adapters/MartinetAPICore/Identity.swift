/// Who sends a request: what authentication found out.
package struct Identity: Sendable, Hashable {
    package let user: String
    package let uid: String
    package let groups: [String]
    /// What else is known, by keys such as `authentication.kubernetes.io/pod-name`.
    package let extra: [String: [String]]

    package init(user: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
        self.user = user
        self.uid = uid
        self.groups = groups
        self.extra = extra
    }

    package static let anonymous = Identity(user: "system:anonymous", groups: ["system:unauthenticated"])
    /// The cluster's own administrator, who may do everything.
    package static let admin = Identity(user: "kubernetes-admin", groups: ["system:masters", "system:authenticated"])
    /// The API server itself, which looks after what nobody else could.
    package static let server = Identity(user: "system:apiserver", groups: ["system:masters", "system:authenticated"])

    /// One of the system's own components, such as `kube-scheduler`: it may do what its bootstrap role says.
    package static func component(_ name: String) -> Identity {
        Identity(user: "system:\(name)", groups: ["system:authenticated"])
    }

    /// The account of a controller, such as `deployment-controller`.
    package static func controller(_ name: String) -> Identity {
        Identity(
            user: "system:serviceaccount:kube-system:\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"])
    }

    /// What a component's user agent begins with: the name under which its fields are managed.
    var program: String {
        if user.hasPrefix("system:node:") { return "kubelet" }
        if user.hasPrefix("system:serviceaccount:kube-system:") { return "kube-controller-manager" }
        return user.hasPrefix("system:") ? String(user.dropFirst(7)) : "martinet"
    }

    /// The agent of a node.
    package static func node(_ name: String) -> Identity {
        Identity(user: "system:node:\(name)", groups: ["system:nodes", "system:authenticated"])
    }
}
