import Dispatch
import MartinetContainers
import Synchronization

/// Carries a monitor's events from its queue to the thread that waits for them.
final class EventQueue: Sendable {
    private let events = Mutex<[MonitorConnection.Event]>([])
    private let available = DispatchSemaphore(value: 0)

    func add(_ event: MonitorConnection.Event) {
        events.withLock { $0.append(event) }
        available.signal()
    }

    func next() -> MonitorConnection.Event {
        available.wait()
        return events.withLock { $0.isEmpty ? .lost : $0.removeFirst() }
    }
}
