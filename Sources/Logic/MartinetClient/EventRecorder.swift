import MartinetAPI
package import MartinetBase
import MartinetSchema

/// Turns records into requests: a repeated event is counted, many alike are combined, and a flood is cut.
///
/// Limits as upstream's: 25 events at once and then one in five minutes per source and object; from the eleventh
/// different message of one reason within ten minutes on they are combined.
package struct EventRecorder: Sendable {
    private struct Counted { var name: String, count: Int32, first: Timestamp, last: Timestamp }
    private struct Alike { var messages: Set<String>, last: Timestamp }
    private struct Bucket { var tokens: Double, filled: Timestamp }

    private static let bucketSize = 25.0
    private static let fillPerSecond = 1.0 / 300
    private static let alikeMax = 10
    private static let alikeWindow = Duration.seconds(600)
    /// Above this many the memory of what was sent starts anew.
    private static let memoryMax = 4096

    private var counted: [EventRecord: Counted] = [:]
    private var alike: [EventRecord: Alike] = [:]
    private var buckets: [String: Bucket] = [:]
    private let component: String

    package init(component: String) { self.component = component }

    /// Nil where the event is cut.
    package mutating func request(for record: EventRecord, now: Timestamp) -> APIRequest? {
        var record = record
        record.object.resourceVersion = ""
        guard takeToken(record.object.uid.isEmpty ? record.object.name : record.object.uid, now) else { return nil }
        combine(&record, now)
        if counted.count > EventRecorder.memoryMax { counted = [:] }
        let namespace = record.object.namespace.isEmpty ? "default" : record.object.namespace
        if var known = counted[record] {
            known.count += known.count < Int32.max ? 1 : 0
            known.last = now
            counted[record] = known
            return increment(known, namespace)
        }
        let nanoseconds = UInt64(bitPattern: now.seconds &* 1_000_000_000 &+ Int64(now.subsecond))
        let name = "\(record.object.name).\(String(nanoseconds &+ UInt64(counted.count), radix: 16))"
        counted[record] = Counted(name: name, count: 1, first: now, last: now)
        let event = Event { event in
            event.metadata.name = name
            event.metadata.namespace = namespace
            event.involvedObject = record.object
            event.type = record.type
            event.reason = record.reason
            event.message = record.message
            event.source.component = component
            event.reportingComponent = component
            event.count = 1
            event.firstTimestamp = now
            event.lastTimestamp = now
        }
        return APIRequest(.create, ResourceName(Event.kind, namespace: namespace), object: event.object)
    }

    private func increment(_ known: Counted, _ namespace: String) -> APIRequest {
        var request = APIRequest(.patch, ResourceName(Event.kind, namespace: namespace, name: known.name))
        let document = "{\"count\":\(known.count),\"lastTimestamp\":\"\(known.last.rfc3339)\"}"
        request.patch = (.merge, Array(document.utf8))
        return request
    }

    private mutating func takeToken(_ object: String, _ now: Timestamp) -> Bool {
        if buckets.count > EventRecorder.memoryMax { buckets = [:] }
        var bucket = buckets[object] ?? Bucket(tokens: EventRecorder.bucketSize, filled: now)
        let elapsed = Double(max(0, now.duration(since: bucket.filled).components.seconds))
        if elapsed > 0 {
            bucket.tokens = min(EventRecorder.bucketSize, bucket.tokens + elapsed * EventRecorder.fillPerSecond)
            bucket.filled = now
        }
        let isAllowed = bucket.tokens >= 1
        if isAllowed { bucket.tokens -= 1 }
        buckets[object] = bucket
        return isAllowed
    }

    private mutating func combine(_ record: inout EventRecord, _ now: Timestamp) {
        if alike.count > EventRecorder.memoryMax { alike = [:] }
        var group = record
        group.message = ""
        var known = alike[group] ?? Alike(messages: [], last: now)
        if now.duration(since: known.last) > EventRecorder.alikeWindow { known.messages = [] }
        known.last = now
        if known.messages.count < EventRecorder.alikeMax { known.messages.insert(record.message) }
        if known.messages.count >= EventRecorder.alikeMax, !known.messages.contains(record.message) {
            record.message = "(combined from similar events): " + record.message
        }
        alike[group] = known
    }
}
