import Glibc
package import MartinetBase

/// A serial executor with one thread of its own, for what blocks: the store's writer.
///
/// The thread ends when the executor is released and everything submitted has run; timers that are not due are dropped.
package final class ThreadExecutor: SerialExecutorPort {
    private let queue: WorkQueue

    /// `name`: what the thread is called in ps(1), at most 15 bytes.
    package init(name: String) throws(SystemError) {
        let queue = WorkQueue(name: name)
        self.queue = queue
        var thread = pthread_t()
        let context = Unmanaged.passRetained(queue)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WorkQueue>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemError(call: "pthread_create", operand: name, errno: code)
        }
        pthread_detach(thread)
    }

    deinit { queue.stop() }

    package func submit(_ work: @escaping @Sendable () -> Void) { queue.add(work) }

    package func submit(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any TimerPort {
        WorkTimer(queue: queue, ticket: queue.add(work, after: delay))
    }
}

private struct WorkTimer: TimerPort {
    let queue: WorkQueue
    let ticket: UInt64
    func cancel() { queue.cancel(ticket) }
}

/// `@unchecked`: every stored property is read and written with `lock` held.
private final class WorkQueue: @unchecked Sendable {
    private struct Timed {
        let due: Int64
        let ticket: UInt64
        let work: @Sendable () -> Void
    }

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var ready: [@Sendable () -> Void] = []
    private var timed: [Timed] = []
    private var nextTicket: UInt64 = 0
    private var stopped = false
    private let name: String

    init(name: String) {
        self.name = name
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func add(_ work: @escaping @Sendable () -> Void) {
        locked { ready.append(work) }
        pthread_cond_signal(changed)
    }

    func add(_ work: @escaping @Sendable () -> Void, after delay: Duration) -> UInt64 {
        let due = WorkQueue.now() &+ max(0, delay.nanoseconds)
        let ticket = locked {
            nextTicket += 1
            timed.append(Timed(due: due, ticket: nextTicket, work: work))
            return nextTicket
        }
        pthread_cond_signal(changed)
        return ticket
    }

    func cancel(_ ticket: UInt64) { locked { timed.removeAll { $0.ticket == ticket } } }

    func stop() {
        locked { stopped = true }
        pthread_cond_signal(changed)
    }

    func run() {
        setName()
        while let batch = next() {
            for work in batch { work() }
        }
    }

    /// Only for who looks from outside, so a failure does not matter (proc(5), "/proc/pid/comm").
    private func setName() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
        close(file)
    }

    /// Waits for work that is due; nil when stopped and nothing is left.
    private func next() -> [@Sendable () -> Void]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            let now = WorkQueue.now()
            let due = timed.filter { $0.due <= now }.sorted { ($0.due, $0.ticket) < ($1.due, $1.ticket) }
            if !due.isEmpty {
                timed.removeAll { $0.due <= now }
                ready += due.map(\.work)
            }
            if !ready.isEmpty {
                defer { ready.removeAll(keepingCapacity: true) }
                return ready
            }
            if stopped { return nil }
            if let earliest = timed.lazy.map(\.due).min() {
                var until = timespec(tv_sec: Int(earliest / 1_000_000_000), tv_nsec: Int(earliest % 1_000_000_000))
                pthread_cond_timedwait(changed, lock, &until)
            } else {
                pthread_cond_wait(changed, lock)
            }
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    /// The clock that the condition variable waits on.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
