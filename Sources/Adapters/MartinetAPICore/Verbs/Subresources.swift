import MartinetBase
import MartinetAPI
import MartinetClient
import MartinetSchema

extension Registry {
    func handleSubresource(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let name = request.resource.subresource
        guard let declared = resource.kind.subresources.first(where: { $0.name == name }) else {
            throw APIError.noSuchPath
        }
        guard declared.verbs.contains(request.verb.rawValue) else {
            throw APIError.methodNotAllowed(request.verb.rawValue)
        }
        if reviewsBody(request, resource, identity, completion) { return }
        switch name {
        case "status": try status(request, resource, identity, completion)
        case let part where SubresourceScope.parts.contains(part):
            try status(request, resource, identity, completion)
        case "scale": try scale(request, resource, identity, completion)
        case "binding": try bind(request, resource, identity, completion)
        case "finalize": try finalize(request, resource, identity, completion)
        case "eviction": try evict(request, resource, identity, completion)
        case "token": try token(request, resource, identity, completion)
        default:
            throw APIError(
                code: 501, reason: "NotImplemented",
                message: "the subresource \(resource.kind.plural)/\(name) is not served by this version")
        }
    }

    private func status(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        switch request.verb {
        case .get: completion(.success(try get(request, resource)))
        case .update: try update(request, resource, identity, completion)
        case .patch: try patch(request, resource, identity, completion)
        default: throw APIError.methodNotAllowed(request.verb.rawValue)
        }
    }

    /// The finalizers of a namespace's spec; nothing else changes.
    private func finalize(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let wanted = Namespace(object: try body(request, resource.kind.type))
        change(request, resource, identity, .update, completion) { current in
            var namespace = Namespace(object: current.object)
            namespace.spec.finalizers = wanted.spec.finalizers
            namespace.metadata.resourceVersion = wanted.metadata.resourceVersion
            return namespace.object
        }
    }

    /// Places a pod on a node, once.
    private func bind(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let binding = Binding(object: try body(request, Binding.type))
        let node = binding.target.name
        guard !node.isEmpty, binding.target.kind.isEmpty || binding.target.kind == "Node" else {
            throw APIError.badRequest("a binding must name a Node as its target")
        }
        let now = runtime.now()
        let target = request.resource
        var update = request
        update.verb = .patch
        update.isReviewed = true
        change(
            update, resource, identity, .none,
            { result in completion(result.map { _ in .object(Registry.success.object, code: 201) }) }
        ) { current in
            var pod = Pod(object: current.object)
            if pod.metadata.deletionTimestamp != nil {
                throw APIError.conflict(
                    target, "pod \(pod.metadata.name) is being deleted, cannot be assigned to a host")
            }
            if !binding.metadata.uid.isEmpty, binding.metadata.uid != pod.metadata.uid {
                throw APIError.conflict(target, "Precondition failed: the pod is another one of the same name")
            }
            guard pod.spec.nodeName.isEmpty else {
                throw APIError.conflict(
                    target, "pod \(pod.metadata.name) is already assigned to node \"\(pod.spec.nodeName)\"")
            }
            pod.spec.nodeName = node
            for (key, value) in binding.metadata.annotations { pod.metadata.annotations[key] = value }
            pod.status.conditions.removeAll { $0.type == "PodScheduled" }
            pod.status.conditions.append(
                PodCondition {
                    $0.type = "PodScheduled"
                    $0.status = "True"
                    $0.lastTransitionTime = now
                })
            return pod.object
        }
    }

    static let success = Status { $0.status = "Success" }

    /// Deletes a pod as far as its disruption budget lets it go.
    private func evict(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let eviction = Eviction(object: try body(request, Eviction.type))
        guard eviction.metadata.name == request.resource.name else {
            throw APIError.badRequest(
                "the name of the Eviction (\(eviction.metadata.name.debugDescription)) does not match the name on the URL "
                    + "(\((request.resource.name ?? "").debugDescription))")
        }
        var deletion = request
        deletion.verb = .delete
        deletion.resource.subresource = ""
        // Webhooks see the eviction, as upstream's.
        deletion.isReviewed = true
        deletion.object = eviction.deleteOptions?.object
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        guard let pod = resource.cache.get(key) else { throw APIError.notFound(deletion.resource) }
        let final = deletion
        takeDisruption(for: pod.object, dryRun: request.options.dryRun) { refusal in
            if let refusal { return completion(.failure(refusal)) }
            do throws(APIError) {
                try self.delete(final, resource, identity) { result in
                    completion(result.map { _ in .object(Registry.success.object, code: 201) })
                }
            } catch {
                completion(.failure(error))
            }
        }
    }
}
