import MartinetStrategies
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore

extension Registry {
    /// How often a generated name is drawn again when it is taken.
    private static let generateTries = 8
    /// How often a creation is tried again while something that it needs is just being made, and how long between.
    private static let waitTries = 40
    private static let waitStep = Duration.milliseconds(50)

    func create(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        if let name = request.resource.name, !name.isEmpty {
            throw APIError.methodNotAllowed("create with a name in the path")
        }
        create(request, resource, identity, .update, tries: 0, completion)
    }

    func create(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ tracking: Tracking, tries: Int,
        _ completion: @escaping Completion
    ) {
        guard mustLeave(request, resource, "CREATE") else {
            return createHere(request, resource, identity, tracking, tries: tries, completion)
        }
        offLoop(request, completion) { [self] request in
            createHere(request, resource, identity, tracking, tries: tries, completion)
        }
    }

    private func createHere(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ tracking: Tracking, tries: Int,
        _ completion: @escaping Completion
    ) {
        do throws(APIError) {
            let object = try prepare(request, resource, identity, tracking)
            let generated = try body(request, resource.kind.type).metadata.name.isEmpty
            let key = resource.key(namespace: object.metadata.namespace, name: object.metadata.name)
            commitCreate(object, request, resource) { result in
                self.admission.finished(key)
                if case .failure(let error) = result, error.isAlreadyExists, generated, tries < Registry.generateTries {
                    return self.create(request, resource, identity, tracking, tries: tries + 1, completion)
                }
                completion(result)
            }
        } catch {
            // A pod may come before its namespace's account, which is made a moment after the namespace.
            guard error.code == 403, error.retryAfterSeconds > 0, tries < Registry.waitTries else {
                return completion(.failure(error))
            }
            waiting.submit(after: Registry.waitStep) {
                self.create(request, resource, identity, tracking, tries: tries + 1, completion)
            }
        }
    }

    /// Everything between the decoded object and the store.
    private func prepare(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ tracking: Tracking
    ) throws(APIError) -> Object {
        var object = try body(request, resource.kind.type)
        let kind = resource.kind
        try placeInNamespace(&object, request, kind)
        var metadata = object.metadata
        // Without both, the kind's rules say what is missing; a few kinds name themselves.
        if metadata.name.isEmpty, !metadata.generateName.isEmpty {
            metadata.name = String(metadata.generateName.prefix(58)) + runtime.nameSuffix()
        }
        metadata.uid = runtime.uid()
        metadata.creationTimestamp = runtime.now()
        metadata.resourceVersion = ""
        metadata.selfLink = ""
        metadata.deletionTimestamp = nil
        metadata.deletionGracePeriodSeconds = nil
        metadata.generation = resource.strategy.hasGeneration ? 1 : 0
        object.metadata = metadata
        Defaults.apply(to: &object)
        resource.strategy.setDefaults(&object)
        if tracking == .update { track(&object, over: nil, request, resource) }
        resource.strategy.prepareForCreate(&object)
        var attributes = AdmissionAttributes(
            request, verb: .create, kind: kind, identity: identity, object: object, old: nil)
        try admission.admit(&attributes, in: self)
        resettle(&attributes, prepared: object, over: nil, resource)
        object = attributes.object
        let errors = resource.strategy.validate(object)
        guard errors.isEmpty else { throw APIError.invalid(kind, object.metadata.name, errors) }
        try admission.validate(attributes, in: self)
        warn(request, resource, object, old: nil, sent: try body(request, kind.type))
        return object
    }

    func placeInNamespace(_ object: inout Object, _ request: APIRequest, _ kind: Kind) throws(APIError) {
        var metadata = object.metadata
        let wanted = kind.isNamespaced ? request.resource.namespace ?? "" : ""
        if !kind.isNamespaced { metadata.namespace = "" }
        if metadata.namespace.isEmpty { metadata.namespace = wanted }
        guard metadata.namespace == wanted else {
            throw APIError.badRequest(
                "the namespace of the provided object does not match the namespace sent on the request: \(metadata.namespace.debugDescription) and \(wanted.debugDescription)"
            )
        }
        object.metadata = metadata
    }

    private func commitCreate(
        _ prepared: Object, _ request: APIRequest, _ resource: ServedResource, _ completion: @escaping Completion
    ) {
        var object = prepared
        let isService = resource.kind.name == "Service" && resource.kind.group.isEmpty
        if isService {
            do throws(ServiceAllocator.AllocationError) {
                try allocator.allocate(&object, old: nil, seed: runtime.random())
            } catch {
                return completion(.failure(.invalid(resource.kind, object.metadata.name, [error.fieldError])))
            }
        }
        let metadata = object.metadata
        let key = resource.key(namespace: metadata.namespace, name: metadata.name)
        let allocated = object
        if request.options.dryRun {
            if isService { allocator.release(allocated) }
            if resource.cache.get(key) != nil {
                return completion(.failure(.alreadyExists(request.resource, metadata.name)))
            }
            return completion(.success(.object(object, code: 201)))
        }
        let bytes: [UInt8]
        do throws(APIError) {
            bytes = try encode(object, resource)
        } catch {
            if isService { allocator.release(allocated) }
            return completion(.failure(error))
        }
        let creation = Transaction.create(key, bytes, expires: expiry(resource))
        write(withAddresses(creation, object, old: nil, resource), key, resource) { result in
            switch result {
            case .success(.stored(let cached, _)): completion(.success(.stored(cached, isNew: true)))
            case .success(let reply): completion(.success(reply))
            case .failure(let error):
                if isService { self.allocator.release(allocated) }
                completion(.failure(error.isConflict ? .alreadyExists(request.resource, metadata.name) : error))
            }
        }
    }

    func encode(_ object: Object, _ resource: ServedResource) throws(APIError) -> [UInt8] {
        let object = try resource.stored(object)
        let (labels, fields) = index(object, resource.storageStrategy)
        return StoredRecord.encode(object, fingerprint: resource.fingerprint, labels: labels, fields: fields)
    }

    func expiry(_ resource: ServedResource) -> Timestamp? {
        resource.kind.name == "Event" ? runtime.now().advanced(by: configuration.eventLifetime) : nil
    }

    /// Commits a transaction that writes one key, and answers with what is then served.
    func write(
        _ transaction: Transaction, _ key: String, _ resource: ServedResource, _ completion: @escaping Completion
    ) {
        if let refusal = sizeRefusal(transaction, resource) { return completion(.failure(refusal)) }
        store.commit(transaction) { result in
            switch result {
            case .success(.committed(let revision, _)):
                // The observer has run: the cache holds this write or a later one.
                if let cached = resource.cache.get(key), cached.revision == revision {
                    return self.answer(cached, resource, completion)
                }
                guard case .put(_, let value, _)? = transaction.operations.first(where: { $0.key == key }),
                    let cached = self.cached(key, value, revision, in: resource)
                else { return completion(.failure(.internalError("\(key) was written and cannot be read"))) }
                self.answer(cached, resource, completion)
            case .success(.conflict):
                var name = ResourceName(resource.kind)
                name.name = resource.split(key).name
                completion(.failure(.conflict(name, APIError.staleObject)))
            case .failure(let error): completion(.failure(.store(error)))
            }
        }
    }
}
