package import MartinetClient
import MartinetSchema

/// How a request is answered: once, on whatever thread the answer is known.
package typealias Completion = @Sendable (Result<Reply, APIError>) -> Void

extension Registry {
    /// Does what a request asks, if its sender may. Never waits: writes are answered when they are durable.
    package func handle(_ request: APIRequest, as identity: Identity, _ completion: @escaping Completion) {
        handle(request, as: identity, isReached: false, completion)
    }

    /// - Parameter isReached: what a read asks for is there: it has been waited for.
    private func handle(
        _ request: APIRequest, as identity: Identity, isReached: Bool, _ completion: @escaping Completion
    ) {
        if let refusal = authorizer.refusal(identity, request) { return completion(.failure(refusal)) }
        guard let resource = served[request.resource] else { return completion(.failure(.noSuchPath)) }
        guard (request.resource.namespace != nil) == resource.kind.isNamespaced || request.verb == .list else {
            return completion(.failure(.noSuchPath))
        }
        if let past = request.options.past {
            return completion(Result { () throws(APIError) in try self.past(past, request, resource) })
        }
        if !isReached, isAhead(request) {
            return whenReached(request) { [self] error in
                if let error { return completion(.failure(error)) }
                handle(request, as: identity, isReached: true, completion)
            }
        }
        if resource.conversion != nil, Waiting.deadline == nil {
            return offLoop(request, completion) { [self] request in
                handle(request, as: identity, isReached: isReached, completion)
            }
        }
        do throws(APIError) {
            if resource.isVirtual { return try handleVirtual(request, resource, identity, completion) }
            try Registry.checkOptions(request)
            if !request.resource.subresource.isEmpty {
                return try handleSubresource(request, resource, identity, completion)
            }
            switch request.verb {
            case .get: completion(.success(try get(request, resource)))
            case .list: completion(.success(try list(request, resource)))
            case .watch: throw APIError.badRequest("a watch is a stream")
            case .create: try create(request, resource, identity, completion)
            case .update: try update(request, resource, identity, completion)
            case .patch: try patch(request, resource, identity, completion)
            case .delete: try delete(request, resource, identity, completion)
            case .deletecollection: try deleteCollection(request, resource, identity, completion)
            }
        } catch {
            completion(.failure(error))
        }
    }

    /// The object that a write is about, checked to be of the resource's kind.
    func body(_ request: APIRequest, _ type: ObjectType) throws(APIError) -> Object {
        guard let object = request.object else { throw APIError.badRequest("the request has no object") }
        guard object.type == type else {
            throw APIError.badRequest(
                "the object provided is a \(object.type.name), expected a \(type.name)")
        }
        return object
    }
}

extension Registry {
    /// Why an identity may not do something that is answered elsewhere; nil where it may.
    package func refusal(_ identity: Identity, _ request: APIRequest) -> APIError? {
        authorizer.refusal(identity, request)
    }

    /// How much there is of a resource; nil where it is not served.
    package func size(of name: ResourceName) -> ResourceCache.Size? { served[name]?.cache.size }

    /// What is stored under a name.
    package func stored(_ name: ResourceName) -> CachedObject? {
        guard let resource = served[name], let own = name.name else { return nil }
        return resource.cache.get(resource.key(namespace: name.namespace, name: own))
    }
}
