import MartinetAPI
import MartinetBase
package import MartinetClient
package import MartinetSchema

/// Answers the kinds that are created and never stored: reviews of tokens and of what somebody may do.
package protocol ReviewHandler: Sendable {
    /// The full names of the kinds that it answers, such as `authorization.k8s.io/v1.SubjectAccessReview`.
    var kinds: [String] { get }

    /// Answers a review.
    ///
    /// - Parameters:
    ///   - review: the request's object, with its defaults, valid by its kind's rules.
    ///   - identity: who asks.
    ///   - completion: to be called once, with the review and its status.
    func review(
        _ review: Object, _ resource: ResourceName, as identity: Identity,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void)
}

/// Tells somebody who he is.
struct SelfSubjectReviews: ReviewHandler {
    let now: @Sendable () -> Timestamp
    let kinds = ["authentication.k8s.io/v1.SelfSubjectReview"]

    func review(
        _ review: Object, _ resource: ResourceName, as identity: Identity,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        var metadata = ObjectMeta()
        metadata.creationTimestamp = now()
        // Nothing of what was sent counts.
        var review = Object(type: review.type)
        review.metadata = metadata
        let groups = Value.list(identity.groups.map(Value.string))
        var isKnown = review.setValue(.string(identity.user), at: ".status.userInfo.username")
        if !identity.uid.isEmpty { isKnown = review.setValue(.string(identity.uid), at: ".status.userInfo.uid") }
        if !identity.groups.isEmpty { isKnown = review.setValue(groups, at: ".status.userInfo.groups") }
        if !identity.extra.isEmpty {
            let extra = identity.extra.map { Map.Entry(key: $0.key, value: .list($0.value.map(Value.string))) }
            isKnown = review.setValue(.map(Map(unsorted: extra)), at: ".status.userInfo.extra")
        }
        guard isKnown else { return completion(.failure(.internalError("a review has no place for its answer"))) }
        completion(.success(review))
    }
}
