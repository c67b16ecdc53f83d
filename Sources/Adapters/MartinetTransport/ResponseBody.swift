/// The bytes of an answer.
package enum ResponseBody: Sendable {
    case empty
    case bytes([UInt8])
    /// Gathered in order, without ever being joined into one array: large lists go out in pieces as the client takes them.
    case slices([ArraySlice<UInt8>])

    package var count: Int {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .slices(let slices): slices.reduce(0) { $0 + $1.count }
        }
    }
}
