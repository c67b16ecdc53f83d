import MartinetClient
import MartinetSchema

/// A write on its way to the store, as admission sees it.
struct AdmissionAttributes {
    let verb: APIRequest.Verb
    let resource: ResourceName
    let kind: Kind
    let identity: Identity
    var object: Object
    /// What is stored; nil for a creation.
    let old: Object?
    /// Whether what was sent, or what a patch made, carried the identity of what is stored: then it is based on it.
    var isBased = false

    var isPodCreation: Bool {
        verb == .create && kind.name == "Pod" && kind.group.isEmpty && resource.subresource.isEmpty
    }
}

/// One rule about writes that is no part of a kind: it may change the object or refuse it.
protocol AdmissionPlugin: Sendable {
    var name: String { get }
    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError)
}

/// The plugins, in the order in which they see a write.
enum AdmissionChain {
    static let builtin: [any AdmissionPlugin] = [
        NamespaceLifecycle(), LimitRanger(), SystemFields(), ServiceAccountAdmission(), PodPriority(),
        DefaultTolerationSeconds(), RuntimeClassDefaults(), DefaultStorageClass(), DefaultIngressClass(),
        RoleAdmission(),
    ]
}
