import MartinetStrategies
import MartinetAPI
import MartinetManagedFields
import MartinetClient
import MartinetSchema

extension Registry {
    /// Lets webhooks see what is sent to a subresource that takes something of its own, such as an Eviction, and goes on with
    /// the request afterwards.
    ///
    /// - Returns: false where there is nothing to see.
    func reviewsBody(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) -> Bool {
        guard request.verb == .create, webhooks.isActive, !request.isReviewed,
            WebhookRequest.ownBodies.contains(request.resource.subresource),
            webhooks.concern(request, resource.kind, "CREATE")
        else { return false }
        offLoop(request, completion) { [self] request in
            do throws(APIError) {
                guard let body = request.object else { throw APIError.badRequest("the request has no object") }
                var attributes = AdmissionAttributes(
                    request, verb: .create, kind: resource.kind, identity: identity, object: body, old: nil)
                try admission.review(&attributes, in: self)
                var reviewed = request
                reviewed.object = attributes.object
                reviewed.isReviewed = true
                try handleSubresource(reviewed, resource, identity, completion)
            } catch {
                completion(.failure(error))
            }
        }
        return true
    }
}
