import MartinetAdmissionPolicies
import MartinetAPI
import MartinetClient
import MartinetManagedFields
import MartinetSchema
import MartinetWebhooks

/// A request as webhooks see it: in the form of its subresource, and in whatever version they want.
struct WebhookRequest {
    /// Subresources to which something of its own is sent, which is created there.
    static let ownBodies: Set<String> = ["binding", "eviction", "token"]

    let matching: PolicyMatching
    private let attributes: AdmissionAttributes
    private let registry: Registry
    private let policy: PolicyRequest
    /// Nil for a deletion.
    private let object: Object?
    private let old: Object?
    private let kind: AdmissionQuestion.GroupVersionKind

    init(_ attributes: AdmissionAttributes, _ registry: Registry) {
        self.attributes = attributes
        self.registry = registry
        policy = PolicyRequest(attributes, registry)
        let form = WebhookRequest.scale(attributes)
        var (object, old): (Object?, Object?) = (attributes.object, attributes.old)
        if let form {
            object = form.scale(of: attributes.object)
            old = attributes.old.map { form.scale(of: $0) }
            kind = .init(group: "autoscaling", version: "v1", kind: "Scale")
        } else if let own = attributes.object.type.kind {
            kind = .init(own)
        } else {
            kind = .init(attributes.kind)
        }
        if attributes.verb == .delete { object = nil }
        self.object = object
        self.old = old
        matching = policy.matching.asking(
            operation: attributes.operation,
            objectLabels: [object, old].compactMap { $0?.part("metadata")?.map("labels") })
    }

    /// How replicas are seen through `scale`.
    static func scale(_ attributes: AdmissionAttributes) -> ScaleForm? {
        attributes.resource.subresource == "scale" ? ScaleForm(attributes.kind) : nil
    }

    private func resource(_ place: PolicyMatching.Place) -> ServedResource? {
        registry.served[ResourceName(group: place.group, version: place.version, plural: place.plural)]
    }

    /// Whether what is sent is of the resource's own kind, so that there are other versions of it.
    private var isVersioned: Bool {
        attributes.object.type.kind == attributes.kind && kind.kind == attributes.kind.name
    }

    /// An object in the version that a webhook wants.
    func versioned(_ object: Object?, _ place: PolicyMatching.Place) throws(APIError) -> Object? {
        guard let object, isVersioned, let wanted = resource(place), wanted.kind != attributes.kind else {
            return object
        }
        return try wanted.converted(object)
    }

    /// The object as a mutating webhook gets it; nil where there is none.
    func target(_ place: PolicyMatching.Place) throws(APIError) -> Object? { try versioned(object, place) }

    func input(_ place: PolicyMatching.Place) throws(APIError) -> PolicyInput {
        try policy.input(place, object: versioned(object, place), old: versioned(old, place))
    }

    func question(_ place: PolicyMatching.Place) throws(APIError) -> AdmissionQuestion {
        let identity = attributes.identity
        let own = attributes.kind
        var question = AdmissionQuestion(
            kind: kind, resource: .init(group: own.group, version: own.version, plural: own.plural),
            operation: attributes.operation,
            user: .init(name: identity.user, uid: identity.uid, groups: identity.groups, extra: identity.extra))
        question.resource = place
        if isVersioned, let wanted = resource(place) { question.kind = .init(wanted.kind) }
        question.subresource = attributes.resource.subresource
        question.name = attributes.resource.name ?? attributes.object.metadata.name
        question.namespace =
            attributes.concerns("Namespace") ? question.name : attributes.resource.namespace ?? ""
        question.isDryRun = attributes.isDryRun
        question.object = try versioned(object, place)
        question.oldObject = try versioned(old, place)
        question.options = attributes.sentOptions
        return question
    }
}

extension AdmissionAttributes {
    /// As webhooks call it.
    var operation: String {
        if isConnection { return "CONNECT" }
        return WebhookRequest.ownBodies.contains(resource.subresource) ? "CREATE" : verb.rawValue.uppercased()
    }

    /// Whether nothing will be stored: a deletion may say so in its body.
    var isDryRun: Bool {
        if options.dryRun { return true }
        guard verb == .delete, let body, body.type == DeleteOptions.type else { return false }
        return !DeleteOptions(object: body).dryRun.isEmpty
    }

    /// The options of the request as JSON; nil for a connection, which has none.
    var sentOptions: Value? {
        if isConnection { return nil }
        func map(_ entries: [(String, Value?)]) -> Value {
            .map(Map(unsorted: entries.compactMap { key, value in value.map { Map.Entry(key: key, value: $0) } }))
        }
        let dryRun: Value? = isDryRun ? .list([.string("All")]) : nil
        if verb == .delete {
            let sent = body.flatMap { $0.type == DeleteOptions.type ? DeleteOptions(object: $0) : nil }
            return map([
                ("kind", .string("DeleteOptions")), ("apiVersion", .string("meta.k8s.io/v1")), ("dryRun", dryRun),
                ("gracePeriodSeconds", sent?.gracePeriodSeconds.map { .int($0) }),
                ("propagationPolicy", sent?.propagationPolicy.map { .string($0) }),
                ("orphanDependents", sent?.orphanDependents.map { .bool($0) }),
            ])
        }
        let kinds: [APIRequest.Verb: String] = [.create: "CreateOptions", .patch: "PatchOptions"]
        return map([
            ("kind", .string(operation == "CREATE" ? "CreateOptions" : kinds[sent] ?? "UpdateOptions")),
            ("apiVersion", .string("meta.k8s.io/v1")), ("dryRun", dryRun),
            ("fieldManager", options.fieldManager.isEmpty ? nil : .string(options.fieldManager)),
            ("fieldValidation", options.fieldValidation.isEmpty ? nil : .string(options.fieldValidation)),
            ("force", options.force ? .bool(true) : nil),
        ])
    }
}
