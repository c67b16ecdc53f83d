import MartinetBase
package import MartinetClient
import MartinetSelectors
import MartinetStore
import Synchronization

/// Reads that ask for a revision that is not committed yet: they wait a little, as upstream's cache does for a watch that
/// is behind, and are then told to come again.
final class RevisionWaits: Sendable {
    private struct Wait {
        let revision: Revision
        let resume: @Sendable (Bool) -> Void
        var timer: (any TimerPort)?
    }
    private struct State {
        var waits: [Int: Wait] = [:]
        var next = 0
        /// The least that anybody waits for.
        var least: Revision?
    }
    private let state = Mutex(State())
    static let limit = Duration.seconds(3)
    /// More at once are told to come again without waiting.
    static let waitsMax = 10_000

    /// Calls `resume` on `executor`: with true once `revision` is there, with false when the time is up.
    func wait(
        for revision: Revision, current: @Sendable () -> Revision, on executor: any SerialExecutorPort,
        _ resume: @escaping @Sendable (Bool) -> Void
    ) {
        let number = state.withLock { state -> Int? in
            guard state.waits.count < RevisionWaits.waitsMax else { return nil }
            state.next += 1
            let onExecutor: @Sendable (Bool) -> Void = { reached in executor.submit { resume(reached) } }
            state.waits[state.next] = Wait(revision: revision, resume: onExecutor)
            state.least = min(state.least ?? revision, revision)
            return state.next
        }
        guard let number else { return executor.submit { resume(false) } }
        let timer = executor.submit(after: RevisionWaits.limit) { [weak self] in
            self?.state.withLock { $0.waits.removeValue(forKey: number) }?.resume(false)
        }
        let isOver = state.withLock { state in
            state.waits[number]?.timer = timer
            return state.waits[number] == nil
        }
        if isOver { timer.cancel() }
        // It may have come between the look and the wait.
        reached(current())
    }

    /// Called with every batch that is durable and visible.
    func reached(_ revision: Revision) {
        let ready = state.withLock { state -> [Wait] in
            guard let least = state.least, least <= revision else { return [] }
            let ready = state.waits.filter { $0.value.revision <= revision }.sorted { $0.key < $1.key }
            for (number, _) in ready { state.waits[number] = nil }
            state.least = state.waits.values.map(\.revision).min()
            return ready.map(\.value)
        }
        for wait in ready {
            wait.timer?.cancel()
            wait.resume(true)
        }
    }
}

extension Registry {
    /// A read of one revision goes to the store itself where it names one object; upstream's then does not say when to
    /// come again.
    static func tooLarge(_ revision: Revision, _ current: Revision, _ request: APIRequest) -> APIError {
        var error = APIError(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(revision.value), current: \(current.value)")
        let isExact = request.verb == .list && (try? exactRevision(request.options)) != nil
        let isOne = (try? selection(request))?.fields.exact("metadata.name") != nil
        error.retryAfterSeconds = isExact && isOne ? 0 : 1
        error.causes = [.init(reason: "ResourceVersionTooLarge", field: "", message: "Too large resource version")]
        return error
    }

    private func wanted(_ request: APIRequest) -> Revision? {
        guard !request.options.resourceVersion.isEmpty else { return nil }
        return try? Registry.revision(request.options.resourceVersion)
    }

    /// Whether a read asks for what is not committed yet, and is to wait for it. What will be refused is not waited for, and
    /// what is to come comes to a watch by itself.
    package func isAhead(_ request: APIRequest) -> Bool {
        if isShared, asksNewest(request) { return true }
        guard let wanted = wanted(request), wanted > store.revision else { return false }
        let options = request.options.withListDefaults(isWatch: request.verb == .watch)
        switch request.verb {
        case .get: return true
        case .list: guard options.continue.isEmpty else { return false }
        case .watch: guard options.sendInitialEvents else { return false }
        default: return false
        }
        guard let resource = served[request.resource] else { return false }
        return (try? checkRead(request, options, resource)) != nil
    }

    /// Calls back, on a thread of its own, when what a read asks for is there, or with the refusal when it does not come in
    /// time.
    package func whenReached(_ request: APIRequest, _ resume: @escaping @Sendable (APIError?) -> Void) {
        if isShared, asksNewest(request) { return whenNewest(resume) }
        let revision = wanted(request) ?? .none
        ahead.wait(for: revision, current: { store.revision }, on: waiting) { [self] reached in
            resume(reached ? nil : Registry.tooLarge(revision, store.revision, request))
        }
    }
}
