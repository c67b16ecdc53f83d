import MartinetBase
import MartinetEtcdMessages
import MartinetStore
import Synchronization

/// The newest events, shared by all watches, and who is to be woken by more.
final class WatchHub: Sendable {
    private struct State {
        var events: [StoreEvent] = []
        var bytes = 0
        /// Everything after this revision is in `events`.
        var complete = Revision.none
        var revision = Revision.none
        var sessions: [ObjectIdentifier: @Sendable () -> Void] = [:]
    }

    private static let eventsMax = 20_000
    private static let bytesMax = 32 << 20

    private let store: any ObjectStore
    private let state = Mutex(State())

    init(_ store: any ObjectStore, leases: ServedLeases) {
        self.store = store
        let start = store.observe { [weak self] events in
            leases.observed(events)
            self?.observed(events)
        }
        state.withLock { state in
            state.complete = max(state.complete, start)
            state.revision = max(state.revision, start)
        }
    }

    var revision: Revision { state.withLock { $0.revision } }

    private func observed(_ events: [StoreEvent]) {
        guard let last = events.last else { return }
        let wake = state.withLock { state in
            state.events += events
            state.bytes += events.reduce(0) { $0 + $1.value.count + 128 }
            state.revision = last.revision
            if state.events.count > WatchHub.eventsMax || state.bytes > WatchHub.bytesMax { WatchHub.trim(&state) }
            return Array(state.sessions.values)
        }
        for session in wake { session() }
    }

    /// Drops the older half, between two revisions.
    private static func trim(_ state: inout State) {
        var count = state.events.count / 2
        while count < state.events.count, count > 0, state.events[count].revision == state.events[count - 1].revision {
            count += 1
        }
        guard count > 0 else { return }
        state.complete = state.events[count - 1].revision
        state.events.removeFirst(count)
        state.bytes = state.events.reduce(0) { $0 + $1.value.count + 128 }
    }

    func join(_ session: AnyObject, _ wake: @escaping @Sendable () -> Void) {
        let id = ObjectIdentifier(session)
        state.withLock { $0.sessions[id] = wake }
    }

    func leave(_ session: AnyObject) {
        let id = ObjectIdentifier(session)
        state.withLock { $0.sessions[id] = nil }
    }

    /// A piece of history after a revision: from memory where it is there, else from the store, which blocks.
    func events(after: Revision) throws(StoreError) -> EventRange {
        let recent: EventRange? = state.withLock { state in
            guard after >= state.complete else { return nil }
            var (low, high) = (0, state.events.count)
            while low < high {
                let middle = (low + high) / 2
                if state.events[middle].revision <= after { low = middle + 1 } else { high = middle }
            }
            return EventRange(events: Array(state.events[low...]), through: max(after, state.revision))
        }
        if let recent { return recent }
        return try store.events(prefix: "", after: after, limit: 1000)
    }
}
