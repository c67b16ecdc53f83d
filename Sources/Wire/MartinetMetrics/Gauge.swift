import Synchronization

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let count = Atomic<Int64>(0)

    package init() {}
    package func add(_ amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    package func set(_ value: Int64) { count.store(value, ordering: .relaxed) }
    package var value: Int64 { count.load(ordering: .relaxed) }
}
