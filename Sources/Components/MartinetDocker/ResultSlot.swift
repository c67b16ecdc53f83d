import Dispatch
import Synchronization

/// A value that one thread leaves and another waits for; the first counts.
final class ResultSlot<T: Sendable>: Sendable {
    private let value = Mutex<Result<T, any Error>?>(nil)
    private let ready = DispatchSemaphore(value: 0)

    func set(_ result: Result<T, any Error>) {
        let first = value.withLock { value in
            guard value == nil else { return false }
            value = result
            return true
        }
        if first { ready.signal() }
    }

    func wait() -> Result<T, any Error> {
        ready.wait()
        ready.signal()
        return value.withLock { $0 } ?? .failure(DockerError("nothing came"))
    }
}
