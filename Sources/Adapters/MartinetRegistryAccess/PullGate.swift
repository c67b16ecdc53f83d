import Synchronization

/// Lets a few in at once, and of those that want the same, one after the other: the second finds what the first fetched.
final class PullGate: Sendable {
    private struct Waiter {
        let id: UInt64
        let name: String
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var inside: Set<String> = []
        var waiting: [Waiter] = []
        var next: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = max(1, limit) }

    func enter(_ name: String) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if state.inside.count < limit, state.inside.insert(name).inserted { return .success(()) }
                    state.waiting.append(Waiter(id: id, name: name, continuation: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        // A cancellation that came too late left its mark.
        _ = state.withLock { $0.cancelled.remove(id) }
    }

    func leave(_ name: String) {
        let next: [Waiter] = state.withLock { state in
            state.inside.remove(name)
            var chosen: [Waiter] = []
            while state.inside.count < limit,
                let index = state.waiting.firstIndex(where: { !state.inside.contains($0.name) })
            {
                let waiter = state.waiting.remove(at: index)
                state.inside.insert(waiter.name)
                chosen.append(waiter)
            }
            return chosen
        }
        for waiter in next { waiter.continuation.resume() }
    }
}
