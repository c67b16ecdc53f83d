package import MartinetSchema

/// JSON documents for patches.
package enum JSONText {
    package static func quoted(_ text: String) -> String { encode(.string(text)) }

    package static func encode(_ value: Value) -> String {
        String(decoding: JSONEncoder.encode(value), as: UTF8.self)
    }

    /// `{"metadata":{"annotations":{…}}}`, or labels.
    package static func metadata(_ field: String, _ values: [(key: String, value: String?)]) -> String {
        let pairs = values.map { "\(quoted($0.key)):\($0.value.map(quoted) ?? "null")" }
        return "{\"metadata\":{\"\(field)\":{\(pairs.joined(separator: ","))}}}"
    }
}
