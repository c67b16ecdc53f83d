/// A domain name: labels of 1 to 63 bytes, 255 bytes in all (RFC 1035, 2.3.4). Equality ignores ASCII case (RFC 4343).
package struct DNSName: Sendable, CustomStringConvertible {
    /// As written, without the root.
    package let labels: [[UInt8]]

    package static let root = DNSName(unchecked: [])

    private init(unchecked labels: [[UInt8]]) { self.labels = labels }

    /// Nil where a label or the whole is too long or empty.
    package init?(labels: [[UInt8]]) {
        guard labels.allSatisfy({ (1...63).contains($0.count) }), labels.reduce(1, { $0 + $1.count + 1 }) <= 255 else {
            return nil
        }
        self.labels = labels
    }

    /// From `a.b.c` with or without the final dot, without escapes.
    package init?(_ text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        if bytes.last == 46 { bytes = bytes.dropLast() }
        if bytes.isEmpty {
            self = .root
            return
        }
        self.init(labels: bytes.split(separator: 46, omittingEmptySubsequences: false).map(Array.init))
    }

    /// The labels before `suffix`, in lower case; nil where the name does not end with it.
    package func labels(before suffix: DNSName) -> [String]? {
        guard labels.count >= suffix.labels.count else { return nil }
        let start = labels.count - suffix.labels.count
        for (own, other) in zip(labels[start...], suffix.labels) where DNSName.lower(own) != DNSName.lower(other) {
            return nil
        }
        return labels[..<start].map { String(decoding: DNSName.lower($0), as: UTF8.self) }
    }

    static func lower(_ label: [UInt8]) -> [UInt8] { label.map { (65...90).contains($0) ? $0 + 32 : $0 } }

    package var description: String {
        labels.isEmpty ? "." : labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }
}

extension DNSName: Hashable {
    package static func == (a: DNSName, b: DNSName) -> Bool {
        a.labels.count == b.labels.count
            && zip(a.labels, b.labels).allSatisfy { DNSName.lower($0) == DNSName.lower($1) }
    }

    package func hash(into hasher: inout Hasher) {
        for label in labels { hasher.combine(DNSName.lower(label)) }
    }
}
