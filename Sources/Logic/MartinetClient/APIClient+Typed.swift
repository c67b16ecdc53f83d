import MartinetAPI
package import MartinetBase
package import MartinetSchema

// Typed questions, for those who are no component: tools, tests and adapters.
extension APIClient {
    package func get<V: View>(
        _ view: V.Type, namespace: String? = nil, name: String, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<V, APIError>) -> Void
    ) {
        send(APIRequest(.get, ResourceName(V.kind, namespace: namespace, name: name)), on: executor) { result in
            completion(result.flatMap { APIError.expect(view, $0) })
        }
    }

    package func list<V: View>(
        _ view: V.Type, namespace: String? = nil, options: APIRequest.Options = .init(),
        on executor: any SerialExecutorPort, _ completion: @escaping @Sendable (Result<[V], APIError>) -> Void
    ) {
        var request = APIRequest(.list, ResourceName(V.kind, namespace: namespace))
        request.options = options
        send(request, on: executor) { result in
            completion(result.map { list in list.items.compactMap { $0.view(view) } })
        }
    }

    package func create<V: View>(
        _ object: V, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<V, APIError>) -> Void
    ) {
        send(.create(object), on: executor) { result in completion(result.flatMap { APIError.expect(V.self, $0) }) }
    }
}

extension APIError {
    static func expect<V: View>(_ view: V.Type, _ object: Object) -> Result<V, APIError> {
        if let typed = object.view(view) { return .success(typed) }
        return .failure(
            APIError(
                code: 500, reason: "InternalError",
                message: "the answer is a \(object.type.name) where a \(V.type.name) was expected"))
    }
}

extension APIRequest {
    /// Creates an object where its metadata says.
    package static func create<V: View>(_ view: V) -> APIRequest {
        let namespace = view.object.metadata.namespace
        return APIRequest(
            .create, ResourceName(V.kind, namespace: namespace.isEmpty ? nil : namespace), object: view.object)
    }

    /// Replaces an object, or one subresource of it, on condition of the resourceVersion that it carries.
    package static func update<V: View>(_ view: V, subresource: String = "") -> APIRequest {
        APIRequest(.update, named(V.kind, view.object.metadata, subresource), object: view.object)
    }

    /// - Parameter document: JSON.
    package static func mergePatch<V: View>(_ view: V, _ document: String, subresource: String = "") -> APIRequest {
        var request = APIRequest(.patch, named(V.kind, view.object.metadata, subresource))
        request.patch = (.merge, Array(document.utf8))
        return request
    }

    /// Deletes this very object, not a later one of its name.
    package static func delete(
        _ object: Object, propagation: String? = nil, gracePeriodSeconds: Int64? = nil
    ) -> APIRequest? {
        guard let kind = object.type.kind else { return nil }
        let options = DeleteOptions { options in
            options.preconditions = Preconditions { $0.uid = object.metadata.uid }
            options.propagationPolicy = propagation
            options.gracePeriodSeconds = gracePeriodSeconds
        }
        return APIRequest(.delete, named(kind, object.metadata, ""), object: options.object)
    }

    private static func named(_ kind: Kind, _ metadata: ObjectMeta, _ subresource: String) -> ResourceName {
        ResourceName(
            kind, namespace: metadata.namespace.isEmpty ? nil : metadata.namespace, name: metadata.name,
            subresource: subresource)
    }
}
