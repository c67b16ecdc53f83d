import NIOCore

/// One deadline that moves often: moving it later costs a store, not a timer.
final class DeadlineTimer {
    private let eventLoop: any EventLoop
    private let passed: () -> Void
    private var deadline: NIODeadline?
    private var armed: (task: Scheduled<Void>, at: NIODeadline)?

    init(eventLoop: any EventLoop, passed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.passed = passed
    }

    func set(_ after: Duration?) {
        guard let after else { return deadline = nil }
        let at = NIODeadline.now() + .nanoseconds(after.nanosecondsClamped)
        deadline = at
        if let armed, armed.at <= at { return }
        armed?.task.cancel()
        arm(at)
    }

    func cancel() {
        deadline = nil
        armed?.task.cancel()
        armed = nil
    }

    private func arm(_ at: NIODeadline) {
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: at) { self.fired() }
        armed = (task, at)
    }

    private func fired() {
        armed = nil
        guard let deadline else { return }
        guard deadline <= .now() else { return arm(deadline) }
        self.deadline = nil
        passed()
    }
}

extension Duration {
    /// In nanoseconds, at most about 146 years, so that a sum with the clock does not overflow.
    var nanosecondsClamped: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        guard seconds < Int64.max / 2_000_000_000 else { return Int64.max / 2 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
