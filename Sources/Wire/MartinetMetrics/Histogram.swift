import Synchronization

/// How many observations there were of each size, by the upper bounds of buckets.
package final class Histogram: Sendable {
    package struct Snapshot: Sendable, Equatable {
        /// Ascending; the bucket above the last one is not named.
        package let bounds: [Double]
        /// Of each bucket alone, one more than there are bounds.
        package var counts: [UInt64]
        package var sum: Double

        package init(bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count + 1)
            sum = 0
        }

        package var count: UInt64 { counts.reduce(0, &+) }

        /// - Parameter value: what is no number is not counted.
        package mutating func observe(_ value: Double) {
            guard !value.isNaN else { return }
            // Most observations are small: their bucket is among the first.
            var index = 0
            while index < bounds.count, value > bounds[index] { index += 1 }
            counts[index] &+= 1
            sum += value
        }

        /// - Parameter other: one of the same bounds.
        package mutating func add(_ other: Snapshot) {
            for index in counts.indices.prefix(other.counts.count) { counts[index] &+= other.counts[index] }
            sum += other.sum
        }
    }

    private let state: Mutex<Snapshot>

    /// - Parameter bounds: ascending.
    package init(bounds: [Double]) { state = Mutex(Snapshot(bounds: bounds)) }

    package func observe(_ value: Double) { state.withLock { $0.observe(value) } }

    package var snapshot: Snapshot { state.withLock { $0 } }
}
