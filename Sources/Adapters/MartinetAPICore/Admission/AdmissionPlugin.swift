import MartinetAPI
import MartinetClient
import MartinetSchema

/// A write on its way to the store, as admission sees it.
struct AdmissionAttributes {
    let verb: APIRequest.Verb
    let resource: ResourceName
    let kind: Kind
    let identity: Identity
    let options: APIRequest.Options
    /// DeleteOptions of a deletion, or what is sent to a subresource that has no object of its own.
    let body: Object?
    var object: Object
    /// What is stored; nil for a creation.
    let old: Object?
    /// Whether what was sent, or what a patch made, carried the identity of what is stored: then it is based on it.
    var isBased = false
    /// The verb as it was sent: a patch is an update.
    let sent: APIRequest.Verb
    /// Whether webhooks have had their say, in another form of the same request.
    let isReviewed: Bool
    /// Whether somebody is to be connected to something, and nothing is written.
    var isConnection = false
    /// What somebody wants who is connected to the object, such as PodExecOptions; nil for all writes.
    var connection: Object?
    /// Which plugins have seen it, and which shall again.
    var passes = AdmissionPasses()
    private let notes: RequestNotes?

    init(
        _ request: APIRequest, verb: APIRequest.Verb, kind: Kind, identity: Identity, object: Object, old: Object?,
        isBased: Bool = false
    ) {
        self.isBased = isBased
        self.verb = verb
        sent = request.verb
        isReviewed = request.isReviewed
        self.resource = request.resource
        self.kind = kind
        self.identity = identity
        options = request.options
        body = request.object
        self.object = object
        self.old = old
        notes = request.notes
    }

    var isPodCreation: Bool {
        verb == .create && kind.name == "Pod" && kind.group.isEmpty && resource.subresource.isEmpty
    }

    func isCreation(of kind: String, group: String) -> Bool {
        verb == .create && self.kind.name == kind && self.kind.group == group && resource.subresource.isEmpty
    }

    /// Whether it is about a kind, whatever its version and subresource.
    func concerns(_ kind: String, group: String = "") -> Bool { self.kind.name == kind && self.kind.group == group }

    /// Whether anybody reads warnings.
    var hasListeners: Bool { notes != nil }

    /// What the caller is told besides the answer.
    func warn(_ text: String) { notes?.warn(text) }

    /// What the audit log keeps.
    func annotate(_ key: String, _ value: String) { notes?.annotate(key, value) }

    /// The refusal of an admission plugin.
    func forbidden(_ why: String) -> APIError {
        var target = resource
        target.name = object.metadata.name
        return APIError.about(target, code: 403, reason: "Forbidden", "is forbidden: \(why)")
    }
}

/// One rule about writes that is no part of a kind: it may change the object or refuse it.
protocol AdmissionPlugin: Sendable {
    /// As flags name it.
    var name: String { get }
    /// Before the rules of the kind: may change the object.
    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError)
    /// After the rules of the kind: sees what would be stored.
    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError)
    /// Before somebody is connected to a pod.
    func connect(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError)
}

extension AdmissionPlugin {
    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {}
    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {}
    func connect(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {}
}
