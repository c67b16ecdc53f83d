import Glibc
import Synchronization

/// Lets one thread wait for the answers of another.
final class Waiter: Sendable {
    private let left: Mutex<Int>
    private let semaphore = UncheckedSemaphore()

    init(_ count: Int) { left = Mutex(count) }

    func done() {
        let last = left.withLock { left in
            left -= 1
            return left == 0
        }
        if last { semaphore.post() }
    }

    func wait() { semaphore.wait() }
}

/// `@unchecked`: POSIX documents sem_post and sem_wait as safe from any thread, and the pointer never changes.
private final class UncheckedSemaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func post() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
