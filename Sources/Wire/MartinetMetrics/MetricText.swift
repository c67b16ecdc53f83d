/// Writes metrics as Prometheus reads them.
///
/// Source: Prometheus' text exposition format 0.0.4.
package struct MetricText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func family(_ name: String, _ kind: MetricKind, _ help: String) {
        put("# HELP \(name) ")
        escape(help, quotes: false)
        put("\n# TYPE \(name) \(kind.rawValue)\n")
    }

    package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        sample(name, labels, text: MetricText.text(value))
    }

    package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: some BinaryInteger) {
        sample(name, labels, text: String(value))
    }

    package mutating func histogram(_ name: String, _ labels: [(String, String)], _ snapshot: Histogram.Snapshot) {
        var total: UInt64 = 0
        for (bound, count) in zip(snapshot.bounds, snapshot.counts) {
            total &+= count
            sample(name + "_bucket", labels + [("le", MetricText.text(bound))], total)
        }
        sample(name + "_bucket", labels + [("le", "+Inf")], snapshot.count)
        sample(name + "_sum", labels, snapshot.sum)
        sample(name + "_count", labels, snapshot.count)
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], text: String) {
        put(name)
        for (index, (label, value)) in labels.enumerated() {
            put(index == 0 ? "{" : ",")
            put(label)
            put("=\"")
            escape(value, quotes: true)
            put("\"")
        }
        put(labels.isEmpty ? " " : "} ")
        put(text)
        put("\n")
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): put("\\\\")
            case 10: put("\\n")
            case UInt8(ascii: "\"") where quotes: put("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    /// A number as Go's clients write it: whole ones without a point.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
