import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetManagedFields
import MartinetPatch
import MartinetSchema
import MartinetSelectors
import MartinetStrategies

extension Registry {
    /// Reads and writes how many replicas a workload has, in the same form for every kind that has some.
    func scale(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        guard let current = try current(key, resource) else { throw APIError.notFound(request.resource) }
        guard let form = ScaleForm(resource.kind) else { throw APIError.noSuchPath }
        let answer: @Sendable (Result<Reply, APIError>) -> Void = { result in
            completion(result.map { .object(form.scale(of: $0.tree), code: 200) })
        }
        switch request.verb {
        case .get: completion(.success(.object(form.scale(of: current.object), code: 200)))
        case .update:
            let wanted = try body(request, Scale.type)
            change(request, resource, identity, .done, answer) { current in
                try self.scaled(current.object, form, request) { _ in wanted }
            }
        case .patch:
            guard let patch = request.patch else { throw APIError.badRequest("the request has no patch") }
            if patch.type == .apply {
                let config = try Registry.configuration(patch.document, request.options)
                return change(request, resource, identity, .done, answer) { current in
                    try self.applied(config, to: current.object, form, request)
                }
            }
            guard let type = PatchType(rawValue: patch.type.rawValue) else {
                throw APIError.unsupportedMediaType(patch.type.rawValue, PatchType.allCases.map(\.rawValue))
            }
            change(request, resource, identity, .done, answer) { current in
                try self.scaled(current.object, form, request) { scale in
                    do throws(PatchError) {
                        return try Patcher.apply(patch.document, type, to: scale).object
                    } catch {
                        throw APIError.patch(error)
                    }
                }
            }
        default: throw APIError.methodNotAllowed(request.verb.rawValue)
        }
    }

    /// The object after its Scale was changed by an update or patch.
    private func scaled(
        _ object: Object, _ form: ScaleForm, _ request: APIRequest, _ change: (Object) throws -> Object
    ) throws -> Object {
        let tracking = form.tracking(of: object)
        var before = form.scale(of: object, isChanged: true)
        var after = try change(before)
        before.setManagedFields(tracking.entries)
        after.setManagedFieldsList(nil)
        scaleManager.update(live: before, object: &after, name: request.options.manager, now: runtime.now())
        let entries = tracking.merged(with: after.managedFields(isCanonical: true))
        return try form.apply(Scale(object: after), to: object, entries, request.resource)
    }

    private func applied(
        _ config: Value, to object: Object, _ form: ScaleForm, _ request: APIRequest
    ) throws -> Object {
        let tracking = form.tracking(of: object)
        var before = form.scale(of: object, isChanged: true)
        before.setManagedFields(tracking.entries)
        guard form.isTyped || !tracking.entries.isEmpty else {
            throw APIError.badRequest(
                "the replicas have no manager yet, so that their Scale cannot be applied: apply the object itself")
        }
        let application = FieldManager.Application(
            config: config, name: request.options.fieldManager, isForced: request.options.force, now: runtime.now())
        let after = try Registry.apply(application, scaleManager, before)
        let entries = tracking.merged(with: after.managedFields(isCanonical: true))
        return try form.apply(Scale(object: after), to: object, entries, request.resource)
    }

    private var scaleManager: FieldManager {
        FieldManager(
            type: Scale.type, apiVersion: ScaleTracking.scaleVersion, subresource: "scale", filter: .none,
            converter: OneVersion())
    }
}

/// Scales have one version.
private struct OneVersion: ObjectVersions {
    func type(for apiVersion: String) -> ObjectType? { apiVersion == ScaleTracking.scaleVersion ? Scale.type : nil }
    func convert(_ object: Object, to apiVersion: String) -> Object? {
        apiVersion == ScaleTracking.scaleVersion ? object : nil
    }
}

/// The Scale of the objects of a kind.
struct ScaleForm {
    private let kind: Kind
    private let paths: ScalePaths

    /// Nil for a kind that has none.
    init?(_ kind: Kind) {
        guard let paths = kind.scalePaths else { return nil }
        self.kind = kind
        self.paths = paths
    }

    /// Whether the kind is one of the schema's own. For the Scale of what has no protobuf form upstream cannot say what
    /// its fields were before they were managed.
    var isTyped: Bool { !kind.protobufPackage.isEmpty }

    func tracking(of object: Object) -> ScaleTracking {
        let path = paths.specReplicas.split(separator: ".").map { PathElement.field(String($0)) }
        let parent = object.managedFields(isCanonical: true)
        var known = [kind.apiVersion: path]
        // Built-in kinds have them in the same place in all versions.
        for entry in parent.entries where isTyped { known[entry.apiVersion] = path }
        return ScaleTracking(parent: parent, apiVersion: kind.apiVersion, paths: known)
    }

    /// - Parameter isChanged: whether a change is based on it, which must say what there is not.
    func scale(of object: Object, isChanged: Bool = false) -> Object {
        let metadata = object.metadata
        var scale = Scale()
        scale.metadata.name = metadata.name
        scale.metadata.namespace = metadata.namespace
        scale.metadata.uid = metadata.uid
        scale.metadata.resourceVersion = metadata.resourceVersion
        scale.metadata.creationTimestamp = metadata.creationTimestamp
        let wanted = paths.specReplicas(of: object)
        scale.spec.replicas = Int32(clamping: wanted ?? (isChanged && !isTyped ? ScaleForm.absent : 0))
        scale.status.replicas = Int32(clamping: paths.statusReplicas(of: object) ?? 0)
        if case .object(let selector)? = object.value(at: ".spec.selector"),
            selector.type == MartinetAPI.LabelSelector.type
        {
            scale.status.selector = MartinetAPI.LabelSelector(object: selector).text
        } else if let selector = paths.labelSelector(of: object) {
            scale.status.selector = selector
        }
        return scale.object
    }

    /// Stands for replicas that nothing was said about.
    private static let absent = Int64(Int32.min)

    func apply(
        _ scale: Scale, to object: Object, _ entries: ManagedFields, _ resource: ResourceName
    ) throws(APIError) -> Object {
        let replicas = Int64(scale.spec.replicas)
        guard replicas != ScaleForm.absent else {
            throw APIError.badRequest("the spec replicas field \(paths.specReplicas.debugDescription) cannot be empty")
        }
        try Registry.checkName(scale.object, resource, kind)
        if isTyped, replicas < 0 {
            let text = "Invalid value: \(replicas): must be greater than or equal to 0"
            throw APIError.invalid(
                Scale.kind, resource.name ?? "", [FieldError(.invalid, "spec.replicas", text, origin: "scale")])
        }
        var object = object
        guard paths.setSpecReplicas(replicas, of: &object) else { throw APIError.noSuchPath }
        if !scale.metadata.resourceVersion.isEmpty { object.setResourceVersion(scale.metadata.resourceVersion) }
        object.setManagedFields(entries)
        return object
    }
}

extension MartinetAPI.LabelSelector {
    /// As a query string has it.
    var text: String { requirements.description }

    /// What it asks of labels.
    var requirements: MartinetSelectors.LabelSelector {
        var requirements = matchLabels.map {
            MartinetSelectors.LabelSelector.Requirement(key: $0.key, operator: .equals, values: [$0.value])
        }
        for expression in matchExpressions {
            let operators: [String: MartinetSelectors.LabelSelector.Operator] = [
                "In": .in, "NotIn": .notIn, "Exists": .exists, "DoesNotExist": .doesNotExist,
            ]
            guard let name = operators[expression.operator] else { continue }
            requirements.append(.init(key: expression.key, operator: name, values: expression.values.sorted()))
        }
        return MartinetSelectors.LabelSelector(requirements: requirements)
    }
}
