import Synchronization

/// Finds out which of several answers is the last.
final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    /// To be asked once for each answer.
    var isLast: Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}
