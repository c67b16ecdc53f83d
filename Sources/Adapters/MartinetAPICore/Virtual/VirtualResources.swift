import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetStrategies

// Resources of which nothing is stored.
extension Registry {
    func handleVirtual(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        guard resource.kind.verbs.contains(request.verb.rawValue), request.resource.subresource.isEmpty else {
            throw APIError.methodNotAllowed(request.verb.rawValue)
        }
        switch resource.kind.name {
        case "Binding": try bindByBody(request, resource, identity, completion)
        case "ComponentStatus": try componentStatus(request, resource, completion)
        default: try review(request, resource, identity, completion)
        }
    }

    private func review(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        guard let handler = reviews["\(resource.kind.apiVersion).\(resource.kind.name)"] else {
            throw APIError(
                code: 501, reason: "NotImplemented",
                message: "\(resource.kind.plural).\(resource.kind.group) is not served by this version")
        }
        var object = try body(request, resource.kind.type)
        try placeInNamespace(&object, request, resource.kind)
        Defaults.apply(to: &object)
        resource.strategy.setDefaults(&object)
        resource.strategy.prepareForCreate(&object)
        // What is never stored needs no name; all else about it is the handler's to judge.
        let errors = resource.strategy.validate(object).filter { !$0.field.hasPrefix("metadata.name") }
        guard errors.isEmpty else { throw APIError.invalid(resource.kind, object.metadata.name, errors) }
        handler.review(object, request.resource, as: identity) { result in
            completion(result.map { .object($0, code: 201) })
        }
    }

    /// A binding that names its pod in its metadata instead of the path.
    private func bindByBody(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let binding = try body(request, Binding.type)
        var bind = request
        bind.resource = ResourceName(
            version: "v1", plural: "pods", namespace: request.resource.namespace, name: binding.metadata.name,
            subresource: "binding")
        guard let pods = served[bind.resource], !binding.metadata.name.isEmpty else {
            throw APIError.badRequest("a binding must name its pod")
        }
        try handleSubresource(bind, pods, identity, completion)
    }

    private func componentStatus(
        _ request: APIRequest, _ resource: ServedResource, _ completion: @escaping Completion
    ) throws(APIError) {
        let states = health.states(of: store)
        let objects = states.map { state in
            CachedObject(
                key: state.name, namespace: "", name: state.name, revision: .none,
                json: JSONEncoder.encode(Registry.object(state, resource.kind)), type: resource.kind.type, labels: [],
                fields: [])
        }
        if request.verb == .list {
            let list = Reply.List(
                kind: resource.kind, objects: objects, revision: .none, continue: "", remaining: nil)
            return completion(.success(.list(list)))
        }
        guard let found = objects.first(where: { $0.name == request.resource.name }) else {
            throw APIError.notFound(request.resource)
        }
        completion(.success(.object(found.object, code: 200)))
    }

    private static func object(_ state: ComponentState, _ kind: Kind) -> Object {
        var object = Object(type: kind.type)
        var metadata = object.metadata
        metadata.name = state.name
        object.metadata = metadata
        guard let field = kind.type.field(named: "conditions"), let type = field.type else { return object }
        var condition = Object(type: type)
        _ = condition.setValue(.string("Healthy"), at: ".type")
        _ = condition.setValue(.string(state.isHealthy ? "True" : "False"), at: ".status")
        _ = condition.setValue(.string(state.message), at: state.isHealthy ? ".message" : ".error")
        object[field.slot] = .list([.object(condition)])
        return object
    }
}
