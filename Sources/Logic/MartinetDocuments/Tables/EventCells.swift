import MartinetBase
import MartinetSchema

/// What a table says about an event, in either of its two groups: events.k8s.io renamed most of the fields.
struct EventCells {
    private let event: Object
    private let now: Timestamp
    private let isCore: Bool

    init(_ context: CellContext) {
        event = context.object
        now = context.now
        isCore = event.type.field(named: "involvedObject") != nil
    }

    private func path(_ core: String, _ other: String) -> String { isCore ? core : other }

    var firstSeen: String {
        if let first = event.time(path("firstTimestamp", "deprecatedFirstTimestamp")) {
            return CellText.age(first, now)
        }
        return CellText.age(event.microtime("eventTime"), now)
    }

    var lastSeen: String {
        if event.has("series") { return CellText.age(event.microtime("series.lastObservedTime"), now) }
        if let last = event.time(path("lastTimestamp", "deprecatedLastTimestamp")) { return CellText.age(last, now) }
        return firstSeen
    }

    /// An event that happened once has no count of its own.
    var count: Int64 {
        if event.has("series") { return event.number("series.count") }
        return max(event.number(path("count", "deprecatedCount")), 1)
    }

    var object: String {
        let reference = event.object(path("involvedObject", "regarding"))
        let kind = (reference?.text("kind") ?? "").lowercased()
        let name = reference?.text("name") ?? ""
        return name.isEmpty ? kind : "\(kind)/\(name)"
    }

    var source: String {
        let source = path("source", "deprecatedSource")
        let component = CellText.or(
            event.text("\(source).component"), event.text(path("reportingComponent", "reportingController")))
        let host = CellText.or(event.text("\(source).host"), event.text("reportingInstance"))
        return host.isEmpty ? component : "\(component), \(host)"
    }

    var message: String {
        var text = event.text(path("message", "note"))[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
