import MartinetBase
import MartinetClient
import MartinetSchema

/// The pods that wait for a place: ready ones by priority and age, refused ones until something changes.
struct SchedulingQueue {
    struct Entry: Sendable {
        let key: ObjectKey
        let uid: String
        let priority: Int32
        let order: UInt64
        var attempts = 0
        /// Not before then; since the runtime's start.
        var notBefore = Duration.zero
        var refusedAt = Duration.zero
    }

    static let backoffBase = Duration.seconds(1)
    static let backoffMax = Duration.seconds(10)
    /// A refused pod is tried again after this long though nothing changed.
    static let refusedMax = Duration.seconds(300)

    private(set) var active: [Entry] = []
    private(set) var backingOff: [Entry] = []
    private(set) var refused: [Entry] = []
    private var known: Set<String> = []
    private var nextOrder: UInt64 = 0

    mutating func add(_ key: ObjectKey, uid: String, priority: Int32) {
        guard known.insert(uid).inserted else { return }
        nextOrder += 1
        insert(Entry(key: key, uid: uid, priority: priority, order: nextOrder))
    }

    mutating func remove(uid: String) {
        guard known.remove(uid) != nil else { return }
        active.removeAll { $0.uid == uid }
        backingOff.removeAll { $0.uid == uid }
        refused.removeAll { $0.uid == uid }
    }

    func contains(uid: String) -> Bool { known.contains(uid) }

    private mutating func insert(_ entry: Entry) {
        // Mostly the newest comes last.
        var index = active.count
        while index > 0, SchedulingQueue.precedes(entry, active[index - 1]) { index -= 1 }
        active.insert(entry, at: index)
    }

    private static func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.priority == b.priority ? a.order < b.order : a.priority > b.priority
    }

    mutating func pop() -> Entry? {
        guard !active.isEmpty else { return nil }
        let entry = active.removeFirst()
        known.remove(entry.uid)
        return entry
    }

    /// Puts a pod back that found no place.
    mutating func refuse(_ entry: Entry, now: Duration) {
        guard known.insert(entry.uid).inserted else { return }
        var entry = entry
        entry.attempts = min(entry.attempts + 1, 32)
        entry.refusedAt = now
        entry.notBefore =
            now
            + Backoff.delay(
                entry.attempts, base: SchedulingQueue.backoffBase, max: SchedulingQueue.backoffMax)
        refused.append(entry)
    }

    /// Puts a pod back whose binding failed: tried again whatever happens.
    mutating func retry(_ entry: Entry, now: Duration) {
        refuse(entry, now: now)
        guard let last = refused.popLast() else { return }
        backingOff.append(last)
    }

    /// Something changed that may help: refused pods are tried again, each after its back-off.
    mutating func wake() {
        backingOff += refused
        refused = []
    }

    /// Moves what has waited long enough; returns when to come back.
    mutating func flush(now: Duration) -> Duration? {
        let stale = refused.filter { now - $0.refusedAt >= SchedulingQueue.refusedMax }
        if !stale.isEmpty {
            refused.removeAll { now - $0.refusedAt >= SchedulingQueue.refusedMax }
            backingOff += stale
        }
        let due = backingOff.filter { $0.notBefore <= now }
        backingOff.removeAll { $0.notBefore <= now }
        for entry in due { insert(entry) }
        let next = backingOff.map(\.notBefore).min().map { $0 - now }
        let flush = refused.map { $0.refusedAt + SchedulingQueue.refusedMax }.min().map { $0 - now }
        return [next, flush].compactMap { $0 }.min()
    }
}
