package import MartinetBase

/// How long to wait before another attempt.
package enum Backoff {
    /// base × 2^(failures-1), at most `limit`.
    package static func delay(_ failures: Int, base: Duration, max limit: Duration) -> Duration {
        var delay = base
        var remaining = failures - 1
        while remaining > 0, delay < limit {
            delay *= 2
            remaining -= 1
        }
        return min(delay, limit)
    }

    /// Between half of it and all of it, so that many clients do not come back at once.
    package static func jittered(_ delay: Duration, _ runtime: any Runtime) -> Duration {
        let half = delay.nanoseconds / 2
        guard half > 0 else { return delay }
        return .nanoseconds(half + Int64(runtime.random() % UInt64(half + 1)))
    }
}
