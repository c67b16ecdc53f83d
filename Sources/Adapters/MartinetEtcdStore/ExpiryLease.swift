import MartinetBase
import MartinetStore

/// Leases whose number says when their keys end, so that every server that reads a key knows it without asking.
///
/// The number is the microseconds since 1970 and, in its lowest ten bits, a mark. One lease serves all keys that end at the
/// same instant, whoever made it first.
enum ExpiryLease {
    private static let mark: Int64 = 0x2A5

    static func id(_ expires: Timestamp) -> Int64 {
        let time = min(max(expires.wholeMicroseconds.microseconds, 1), Int64.max >> 10)
        return time << 10 | mark
    }

    /// When the keys of a lease end; nil for a lease that somebody else made.
    static func expires(_ id: Int64) -> Timestamp? {
        guard id > 0, id & 0x3FF == mark else { return nil }
        return Timestamp(microseconds: id >> 10)
    }

    /// What is kept of a wish to expire. Far ones are put off to the next whole ten seconds, so that many keys share a lease.
    static func shared(_ expires: Timestamp, now: Timestamp) -> Timestamp {
        guard expires.duration(since: now) >= .seconds(600) else { return expires.wholeMicroseconds }
        let (over, seconds) = (expires.seconds % 10, expires.seconds)
        return over == 0 && expires.subsecond == 0 ? expires : Timestamp(seconds: seconds &+ 10 &- over)
    }

    /// Whole seconds to live, at least one, so that nothing ends early.
    static func timeToLive(_ id: Int64, now: Timestamp) -> Int64 {
        guard let expires = expires(id) else { return 1 }
        let left = expires.duration(since: now)
        return max(1, left.components.seconds &+ (left.components.attoseconds > 0 ? 1 : 0))
    }
}
