/// What a node has left, as read at one moment. Bytes, and numbers of files.
package struct NodeReadings: Hashable, Sendable {
    package var memoryAvailable: Int64 = .max
    package var diskCapacity: Int64 = 0
    package var diskAvailable: Int64 = .max
    package var inodes: Int64 = 0
    package var inodesFree: Int64 = .max
    package init() {}
}

/// From what a node has left to its conditions and to the pod that has to go. Source: the kubelet's documented hard
/// thresholds and ranking (node-pressure eviction).
package struct NodePressure: Sendable {
    package struct Thresholds: Sendable {
        /// Bytes.
        package var memory: Int64 = 100 << 20
        package var diskPercent: Int64 = 10
        package var inodesPercent: Int64 = 5
        /// Of a larger disk only so many bytes count: a tenth of it is then more than any node needs to be well.
        package var diskCountedMax: Int64 = 100 << 30
        /// How long a condition stays after it was last met.
        package var transition: Duration = .seconds(300)
        package init() {}
    }

    /// A threshold that is met.
    package struct Breach: Hashable, Sendable {
        /// `memory`, `ephemeral-storage` or `inodes`.
        package let resource: String
        package let threshold: Int64
        package let available: Int64

        package var message: String {
            "The node was low on resource: \(resource). Threshold quantity: \(text(threshold)), "
                + "available: \(text(available)). "
        }

        private func text(_ amount: Int64) -> String {
            if resource == "inodes" { return String(amount) }
            return amount % (1 << 20) == 0 ? "\(amount >> 20)Mi" : "\(amount >> 10)Ki"
        }
    }

    /// A pod that could go, with what it uses of the resource in question.
    package struct Candidate: Hashable, Sendable {
        package var uid: String
        package var priority: Int32
        package var usage: Int64
        package var request: Int64
        package init(uid: String, priority: Int32, usage: Int64, request: Int64) {
            self.uid = uid
            self.priority = priority
            self.usage = usage
            self.request = request
        }
    }

    private let thresholds: Thresholds
    private var memoryMet: Duration?
    private var diskMet: Duration?
    package private(set) var isMemoryLow = false
    package private(set) var isDiskLow = false

    package init(_ thresholds: Thresholds) { self.thresholds = thresholds }

    /// Takes in a reading; returns what has to be done something about, the most urgent first.
    package mutating func observe(_ readings: NodeReadings, at now: Duration) -> [Breach] {
        var breaches: [Breach] = []
        if readings.memoryAvailable < thresholds.memory {
            breaches.append(
                Breach(resource: "memory", threshold: thresholds.memory, available: readings.memoryAvailable))
        }
        for (resource, capacity, free, percent) in [
            (
                "ephemeral-storage", min(readings.diskCapacity, thresholds.diskCountedMax), readings.diskAvailable,
                thresholds.diskPercent
            ),
            ("inodes", readings.inodes, readings.inodesFree, thresholds.inodesPercent),
        ] {
            let threshold = capacity / 100 * percent
            if capacity > 0, free < threshold {
                breaches.append(Breach(resource: resource, threshold: threshold, available: free))
            }
        }
        if breaches.contains(where: { $0.resource == "memory" }) { memoryMet = now }
        if breaches.contains(where: { $0.resource != "memory" }) { diskMet = now }
        isMemoryLow = memoryMet.map { now - $0 < thresholds.transition } ?? false
        isDiskLow = diskMet.map { now - $0 < thresholds.transition } ?? false
        return breaches
    }

    /// Who goes first: what uses more than it asked for, then what matters less, then what uses most beyond its request.
    package static func ranked(_ candidates: [Candidate]) -> [Candidate] {
        let beyond = { (one: Candidate) in one.usage.subtractingReportingOverflow(one.request).partialValue }
        return candidates.sorted { a, b in
            let (exceedsA, exceedsB) = (a.usage > a.request, b.usage > b.request)
            if exceedsA != exceedsB { return exceedsA }
            if a.priority != b.priority { return a.priority < b.priority }
            if beyond(a) != beyond(b) { return beyond(a) > beyond(b) }
            return a.uid < b.uid
        }
    }
}
