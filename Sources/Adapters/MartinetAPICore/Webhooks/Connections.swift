import MartinetAPI
package import MartinetClient
package import MartinetSchema

extension Registry {
    /// Asks whether somebody may be connected to a pod; answers at once where no webhook wants to know.
    ///
    /// - Parameters:
    ///   - resource: the pod and one of `exec`, `attach`, `portforward` and `proxy`.
    ///   - parameters: the values of a parameter of the request.
    ///   - completion: called once, with the refusal where there is one.
    package func connect(
        _ resource: ResourceName, pod: Object, _ identity: Identity, notes: RequestNotes? = nil,
        parameters: @escaping @Sendable (String) -> [String], _ completion: @escaping @Sendable (APIError?) -> Void
    ) {
        if let refusal = connectRefusal(resource, pod: pod, identity, query: parameters) { return completion(refusal) }
        var request = APIRequest(.create, resource)
        request.notes = notes
        guard let kind = pod.type.kind, webhooks.isActive, webhooks.concern(request, kind, "CONNECT"),
            let type = kind.bodyType(ofSubresource: resource.subresource)
        else { return completion(nil) }
        offLoop(request, refuse: { completion($0) }) { [self] request in
            var attributes = AdmissionAttributes(
                request, verb: .create, kind: kind, identity: identity,
                object: ConnectOptions.object(of: type, parameters),
                old: nil)
            attributes.isConnection = true
            do throws(APIError) {
                try admission.review(&attributes, in: self)
                completion(nil)
            } catch {
                completion(error)
            }
        }
    }
}
