import MartinetAPI
import MartinetClient
import MartinetSchema
import Synchronization

extension Registry {
    /// Deletes what a list with the same parameters would have, and answers with that list.
    func deleteCollection(
        _ request: APIRequest, _ resource: ServedResource, _ identity: Identity, _ completion: @escaping Completion
    ) throws(APIError) {
        let reply = try list(request, resource)
        let options = try Registry.deleteOptions(request)
        guard case .list(let list) = reply else { return completion(.success(reply)) }
        let deletion = CollectionDeletion(list.objects, runningMax: webhooks.isActive ? 8 : 64) { [self] object, done in
            var single = request
            single.verb = .delete
            single.resource.namespace = resource.kind.isNamespaced ? object.namespace : nil
            single.resource.name = object.name
            deleteOne(single, resource, identity, options, tries: 0) { result in
                guard case .failure(let error) = result, !error.isNotFound else { return done(nil) }
                done(error)
            }
        } answer: { error in
            completion(error.map { .failure($0) } ?? .success(reply))
        }
        deletion.pump()
    }
}

/// Deletes many objects, a few at a time, until all are gone or one cannot be.
///
/// A deletion may be answered before the call that starts it returns: then it costs no deeper stack.
private final class CollectionDeletion: Sendable {
    private struct State {
        var next = 0
        var running = 0
        var isPumping = false
        var isAnswered = false
        var failure: APIError?
    }
    private let objects: [CachedObject]
    private let delete: @Sendable (CachedObject, @escaping @Sendable (APIError?) -> Void) -> Void
    private let answer: @Sendable (APIError?) -> Void
    private let state = Mutex(State())

    /// So many that the store can commit them together, and so few that webhooks are not flooded.
    private let runningMax: Int

    init(
        _ objects: [CachedObject], runningMax: Int,
        delete: @escaping @Sendable (CachedObject, @escaping @Sendable (APIError?) -> Void) -> Void,
        answer: @escaping @Sendable (APIError?) -> Void
    ) {
        self.objects = objects
        self.runningMax = runningMax
        self.delete = delete
        self.answer = answer
    }

    func pump() {
        let isMine = state.withLock { state in
            defer { state.isPumping = true }
            return !state.isPumping
        }
        guard isMine else { return }
        while let object = take() { delete(object) { self.finished($0) } }
        let (isOver, failure) = state.withLock { state in
            let isLast = state.running == 0 && (state.failure != nil || state.next == objects.count)
            defer { state.isAnswered = state.isAnswered || isLast }
            return (isLast && !state.isAnswered, state.failure)
        }
        if isOver { answer(failure) }
    }

    /// The next object, if another one may be deleted beside those that are; else nobody pumps any more.
    private func take() -> CachedObject? {
        state.withLock { state in
            guard state.failure == nil, state.next < objects.count, state.running < runningMax else {
                state.isPumping = false
                return nil
            }
            state.running += 1
            state.next += 1
            return objects[state.next - 1]
        }
    }

    private func finished(_ error: APIError?) {
        state.withLock { state in
            state.running -= 1
            state.failure = state.failure ?? error
        }
        pump()
    }
}
