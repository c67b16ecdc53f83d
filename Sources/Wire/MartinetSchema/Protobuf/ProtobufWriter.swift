/// Protobuf's wire format (encoding guide, proto2): tags, varints, lengths.
struct ProtobufWriter {
    var out: [UInt8] = []

    @inline(__always) mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        out.append(UInt8(truncatingIfNeeded: value))
    }

    @inline(__always) mutating func tag(_ number: UInt16, _ wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }

    mutating func int(_ number: UInt16, _ value: Int64) {
        tag(number, 0)
        varint(UInt64(bitPattern: value))
    }

    mutating func string(_ number: UInt16, _ text: String) {
        tag(number, 2)
        varint(UInt64(text.utf8.count))
        out.append(contentsOf: text.utf8)
    }

    mutating func bytes(_ number: UInt16, _ bytes: [UInt8]) {
        tag(number, 2)
        varint(UInt64(bytes.count))
        out.append(contentsOf: bytes)
    }

    mutating func double(_ number: UInt16, _ value: Double) {
        tag(number, 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            out.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
        }
    }

    /// A message that `body` writes. Its length is put before it once it is known, moving it by as many bytes as that needs.
    mutating func message(_ number: UInt16, _ body: (inout ProtobufWriter) -> Void) {
        tag(number, 2)
        let start = out.count
        out.append(0)
        body(&self)
        var length = UInt64(out.count - start - 1)
        guard length >= 0x80 else {
            out[start] = UInt8(length)
            return
        }
        var prefix: [UInt8] = []
        while length >= 0x80 {
            prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        prefix.append(UInt8(length))
        out.replaceSubrange(start...start, with: prefix)
    }
}
