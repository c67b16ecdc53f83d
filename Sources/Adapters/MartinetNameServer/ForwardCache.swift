import MartinetDNSMessage

/// Answers of others, for as long as they said, at most half a minute, and no more than a thousand.
struct ForwardCache {
    private struct Entry {
        var bytes: [UInt8]
        var stored: Duration
        var expires: Duration
        var offsets: [Int]
    }

    private let capacity: Int
    private var entries: [ForwardKey: Entry] = [:]

    init(capacity: Int = 1000) { self.capacity = capacity }

    /// The answer with its times to live lowered by its age.
    mutating func answer(_ key: ForwardKey, at now: Duration) -> [UInt8]? {
        guard let entry = entries[key] else { return nil }
        guard entry.expires > now else {
            entries[key] = nil
            return nil
        }
        var bytes = entry.bytes
        let age = UInt32(clamping: (now - entry.stored).components.seconds)
        for offset in entry.offsets where offset + 4 <= bytes.count {
            let old = bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let new = old > age ? old - age : 0
            for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: new >> UInt32(24 - index * 8)) }
        }
        return bytes
    }

    mutating func store(_ key: ForwardKey, _ bytes: [UInt8], _ message: DNSMessage, at now: Duration) {
        guard message.outcome == .noError || message.outcome == .nameError, !message.isTruncated,
            let (offsets, shortest) = try? DNSMessage.timesToLive(bytes), let shortest, shortest > 0
        else { return }
        if entries.count >= capacity {
            entries = entries.filter { $0.value.expires > now }
            // Full of what still holds: begin again rather than choose.
            if entries.count >= capacity { entries = [:] }
        }
        entries[key] = Entry(
            bytes: bytes, stored: now, expires: now + .seconds(Int64(min(shortest, 30))), offsets: offsets)
    }
}

/// Questions with the same answer.
struct ForwardKey: Hashable {
    var question: DNSQuestion
    var wantsSignatures: Bool
    /// An answer over TCP is whole where one in a datagram may be cut.
    var isStream: Bool
}
