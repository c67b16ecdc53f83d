import MartinetAuthorization
import MartinetBase
import MartinetAPI
import MartinetClient
import MartinetManagedFields
import MartinetPatch
import MartinetSchema
import MartinetStore
import MartinetStrategies

/// What an update makes of the object that is stored.
typealias Change = @Sendable (_ current: CachedObject) throws -> Object

extension Registry {
    /// How often an update that is based on no certain version is tried again when another came first.
    private static let conflictTries = 16

    func update(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        var object = try body(request, resource.kind.type)
        try placeInNamespace(&object, request, resource.kind)
        let name = request.resource.name ?? ""
        var metadata = object.metadata
        if metadata.name.isEmpty { metadata.name = name }
        guard metadata.name == name else {
            throw APIError.badRequest(
                "the name of the object (\(metadata.name)) does not match the name on the URL (\(name))")
        }
        object.metadata = metadata
        if !metadata.resourceVersion.isEmpty { _ = try Registry.revision(metadata.resourceVersion) }
        let isUnconditional = metadata.resourceVersion.isEmpty || metadata.resourceVersion == "0"
        if request.resource.subresource.isEmpty, resource.strategy.requiresResourceVersionOnUpdate, isUnconditional {
            var error = APIError.invalid(
                resource.kind, name,
                [
                    FieldError(
                        .invalid, "metadata.resourceVersion", "Invalid value: 0: must be specified for an update",
                        origin: "resourceVersion")
                ])
            // Upstream names the resource here, not the kind.
            error.kind = resource.kind.plural
            throw error
        }
        let key = resource.key(namespace: request.resource.namespace, name: name)
        if resource.cache.get(key) == nil, resource.strategy.allowsCreateOnUpdate, request.resource.subresource.isEmpty,
            isUnconditional
        {
            var creation = request
            creation.verb = .create
            creation.resource.name = nil
            creation.object = object
            try checkCreation(request, identity)
            return try create(creation, resource, identity, completion)
        }
        let replacement = object
        change(request, resource, identity, .update, completion) { _ in replacement }
    }

    /// Who makes by an update or by applying what is not there yet must be allowed to create.
    func checkCreation(_ request: APIRequest, _ identity: Identity) throws(APIError) {
        var access = AccessRequest(identity, request)
        access.verb = "create"
        if let refusal = authorizer.refusal(access) { throw refusal }
    }

    func patch(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        guard let patch = request.patch else { throw APIError.badRequest("the request has no patch") }
        if patch.type == .apply { return try apply(patch.document, request, resource, identity, completion) }
        guard let type = PatchType(rawValue: patch.type.rawValue) else {
            throw APIError.unsupportedMediaType(patch.type.rawValue, PatchType.allCases.map(\.rawValue))
        }
        let document = patch.document
        let strict = request.options.fieldValidation == "Strict"
        change(request, resource, identity, .update, completion) { current in
            let result: (object: Object, issues: [FieldIssue])
            do throws(PatchError) {
                result = try Patcher.apply(document, type, to: current.object)
            } catch {
                throw APIError.patch(error)
            }
            if strict, !result.issues.isEmpty {
                let texts = result.issues.map(\.description).joined(separator: ", ")
                throw APIError.patch(PatchError(.invalidResult, "strict decoding error: \(texts)"))
            }
            return result.object
        }
    }

    /// Applies a change to what is stored and commits it, again when another write came between and nothing forbids it.
    func change(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ tracking: Tracking, tries: Int = 0,
        _ completion: @escaping Completion, _ change: @escaping Change
    ) {
        guard mustLeave(request, resource, "UPDATE") else {
            return changeHere(request, resource, identity, tracking, tries: tries, completion, change)
        }
        offLoop(request, completion) { [self] request in
            changeHere(request, resource, identity, tracking, tries: tries, completion, change)
        }
    }

    private func changeHere(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ tracking: Tracking, tries: Int,
        _ completion: @escaping Completion, _ change: @escaping Change
    ) {
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        do {
            guard let current = try current(key, resource) else { throw APIError.notFound(request.resource) }
            let changed = try change(current)
            try Registry.checkName(changed, request.resource, resource.kind)
            let based = changed.metadata.resourceVersion
            let isConditional =
                !based.isEmpty && based != "0"
                && (request.verb == .update || based != current.object.metadata.resourceVersion)
            if isConditional, based != String(current.revision.value) {
                throw APIError.conflict(request.resource, APIError.staleObject)
            }
            if !changed.metadata.uid.isEmpty, changed.metadata.uid != current.object.metadata.uid {
                throw APIError.conflict(
                    request.resource,
                    "Precondition failed: UID in precondition: \(changed.metadata.uid), UID in object meta: \(current.object.metadata.uid)"
                )
            }
            let object = try prepare(changed, over: current, request, resource, identity, tracking)
            try commitChange(object, over: current, request, resource) { result in
                self.admission.finished(key)
                if case .failure(let error) = result, error.isConflict, !isConditional, tries < Registry.conflictTries {
                    return self.change(request, resource, identity, tracking, tries: tries + 1, completion, change)
                }
                completion(result)
            }
        } catch let error as APIError {
            completion(.failure(error))
        } catch {
            completion(.failure(.internalError("\(error)")))
        }
    }

    private func prepare(
        _ changed: Object, over current: CachedObject, _ request: APIRequest, _ resource: ServedResource,
        _ identity: Identity, _ tracking: Tracking
    ) throws(APIError) -> Object {
        let old = current.object
        var object = changed
        Defaults.apply(to: &object)
        resource.strategy.setDefaults(&object)
        if tracking == .update { track(&object, over: current, request, resource) }
        let managed = tracking == .none ? old.managedFieldsList : object.managedFieldsList
        keepSystemMetadata(&object, old)
        let subresource = request.resource.subresource
        resource.strategy.prepareForUpdate(&object, old: old, through: subresource)
        SubresourceScope.restrict(&object, old: old, through: subresource)
        if object.managedFieldsList != managed { object.setManagedFieldsList(managed) }
        bumpGeneration(&object, old, resource, isStatus: subresource == "status")
        var attributes = AdmissionAttributes(
            request, verb: .update, kind: resource.kind, identity: identity, object: object, old: old,
            isBased: !changed.metadata.uid.isEmpty)
        try admission.admit(&attributes, in: self)
        resettle(&attributes, prepared: object, over: current, resource)
        object = attributes.object
        let errors = resource.strategy.validateUpdate(object, old: old, through: subresource)
        guard errors.isEmpty else { throw APIError.invalid(resource.kind, object.metadata.name, errors) }
        try admission.validate(attributes, in: self)
        warn(request, resource, object, old: old, sent: changed)
        return object
    }

    /// What the system wrote into the metadata stays, whatever the client sent.
    func keepSystemMetadata(_ object: inout Object, _ old: Object) {
        var metadata = object.metadata
        let before = old.metadata
        metadata.uid = before.uid
        metadata.creationTimestamp = before.creationTimestamp
        metadata.deletionTimestamp = before.deletionTimestamp
        metadata.deletionGracePeriodSeconds = before.deletionGracePeriodSeconds
        metadata.generation = before.generation
        metadata.namespace = before.namespace
        metadata.selfLink = ""
        metadata.resourceVersion = before.resourceVersion
        object.metadata = metadata
    }

    /// The generation counts changes of everything but metadata and status.
    func bumpGeneration(_ object: inout Object, _ old: Object, _ resource: ServedResource, isStatus: Bool) {
        guard resource.strategy.hasGeneration else { return }
        let apart = ["metadata", "status"].compactMap { resource.kind.type.field(named: $0)?.slot }
        func significant(_ object: Object) -> Object {
            var object = object
            for slot in apart { object[slot] = nil }
            return object
        }
        // A Deployment copies its annotations to what it makes: they count too (upstream's deployment strategy).
        let isAnnotated = !isStatus && resource.kind.group == "apps" && resource.kind.name == "Deployment"
        guard
            significant(object) != significant(old)
                || (isAnnotated && object.metadata.annotations != old.metadata.annotations)
        else { return }
        var metadata = object.metadata
        metadata.generation = old.metadata.generation + 1
        object.metadata = metadata
    }

    private func commitChange(
        _ prepared: Object, over current: CachedObject, _ request: APIRequest, _ resource: ServedResource,
        _ completion: @escaping Completion
    ) throws(APIError) {
        var object = prepared
        if resource.kind.name == "Service", resource.kind.group.isEmpty, request.resource.subresource.isEmpty {
            do throws(ServiceAllocator.AllocationError) {
                try allocator.allocate(&object, old: current.object, seed: runtime.random())
            } catch {
                throw APIError.invalid(
                    resource.kind, object.metadata.name, [error.fieldError])
            }
        }
        // Nothing changed: nothing is written, and nobody hears of it.
        let isSame = object == current.object || Registry.differsInTimesOnly(object, current.object)
        // Writing what is there already moves it into the storage version: so are stored objects migrated.
        if isSame, current.isMigrated {
            return completion(.success(.stored(current, isNew: false)))
        }
        if request.options.dryRun {
            if resource.kind.name == "Service" { allocator.release(object, keeping: current.object) }
            return completion(.success(.object(object, code: 200)))
        }
        if isDone(object, resource) {
            return remove(current, request, resource, answering: object, completion)
        }
        let update = Transaction.update(
            current.key, try encode(object, resource), modified: current.revision, expires: expiry(resource))
        write(
            withAddresses(update, object, old: current.object, resource), current.key, resource
        ) { [prepared = object] result in
            if case .failure = result, resource.kind.name == "Service", let now = resource.cache.get(current.key) {
                self.allocator.release(prepared, keeping: now.object)
            }
            completion(result)
        }
    }

    /// Whether an object that is being deleted has nothing left to wait for.
    func isDone(_ object: Object, _ resource: ServedResource) -> Bool {
        let metadata = object.metadata
        guard metadata.deletionTimestamp != nil, metadata.finalizers.isEmpty,
            metadata.deletionGracePeriodSeconds ?? 0 == 0
        else { return false }
        guard resource.kind.name == "Namespace", resource.kind.group.isEmpty else { return true }
        return Namespace(object: object).spec.finalizers.isEmpty
    }
}

extension APIError {
    /// A refused patch says nothing about the object, but for a result that is none.
    static func patch(_ error: PatchError) -> APIError {
        switch error.code {
        case .malformed: return badRequest(error.message)
        case .unprocessable:
            return APIError(
                code: 422, reason: "Invalid",
                message: "the server rejected our request due to an error in our request: \(error.message)")
        case .invalidResult:
            let text = "Invalid value: \(error.message)"
            var invalid = APIError(code: 422, reason: "Invalid", message: " \"\" is invalid: patch: \(text)")
            invalid.causes = [Cause(reason: "FieldValueInvalid", field: "patch", message: text)]
            return invalid
        case .unsupported: return APIError(code: 415, reason: "UnsupportedMediaType", message: error.message)
        }
    }
}
