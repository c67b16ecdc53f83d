/// A protobuf message of etcd's API: a struct whose fields are named once, with their numbers, for both directions.
///
/// Source: the language of protocol buffers, version 3 (protobuf.dev, "Encoding").
package protocol EtcdMessage: Hashable, Sendable {
    init()
    /// Shows every field to the visitor, in the order of numbers.
    mutating func visit<V: FieldVisitor>(_ visitor: inout V)
}

/// Somebody who writes or reads fields.
package protocol FieldVisitor {
    mutating func field(_ number: Int, _ value: inout Int64)
    mutating func field(_ number: Int, _ value: inout UInt64)
    mutating func field(_ number: Int, _ value: inout Bool)
    mutating func field(_ number: Int, _ value: inout [UInt8])
    mutating func field(_ number: Int, _ value: inout String)
    mutating func field(_ number: Int, _ value: inout [[UInt8]])
    mutating func field(_ number: Int, _ value: inout [String])
    mutating func field(_ number: Int, _ value: inout [Int64])
    /// A member of a union: zero is written too.
    mutating func field(_ number: Int, _ value: inout Int64?)
    mutating func field(_ number: Int, _ value: inout [UInt8]?)
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout M?)
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout [M])
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout Boxed<M>?)
}

extension FieldVisitor {
    /// Enumerations travel as numbers; one that is unknown leaves the value as it was.
    package mutating func field<E: RawRepresentable<Int64>>(_ number: Int, _ value: inout E) {
        var raw = value.rawValue
        field(number, &raw)
        value = E(rawValue: raw) ?? value
    }
}

/// A message inside one of its own kind.
package struct Boxed<M: EtcdMessage>: Hashable, Sendable {
    private var only: [M]
    package init(_ value: M) { only = [value] }
    package var value: M { only.first ?? M() }
}

/// Bytes that are no message.
package struct EtcdMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

extension EtcdMessage {
    package var encoded: [UInt8] {
        var encoder = FieldEncoder()
        var copy = self
        copy.visit(&encoder)
        return encoder.bytes
    }

    package init(decoding bytes: some Sequence<UInt8>) throws(EtcdMessageError) {
        let bytes = Array(bytes)
        try self.init(decoding: bytes, 0..<bytes.count, depth: 0)
    }

    init(decoding bytes: [UInt8], _ range: Range<Int>, depth: Int) throws(EtcdMessageError) {
        self.init()
        var decoder = FieldDecoder(bytes: bytes, range: range, depth: depth)
        while try decoder.next() {
            visit(&decoder)
            if let failure = decoder.failure { throw failure }
        }
    }
}
