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
        deleteOne(request, resource, identity, try Registry.deleteOptions(request), tries: 0, completion)
    }

    static func deleteOptions(_ request: APIRequest) throws(APIError) -> DeleteOptions {
        var options = DeleteOptions()
        if let object = request.object {
            guard object.type == DeleteOptions.type else {
                throw APIError.badRequest("the body of a delete must be DeleteOptions")
            }
            options = DeleteOptions(object: object)
        }
        var errors: [FieldError] = []
        let policy = "propagationPolicy"
        if let wanted = options.propagationPolicy {
            if options.orphanDependents != nil {
                errors.append(
                    FieldError(
                        .invalid, policy,
                        "Invalid value: \(wanted.debugDescription): orphanDependents and deletionPropagation cannot be both set"
                    ))
            }
            if !["Background", "Foreground", "Orphan"].contains(wanted) {
                errors.append(unsupported(policy, wanted, ["Foreground", "Background", "Orphan", "nil"]))
            }
        }
        if let wrong = options.dryRun.first(where: { $0 != "All" }) {
            errors.append(unsupported("dryRun", wrong, ["All"]))
        }
        guard errors.isEmpty else { throw APIError.invalidOptions("DeleteOptions", errors) }
        // Less than nothing is the least: a second.
        if let grace = options.gracePeriodSeconds, grace < 0 { options.gracePeriodSeconds = 1 }
        return options
    }

    func deleteOne(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ options: DeleteOptions, tries: Int,
        _ completion: @escaping Completion
    ) {
        guard mustLeave(request, resource, "DELETE") else {
            return deleteHere(request, resource, identity, options, tries: tries, completion)
        }
        offLoop(request, completion) { [self] request in
            deleteHere(request, resource, identity, options, tries: tries, completion)
        }
    }

    private func deleteHere(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ options: DeleteOptions, tries: Int,
        _ completion: @escaping Completion
    ) {
        do throws(APIError) {
            let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
            guard let current = try current(key, resource) else { throw APIError.notFound(request.resource) }
            try checkPreconditions(options, current, request.resource, resource.kind)
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
            // Who asked by this old option that dependents go too is told that the object itself is still there.
            let code = options.orphanDependents == false ? 202 : 200
            let isDone = isDone(object, resource)
            if request.options.dryRun || !options.dryRun.isEmpty {
                return completion(
                    .success(isDone ? Registry.deleted(current, request, resource) : .object(object, code: code)))
            }
            if isDone { return remove(current, request, resource, answering: nil, again) }
            if object == current.object { return completion(.success(.object(object, code: code))) }
            write(.update(key, try encode(object, resource), modified: current.revision), key, resource) { result in
                guard code != 200, case .success(.stored(let left, _)) = result else { return again(result) }
                again(.success(.object(left.object, code: code)))
            }
        } catch {
            completion(.failure(error))
        }
    }

    private func checkPreconditions(
        _ options: DeleteOptions, _ current: CachedObject, _ name: ResourceName, _ kind: Kind
    ) throws(APIError) {
        guard let wanted = options.preconditions else { return }
        // Upstream says the kind here, not the resource.
        var resource = ResourceName(group: name.group, version: name.version, plural: kind.name)
        resource.name = current.name
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
        if let deletion = metadata.deletionTimestamp {
            hasten(&metadata, deletion, options)
        } else {
            let grace = gracePeriod(object, options, resource)
            metadata.deletionTimestamp = runtime.now().advanced(by: .seconds(grace))
            metadata.deletionGracePeriodSeconds = grace
            if resource.strategy.hasGeneration, metadata.generation > 0 { metadata.generation += 1 }
        }
        object.metadata = metadata
        if resource.kind.name == "Namespace", resource.kind.group.isEmpty {
            var namespace = Namespace(object: object)
            namespace.status.phase = "Terminating"
            object = namespace.object
        }
        return object
    }

    /// A deletion that is under way can only be hastened, and not into the past.
    private func hasten(_ metadata: inout ObjectMeta, _ deletion: Timestamp, _ options: DeleteOptions) {
        guard let wanted = options.gracePeriodSeconds, let before = metadata.deletionGracePeriodSeconds,
            wanted < before
        else { return }
        let now = runtime.now()
        let end = deletion.advanced(by: .seconds(wanted - before))
        metadata.deletionTimestamp = end < now ? now : end
        // Its time is over, but whoever ends it gracefully is still to do so.
        metadata.deletionGracePeriodSeconds = end < now && wanted != 0 ? 1 : wanted
    }

    /// Only pods on a node have somebody who ends them: everything else goes at once.
    private func gracePeriod(_ object: Object, _ options: DeleteOptions, _ resource: ServedResource) -> Int64 {
        guard resource.kind.name == "Pod", resource.kind.group.isEmpty else { return 0 }
        let pod = Pod(object: object)
        if pod.spec.nodeName.isEmpty || pod.status.phase == "Failed" || pod.status.phase == "Succeeded" { return 0 }
        let grace = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
        return grace < 0 ? 1 : min(grace, Registry.gracePeriodMax)
    }

    /// In seconds, 100 years: what is longer would lead out of what a time can say.
    private static let gracePeriodMax: Int64 = 3_155_760_000

    /// Takes the object out of the store.
    func remove(
        _ current: CachedObject, _ request: APIRequest, _ resource: ServedResource, answering object: Object?,
        _ completion: @escaping Completion
    ) {
        let deletion = Transaction.delete(current.key, modified: current.revision)
        store.commit(withAddresses(deletion, nil, old: current.object, resource)) { result in
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
}
