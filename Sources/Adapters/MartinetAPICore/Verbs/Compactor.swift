import MartinetBase
import MartinetStore
import Synchronization

/// Forgets history that is older than a while, as upstream's compactor does: with every round, what was there before the round
/// before it.
///
/// What continue tokens and watches refer to therefore lives between one and two rounds. Where nothing is written there is
/// nothing to forget, and no timer runs. A store that keeps a history of its own is not told to forget: there it is only the
/// clients' window that moves.
final class Compactor: Sendable {
    private struct State {
        /// Where the round before was.
        var last: Revision
        var isScheduled = false
        /// Where the window of clients begins, which may be after what the store still knows.
        var oldest = Revision.none
        /// Whether the note of a round is being written, which is no reason for another round.
        var isNoting = false
    }

    private let store: any ObjectStore
    private let keepsHistory: Bool
    private let interval: Duration
    private let executor: any SerialExecutorPort
    private let state: Mutex<State>

    init(store: any ObjectStore, every interval: Duration, on executor: any SerialExecutorPort) {
        self.store = store
        keepsHistory = (store as? any HistoryStore)?.history != nil
        self.interval = interval
        self.executor = executor
        state = Mutex(State(last: store.revision))
    }

    /// The oldest revision that lists and watches may name.
    var oldest: Revision { max(store.compacted, keepsHistory ? state.withLock { $0.oldest } : .none) }

    /// Called with every batch that is durable.
    func written() {
        let isScheduled = state.withLock { state in
            if state.isNoting { return true }
            defer { state.isScheduled = true }
            return state.isScheduled
        }
        if !isScheduled { schedule() }
    }

    /// Moves the revision on by a note in the store, as upstream's compactor does: whoever lists on over what there is now is
    /// told another revision than the one that is gone.
    private func note(_ revision: Revision) {
        state.withLock { $0.isNoting = true }
        let text = Array(String(revision.value).utf8)
        store.commit(Transaction(operations: [.put(key: Compactor.noteKey, value: text)])) { [weak self] _ in
            guard let self else { return }
            let revision = store.revision
            state.withLock { state in
                state.isNoting = false
                // The note alone is nothing to forget.
                state.last = max(state.last, revision)
            }
        }
    }

    private static let noteKey = "/martinet/compacted"

    private func schedule() { executor.submit(after: interval) { [weak self] in self?.round() } }

    private func round() {
        let now = store.revision
        let (before, more) = state.withLock { state in
            let before = state.last
            state.last = now
            state.oldest = max(state.oldest, before)
            state.isScheduled = now > before
            return (before, state.isScheduled)
        }
        if !keepsHistory, before > store.compacted { store.compact(before: before) }
        if more { note(before) }
        if more { schedule() }
    }
}
