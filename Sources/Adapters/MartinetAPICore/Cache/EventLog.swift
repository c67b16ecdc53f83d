import MartinetStore

/// One change, as watchers see it.
struct LogEvent {
    let revision: Revision
    /// The object after the change; nil for a deletion.
    let object: CachedObject?
    /// The object before the change; nil for a creation.
    let previous: CachedObject?
    /// For a deletion: the object before it, carrying the deletion's revision.
    let tombstone: CachedObject?

    var key: String { (object ?? previous ?? tombstone)?.key ?? "" }
}

/// The newest events of one resource, in a ring. Watchers are positions in it; what falls out is read from the store.
struct EventLog {
    private var events: [LogEvent] = []
    private var head = 0
    /// The position of the oldest event that is kept; positions count up for ever.
    private(set) var start = 0
    /// All events after this revision are here.
    private(set) var completeAfter: Revision
    static let capacity = 2048

    init(after revision: Revision) { completeAfter = revision }

    /// The position behind the newest event.
    var end: Int { start + events.count }

    mutating func append(_ event: LogEvent) {
        if events.count < EventLog.capacity {
            events.append(event)
            return
        }
        completeAfter = events[head].revision
        events[head] = event
        head = (head + 1) % EventLog.capacity
        start += 1
    }

    subscript(position: Int) -> LogEvent { events[(head + position - start) % max(1, events.count)] }

    /// The position of the first event after a revision; nil where that lies before what is kept.
    func position(after revision: Revision) -> Int? {
        guard revision >= completeAfter else { return nil }
        var low = start
        var high = end
        while low < high {
            let middle = (low + high) / 2
            if self[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
