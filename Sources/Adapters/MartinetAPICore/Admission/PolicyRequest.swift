import MartinetAdmissionPolicies
import MartinetAPI
import MartinetAuthorization
import MartinetCELKubernetes
import MartinetClient
import MartinetSchema
import MartinetStrategies

/// A write as policies see it.
struct PolicyRequest {
    struct ConfigurationError: Error {
        let message: String
    }

    private(set) var attributes: AdmissionAttributes
    let matching: PolicyMatching
    private let registry: Registry
    private let namespace: Object?
    private var isNamespaceObject: Bool { attributes.concerns("Namespace") }

    init(_ attributes: AdmissionAttributes, _ registry: Registry) {
        self.attributes = attributes
        self.registry = registry
        let kind = attributes.kind
        let place = PolicyMatching.Place(group: kind.group, version: kind.version, plural: kind.plural)
        var versions: [PolicyMatching.Place] = []
        if let served = registry.served[attributes.resource] {
            versions = registry.resources(under: served.cache.prefix).map {
                PolicyMatching.Place(group: $0.kind.group, version: $0.kind.version, plural: $0.kind.plural)
            }
        }
        let isNamespaceObject = attributes.concerns("Namespace")
        let inNamespace = isNamespaceObject ? nil : attributes.resource.namespace
        namespace = inNamespace.flatMap {
            registry.stored(ResourceName(version: "v1", plural: "namespaces", name: $0))?.object
        }
        let isConnection = attributes.connection != nil
        let objects =
            isConnection
            ? [] : [attributes.verb == .delete ? nil : attributes.object, attributes.old].compactMap { $0 }
        func labels(_ object: Object) -> Map { object.part("metadata")?.map("labels") ?? Map() }
        matching = PolicyMatching(
            place: place, equivalents: versions.filter { $0 != place }, subresource: attributes.resource.subresource,
            name: attributes.object.metadata.name,
            operation: isConnection ? "CONNECT" : attributes.verb.rawValue.uppercased(),
            isNamespaced: inNamespace != nil,
            namespaceLabels: isNamespaceObject ? objects.first.map(labels) : namespace.map(labels),
            objectLabels: isConnection ? [Map()] : objects.map(labels))
    }

    // MARK: - Parameters

    /// The parameters that a binding names: nil for none, and nothing at all where there are none and that is allowed.
    func params(_ kind: Object?, _ reference: Object?) throws(ConfigurationError) -> [Object?] {
        guard let kind, let reference else { return [nil] }
        guard let served = resource(kind) else {
            throw ConfigurationError(
                message: "paramKind kind `\(kind.text("apiVersion")), Kind=\(kind.text("kind"))` not known")
        }
        var name = ResourceName(served.kind)
        let wanted = reference.text("namespace")
        if served.kind.isNamespaced {
            name.namespace = wanted.isEmpty ? attributes.resource.namespace : wanted
            guard name.namespace != nil else {
                throw ConfigurationError(
                    message: "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
            }
        } else if !wanted.isEmpty {
            throw ConfigurationError(
                message: "paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        }
        var found: [Object]
        if !reference.text("name").isEmpty {
            name.name = reference.text("name")
            found = registry.stored(name).map { [$0.object] } ?? []
        } else if let selector = reference.part("selector") {
            found = registry.objects(name).filter {
                PolicyMatching.selects(selector, $0.part("metadata")?.map("labels") ?? Map())
            }
        } else {
            throw ConfigurationError(message: "one of name or selector must be provided")
        }
        if found.isEmpty, reference.text("parameterNotFoundAction") == "Deny" {
            throw ConfigurationError(
                message: "no params found for policy binding with `Deny` parameterNotFoundAction")
        }
        return found
    }

    private func resource(_ kind: Object) -> ServedResource? { registry.resource(kind) }

    // MARK: - The object in the version that matched

    private func matched(_ place: PolicyMatching.Place) -> ServedResource? {
        registry.served[ResourceName(group: place.group, version: place.version, plural: place.plural)]
    }

    func object(in place: PolicyMatching.Place) throws(APIError) -> Object {
        guard let matched = matched(place), matched.kind != attributes.kind else { return attributes.object }
        return try matched.converted(attributes.object)
    }

    func withDefaults(_ object: Object, in place: PolicyMatching.Place) -> Object {
        var object = object
        Defaults.apply(to: &object)
        // A subresource's own kind has no strategy here.
        if let matched = matched(place), object.type.kind == matched.kind { matched.strategy.setDefaults(&object) }
        return object
    }

    /// Takes an object in the version that matched as what the request is about from now on.
    mutating func replace(_ object: Object, in place: PolicyMatching.Place) throws(APIError) {
        guard let matched = matched(place), matched.kind != attributes.kind,
            let own = registry.served[attributes.resource]
        else {
            attributes.object = object
            return
        }
        attributes.object = try own.converted(object)
    }

    // MARK: - What expressions see

    func input(_ place: PolicyMatching.Place, params: Object?) throws(APIError) -> PolicyInput {
        let matched = matched(place)
        func converted(_ object: Object?) throws(APIError) -> Object? {
            guard let object, let matched, matched.kind != attributes.kind else { return object }
            return try matched.converted(object)
        }
        return try input(
            place, object: attributes.verb == .delete ? nil : converted(attributes.object),
            old: converted(attributes.old), params: params)
    }

    /// - Parameters:
    ///   - object: in the version of the place; nil for a deletion.
    ///   - old: likewise.
    func input(_ place: PolicyMatching.Place, object: Object?, old: Object?, params: Object? = nil) -> PolicyInput {
        let matched = matched(place)
        let name = attributes.object.metadata.name
        var about = CELAuthorizationRequest()
        about.group = attributes.resource.group
        about.resource = attributes.resource.plural
        about.subresource = attributes.resource.subresource
        about.namespace = attributes.resource.namespace ?? ""
        about.name = name
        if let connection = attributes.connection {
            return PolicyInput(
                object: connection, oldObject: nil, request: request(place, attributes.kind, name),
                namespace: namespace, params: params,
                authorizer: PolicyAuthorizer(identity: attributes.identity, registry: registry), resource: about)
        }
        return PolicyInput(
            object: object, oldObject: old, request: request(place, matched?.kind ?? attributes.kind, name),
            namespace: namespace, params: params,
            authorizer: PolicyAuthorizer(identity: attributes.identity, registry: registry), resource: about)
    }

    /// An AdmissionRequest. Source: admission/v1.
    private func request(_ place: PolicyMatching.Place, _ kind: Kind, _ name: String) -> Value {
        func map(_ entries: [(String, Value?)]) -> Value {
            .map(Map(unsorted: entries.compactMap { key, value in value.map { Map.Entry(key: key, value: $0) } }))
        }
        func text(_ text: String) -> Value? { text.isEmpty ? nil : .string(text) }
        func kindOf(_ kind: Kind) -> Value {
            map([("group", .string(kind.group)), ("version", .string(kind.version)), ("kind", .string(kind.name))])
        }
        func resource(_ group: String, _ version: String) -> Value {
            map([
                ("group", .string(group)), ("version", .string(version)),
                ("resource", .string(attributes.resource.plural)),
            ])
        }
        let (own, kind) = attributes.connection?.type.kind.map { ($0, $0) } ?? (attributes.kind, kind)
        let identity = attributes.identity
        let user = map([
            ("username", text(identity.user)), ("uid", text(identity.uid)),
            ("groups", identity.groups.isEmpty ? nil : .list(identity.groups.map(Value.string))),
            (
                "extra",
                identity.extra.isEmpty ? nil : map(identity.extra.map { ($0.key, .list($0.value.map(Value.string))) })
            ),
        ])
        return map([
            ("kind", kindOf(kind)), ("resource", resource(place.group, place.version)),
            ("subResource", text(attributes.resource.subresource)), ("requestKind", kindOf(own)),
            ("requestResource", resource(attributes.kind.group, attributes.kind.version)),
            ("requestSubResource", text(attributes.resource.subresource)), ("name", .string(name)),
            ("namespace", text(isNamespaceObject ? name : attributes.resource.namespace ?? "")),
            ("operation", .string(matching.operation)), ("userInfo", user),
            ("dryRun", .bool(attributes.options.dryRun)), ("options", options(map)),
        ])
    }

    private func options(_ map: ([(String, Value?)]) -> Value) -> Value {
        let names: [APIRequest.Verb: String] = [.create: "CreateOptions", .delete: "DeleteOptions"]
        let options = attributes.options
        return map([
            ("kind", .string(names[attributes.verb] ?? "UpdateOptions")), ("apiVersion", .string("meta.k8s.io/v1")),
            ("fieldManager", options.fieldManager.isEmpty ? nil : .string(options.fieldManager)),
            ("fieldValidation", options.fieldValidation.isEmpty ? nil : .string(options.fieldValidation)),
            ("dryRun", options.dryRun ? .list([.string("All")]) : nil),
        ])
    }
}

/// Answers the authorization checks of expressions as the caller of the request, or as a service account.
struct PolicyAuthorizer: CELAuthorizer {
    let identity: Identity
    let registry: Registry

    func authorize(_ request: CELAuthorizationRequest) -> CELAuthorizationDecision {
        guard request.path.isEmpty else {
            let decision = registry.authorizer.decide(AccessRequest(identity, verb: request.verb, path: request.path))
            return CELAuthorizationDecision(isAllowed: decision.isAllowed, reason: decision.reason)
        }
        var resource = ResourceName(group: request.group, version: "v1", plural: request.resource)
        resource.namespace = request.namespace.isEmpty ? nil : request.namespace
        resource.name = request.name.isEmpty ? nil : request.name
        resource.subresource = request.subresource
        let refusal = registry.permits(identity, request.verb, resource)
        return CELAuthorizationDecision(isAllowed: refusal == nil, reason: refusal?.message ?? "")
    }

    func serviceAccount(namespace: String, name: String) -> any CELAuthorizer {
        let account = Identity(
            user: "system:serviceaccount:\(namespace):\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)", "system:authenticated"])
        return PolicyAuthorizer(identity: account, registry: registry)
    }
}

extension Registry {
    /// The resource of a `paramKind`.
    func resource(_ kind: Object) -> ServedResource? {
        served.all.first { $0.kind.apiVersion == kind.text("apiVersion") && $0.kind.name == kind.text("kind") }
    }
}
