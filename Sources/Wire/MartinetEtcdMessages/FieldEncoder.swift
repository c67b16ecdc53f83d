/// Writes fields; those with their default value are left out.
struct FieldEncoder: FieldVisitor {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func number(_ number: Int, _ value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    private mutating func block(_ number: Int, _ content: some Collection<UInt8>) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func field(_ number: Int, _ value: inout Int64) {
        if value != 0 { self.number(number, UInt64(bitPattern: value)) }
    }
    mutating func field(_ number: Int, _ value: inout UInt64) { if value != 0 { self.number(number, value) } }
    mutating func field(_ number: Int, _ value: inout Bool) { if value { self.number(number, 1) } }
    mutating func field(_ number: Int, _ value: inout [UInt8]) { if !value.isEmpty { block(number, value) } }
    mutating func field(_ number: Int, _ value: inout String) { if !value.isEmpty { block(number, value.utf8) } }
    mutating func field(_ number: Int, _ value: inout [[UInt8]]) { for item in value { block(number, item) } }
    mutating func field(_ number: Int, _ value: inout [String]) { for item in value { block(number, item.utf8) } }
    mutating func field(_ number: Int, _ value: inout Int64?) {
        if let value { self.number(number, UInt64(bitPattern: value)) }
    }
    mutating func field(_ number: Int, _ value: inout [UInt8]?) { if let value { block(number, value) } }

    /// Packed, as version 3 writes repeated numbers.
    mutating func field(_ number: Int, _ value: inout [Int64]) {
        guard !value.isEmpty else { return }
        var inner = FieldEncoder()
        for item in value { inner.varint(UInt64(bitPattern: item)) }
        block(number, inner.bytes)
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout M?) {
        if let value { block(number, value.encoded) }
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout [M]) {
        for item in value { block(number, item.encoded) }
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout Boxed<M>?) {
        if let value { block(number, value.value.encoded) }
    }
}
