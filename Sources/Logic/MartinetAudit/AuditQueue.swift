/// Events on their way to where they are kept. Bounded in number and in memory: what does not fit is dropped and counted.
package struct AuditQueue: Sendable {
    package private(set) var dropped: UInt64 = 0
    private var events: [AuditEvent] = []
    private var weight = 0
    private let countMax: Int
    private let weightMax: Int

    /// - Parameter weightMax: in bytes.
    package init(countMax: Int = 10_000, weightMax: Int = 64 << 20) {
        self.countMax = countMax
        self.weightMax = weightMax
    }

    package var count: Int { events.count }

    /// False where the event was dropped.
    package mutating func add(_ event: AuditEvent) -> Bool {
        guard events.count < countMax, event.weight <= weightMax - weight else {
            dropped &+= 1
            return false
        }
        events.append(event)
        weight += event.weight
        return true
    }

    package mutating func take(atMost count: Int) -> [AuditEvent] {
        let taken = Array(events.prefix(max(0, count)))
        events.removeFirst(taken.count)
        weight -= taken.reduce(0) { $0 + $1.weight }
        return taken
    }
}
