import Synchronization

/// Instruments of one name, told apart by the values of their labels.
///
/// Bounded: once there are `seriesMax`, what is new shares one instrument whose labels all say `other`, so that whoever
/// chooses the values cannot fill the memory.
package final class MetricFamily<Instrument: AnyObject & Sendable>: Sendable {
    package static var overflow: String { "other" }
    private let series = Mutex<[[String]: Instrument]>([:])
    private let seriesMax: Int
    private let labelCount: Int
    private let make: @Sendable () -> Instrument

    package init(labels: Int, seriesMax: Int = 2000, _ make: @escaping @Sendable () -> Instrument) {
        labelCount = labels
        self.seriesMax = seriesMax
        self.make = make
    }

    package func of(_ values: String...) -> Instrument { of(values) }

    package func of(_ values: [String]) -> Instrument {
        series.withLock { series in
            if let found = series[values] { return found }
            var key = values
            if series.count >= seriesMax {
                key = Array(repeating: Self.overflow, count: labelCount)
                if let found = series[key] { return found }
            }
            let new = make()
            series[key] = new
            return new
        }
    }

    /// In the order of the labels' values.
    package var all: [(values: [String], instrument: Instrument)] {
        series.withLock { series in series.map { (values: $0.key, instrument: $0.value) } }
            .sorted { $0.values.lexicographicallyPrecedes($1.values) }
    }
}
