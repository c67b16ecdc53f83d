import MartinetSchema

/// Quantities as numbers, for sums and orders.
enum Quantities {
    static func value(_ text: String) -> Double? {
        Quantity(text).map { Double($0.nanos) / 1e9 }
    }

    static func sum(_ texts: [String]) -> Quantity {
        texts.compactMap { Quantity($0) }.reduce(Quantity(0)) { $0.nanos == 0 ? $1 : $0 + $1 }
    }
}
