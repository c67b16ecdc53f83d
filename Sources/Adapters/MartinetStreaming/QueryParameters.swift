/// The parameters of a URL's query, decoded (`application/x-www-form-urlencoded`), in their order.
package struct QueryParameters: Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    /// Nil where an escape is malformed or the text is not UTF-8.
    package init?(_ query: String?) {
        for part in (query ?? "").utf8.split(separator: 38) {
            let equals = part.firstIndex(of: 61) ?? part.endIndex
            guard let name = QueryParameters.decode(part[..<equals], plus: true),
                let value = QueryParameters.decode(part[equals...].dropFirst(), plus: true)
            else { return nil }
            fields.append((name: name, value: value))
        }
    }

    package mutating func append(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    package func all(_ name: String) -> [String] { fields.compactMap { $0.name == name ? $0.value : nil } }

    /// A boolean as Kubernetes reads one: there and neither `false` nor `0`.
    package func flag(_ name: String) -> Bool {
        guard let value = self[name]?.lowercased() else { return false }
        return value != "false" && value != "0"
    }

    /// The query as it is sent, without `?`.
    package var encoded: String {
        fields.map { "\(QueryParameters.encode($0.name))=\(QueryParameters.encode($0.value))" }
            .joined(separator: "&")
    }

    /// One segment of a path, decoded; nil where it cannot be.
    package static func decodePath(_ text: some StringProtocol) -> String? {
        decode(Substring(text).utf8, plus: false)
    }

    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: out.append(byte)
            default: out += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func decode(_ text: Substring.UTF8View, plus: Bool) -> String? {
        var out: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == 37 {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                out.append(high << 4 | low)
            } else {
                out.append(byte == 43 && plus ? 32 : byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
