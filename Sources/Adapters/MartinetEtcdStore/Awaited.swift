import Dispatch
import Synchronization

/// An answer that a thread waits for. Never used on an event loop of the client's own.
final class Awaited<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func set(_ new: Value) {
        let isFirst = value.withLock { value in
            defer { if value == nil { value = new } }
            return value == nil
        }
        if isFirst { semaphore.signal() }
    }

    func wait() -> Value {
        while true {
            semaphore.wait()
            if let value = value.withLock({ $0 }) {
                semaphore.signal()
                return value
            }
        }
    }
}
