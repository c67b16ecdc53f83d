import MartinetStore
import Synchronization

/// Keeps events back while the objects before them are still being loaded.
final class EventBacklog: Sendable {
    private let kept = Mutex<[StoreEvent]?>([])

    /// The events to handle now: none while they are kept back.
    func pass(_ events: [StoreEvent]) -> [StoreEvent]? {
        kept.withLock { kept in
            guard kept != nil else { return events }
            kept?.append(contentsOf: events)
            return nil
        }
    }

    /// Handles what was kept back, until nothing is left, and keeps nothing back from then on.
    func release(_ handle: ([StoreEvent]) -> Void) {
        while true {
            let events = kept.withLock { kept -> [StoreEvent]? in
                guard let events = kept, !events.isEmpty else {
                    kept = nil
                    return nil
                }
                kept = []
                return events
            }
            guard let events else { return }
            handle(events)
        }
    }
}
