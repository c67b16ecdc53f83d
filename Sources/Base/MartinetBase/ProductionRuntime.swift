import CMartinetLinux
import Dispatch
import Glibc

/// The kernel's clocks and randomness, and Dispatch's threads.
package struct ProductionRuntime: Runtime {
    package init() {}

    package func monotonic() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    package func random() -> UInt64 {
        var word: UInt64 = 0
        let result = martinet_getrandom(&word, MemoryLayout<UInt64>.size)
        precondition(result == 0, "the kernel gives no randomness: \(SystemError.name(of: -result))")
        return word
    }

    package func executor(named name: String) -> any SerialExecutorPort {
        DispatchExecutor(queue: DispatchQueue(label: name))
    }
}

private struct DispatchExecutor: SerialExecutorPort {
    let queue: DispatchQueue

    func submit(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }

    func submit(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any TimerPort {
        let item = DispatchWorkItem(block: work)
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(max(0, delay.nanoseconds))), execute: item)
        return DispatchTimer(item: item)
    }
}

/// `@unchecked`: Dispatch documents `DispatchWorkItem.cancel` as safe from any thread; nothing else is called on it.
private struct DispatchTimer: TimerPort, @unchecked Sendable {
    let item: DispatchWorkItem
    func cancel() { item.cancel() }
}
