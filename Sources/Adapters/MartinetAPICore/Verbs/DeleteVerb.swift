import MartinetStrategies
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore

extension Registry {
    func delete(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        var options = DeleteOptions()
        if let object = request.object {
            guard object.type == DeleteOptions.type else {
                throw APIError.badRequest("the body of a delete must be DeleteOptions")
            }
            options = DeleteOptions(object: object)
        }
        try Registry.check(options)
        deleteOne(request, resource, identity, options, tries: 0, completion)
    }

    private static func check(_ options: DeleteOptions) throws(APIError) {
        if let policy = options.propagationPolicy, !["Background", "Foreground", "Orphan"].contains(policy) {
            throw APIError(
                code: 422, reason: "Invalid",
                message:
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \(policy.debugDescription): supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
            )
        }
        if options.propagationPolicy != nil, options.orphanDependents != nil {
            throw APIError(
                code: 422, reason: "Invalid",
                message:
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: orphanDependents and deletionPropagation cannot be both set"
            )
        }
    }

    private func deleteOne(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ options: DeleteOptions, tries: Int,
        _ completion: @escaping Completion
    ) {
        do throws(APIError) {
            let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
            guard let current = resource.cache.get(key) else { throw APIError.notFound(request.resource) }
            try checkPreconditions(options, current, request.resource)
            var attributes = AdmissionAttributes(
                request, verb: .delete, kind: resource.kind, identity: identity, object: current.object,
                old: current.object)
            try admission.admit(&attributes, in: self)
            try admission.validate(attributes, in: self)
            let object = marked(current.object, options, resource)
            let again: Completion = { result in
                if case .failure(let error) = result, error.isConflict, tries < 16 {
                    return self.deleteOne(request, resource, identity, options, tries: tries + 1, completion)
                }
                completion(result)
            }
            if request.options.dryRun || options.dryRun == ["All"] {
                return completion(.success(.object(object, code: 200)))
            }
            if isDone(object, resource) { return remove(current, request, resource, answering: nil, again) }
            if object == current.object { return completion(.success(.stored(current, isNew: false))) }
            write(.update(key, encode(object, resource), modified: current.revision), key, resource, again)
        } catch {
            completion(.failure(error))
        }
    }

    private func checkPreconditions(
        _ options: DeleteOptions, _ current: CachedObject, _ resource: ResourceName
    ) throws(APIError) {
        guard let wanted = options.preconditions else { return }
        let metadata = current.object.metadata
        if let uid = wanted.uid, uid != metadata.uid {
            throw APIError.conflict(
                resource,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(metadata.uid)). The object might have been deleted and then recreated"
            )
        }
        if let version = wanted.resourceVersion, version != metadata.resourceVersion {
            throw APIError.conflict(
                resource,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record (\(metadata.resourceVersion)). The object might have been modified"
            )
        }
    }

    /// The object as a deletion leaves it: with a time of deletion, its grace period, and what has to be waited for.
    private func marked(_ current: Object, _ options: DeleteOptions, _ resource: ServedResource) -> Object {
        var object = current
        var metadata = object.metadata
        var policy = options.propagationPolicy
        if policy == nil, let orphan = options.orphanDependents { policy = orphan ? "Orphan" : "Background" }
        if metadata.deletionTimestamp == nil || policy != nil {
            metadata.finalizers.removeAll {
                $0 == "foregroundDeletion" && policy != nil || $0 == "orphan" && policy != nil
            }
            if policy == "Foreground" { metadata.finalizers.append("foregroundDeletion") }
            if policy == "Orphan" { metadata.finalizers.append("orphan") }
        }
        let grace = gracePeriod(object, options, resource)
        if metadata.deletionTimestamp == nil {
            metadata.deletionTimestamp = runtime.now().advanced(by: .seconds(grace))
            metadata.deletionGracePeriodSeconds = grace
            if resource.strategy.hasGeneration, metadata.generation > 0 { metadata.generation += 1 }
        } else if let before = metadata.deletionGracePeriodSeconds, grace < before {
            // A deletion can only be hastened.
            metadata.deletionTimestamp = runtime.now().advanced(by: .seconds(grace))
            metadata.deletionGracePeriodSeconds = grace
        }
        object.metadata = metadata
        if resource.kind.name == "Namespace", resource.kind.group.isEmpty {
            var namespace = Namespace(object: object)
            namespace.status.phase = "Terminating"
            object = namespace.object
        }
        return object
    }

    /// Only pods on a node have somebody who ends them: everything else goes at once.
    private func gracePeriod(_ object: Object, _ options: DeleteOptions, _ resource: ServedResource) -> Int64 {
        guard resource.kind.name == "Pod", resource.kind.group.isEmpty else { return 0 }
        let pod = Pod(object: object)
        if pod.spec.nodeName.isEmpty || pod.status.phase == "Failed" || pod.status.phase == "Succeeded" { return 0 }
        return max(0, options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
    }

    /// Takes the object out of the store.
    func remove(
        _ current: CachedObject, _ request: APIRequest, _ resource: ServedResource, answering object: Object?,
        _ completion: @escaping Completion
    ) {
        store.commit(.delete(current.key, modified: current.revision)) { result in
            switch result {
            case .success(.committed):
                completion(
                    .success(object.map { .object($0, code: 200) } ?? Registry.deleted(current, request, resource)))
            case .success(.conflict(_, let stored)):
                completion(
                    .failure(
                        stored == nil ? .notFound(request.resource) : .conflict(request.resource, APIError.staleObject))
                )
            case .failure(let error): completion(.failure(.store(error)))
            }
        }
    }

    /// Most kinds answer a deletion with a Status that says what went; pods, services and a few more with themselves.
    private static func deleted(_ current: CachedObject, _ request: APIRequest, _ resource: ServedResource) -> Reply {
        if resource.kind.group.isEmpty, ["Pod", "Service", "ServiceAccount", "Namespace"].contains(resource.kind.name) {
            return .object(current.object, code: 200)
        }
        let details = StatusDetails {
            $0.name = current.name
            $0.group = resource.kind.group
            $0.kind = resource.kind.plural
            $0.uid = current.object.metadata.uid
        }
        let status = Status {
            $0.status = "Success"
            $0.details = details
        }
        return .object(status.object, code: 200)
    }

    func deleteCollection(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let selection = try Registry.selection(request)
        try checkSelectable(selection, resource)
        guard let page = resource.cache.page(selection, from: nil, limit: 0, at: nil) else { return }
        let reply = Reply.list(
            .init(kind: resource.kind, objects: page.objects, revision: page.revision, continue: "", remaining: nil))
        deleteNext(page.objects[...], request, resource, identity, reply, completion)
    }

    private func deleteNext(
        _ objects: ArraySlice<CachedObject>, _ request: APIRequest, _ resource: ServedResource, _ identity: Identity,
        _ reply: Reply, _ completion: @escaping Completion
    ) {
        guard let object = objects.first else { return completion(.success(reply)) }
        var single = request
        single.verb = .delete
        single.resource.namespace = resource.kind.isNamespaced ? object.namespace : nil
        single.resource.name = object.name
        do throws(APIError) {
            try delete(single, resource, identity) { result in
                if case .failure(let error) = result, !error.isNotFound { return completion(.failure(error)) }
                self.deleteNext(objects.dropFirst(), request, resource, identity, reply, completion)
            }
        } catch {
            completion(.failure(error))
        }
    }
}
