import MartinetAPI
import MartinetClient
import MartinetPatch
import MartinetSchema
import MartinetSelectors

extension Registry {
    /// Reads and writes how many replicas a workload has, in the same form for every kind that has some.
    func scale(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        guard let current = resource.cache.get(key) else { throw APIError.notFound(request.resource) }
        let answer: @Sendable (Result<Reply, APIError>) -> Void = { result in
            completion(result.map { .object(ScaleForm.scale(of: $0.tree), code: 200) })
        }
        switch request.verb {
        case .get: completion(.success(.object(ScaleForm.scale(of: current.object), code: 200)))
        case .update:
            let wanted = Scale(object: try body(request, Scale.type))
            change(request, resource, identity, answer) { try ScaleForm.apply(wanted, to: $0, request.resource) }
        case .patch:
            guard let patch = request.patch, let type = PatchType(rawValue: patch.type.rawValue) else {
                throw APIError.badRequest("the request has no patch")
            }
            change(request, resource, identity, answer) { object in
                let patched: Object
                do throws(PatchError) {
                    patched = try Patcher.apply(patch.document, type, to: ScaleForm.scale(of: object)).object
                } catch {
                    throw APIError.patch(error, request.resource)
                }
                return try ScaleForm.apply(Scale(object: patched), to: object, request.resource)
            }
        default: throw APIError.methodNotAllowed(request.verb.rawValue)
        }
    }
}

/// The Scale of an object, by the names that all scalable kinds share: spec.replicas, status.replicas, spec.selector.
enum ScaleForm {
    static func scale(of object: Object) -> Object {
        let metadata = object.metadata
        let spec = part(object, "spec")
        var scale = Scale()
        scale.metadata.name = metadata.name
        scale.metadata.namespace = metadata.namespace
        scale.metadata.uid = metadata.uid
        scale.metadata.resourceVersion = metadata.resourceVersion
        scale.metadata.creationTimestamp = metadata.creationTimestamp
        scale.spec.replicas = Int32(clamping: integer(spec, "replicas"))
        scale.status.replicas = Int32(clamping: integer(part(object, "status"), "replicas"))
        if let field = spec?.type.field(named: "selector"), case .object(let selector)? = spec?[field.slot],
            selector.type == MartinetAPI.LabelSelector.type
        {
            scale.status.selector = MartinetAPI.LabelSelector(object: selector).text
        }
        return scale.object
    }

    static func apply(_ scale: Scale, to object: Object, _ resource: ResourceName) throws(APIError) -> Object {
        guard scale.spec.replicas >= 0 else {
            throw APIError(
                code: 422, reason: "Invalid",
                message:
                    "Scale.autoscaling \"\(resource.name ?? "")\" is invalid: spec.replicas: Invalid value: \(scale.spec.replicas): must be greater than or equal to 0"
            )
        }
        var object = object
        guard let field = object.type.field(named: "spec"), var spec = part(object, "spec"),
            let replicas = spec.type.field(named: "replicas")
        else { throw APIError.noSuchPath }
        spec[replicas.slot] = .int(Int64(scale.spec.replicas))
        object[field.slot] = .object(spec)
        if !scale.metadata.resourceVersion.isEmpty { object.setResourceVersion(scale.metadata.resourceVersion) }
        return object
    }

    private static func part(_ object: Object, _ name: String) -> Object? {
        guard let field = object.type.field(named: name), case .object(let part)? = object[field.slot] else {
            return nil
        }
        return part
    }

    private static func integer(_ object: Object?, _ name: String) -> Int64 {
        guard let object, let field = object.type.field(named: name), case .int(let number)? = object[field.slot] else {
            return 0
        }
        return number
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
