/// Reads protobuf's wire format. Total: every length is checked against what is there.
struct ProtobufReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int
    let end: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) {
        self.bytes = bytes
        position = start
        self.end = end
    }

    var isAtEnd: Bool { position >= end }

    func failure(_ message: String) -> DecodeError { DecodeError(.syntax, offset: position, message) }

    mutating func varint() throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw failure("a protobuf number is cut off or too long")
    }

    mutating func tag() throws(DecodeError) -> (number: Int, wireType: UInt8) {
        let key = try varint()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw failure("a protobuf field has no valid number") }
        return (Int(key >> 3), UInt8(key & 7))
    }

    mutating func length() throws(DecodeError) -> Int {
        let length = try varint()
        guard length <= UInt64(end - position) else { throw failure("a protobuf length reaches past the end") }
        return Int(length)
    }

    mutating func slice() throws(DecodeError) -> UnsafeBufferPointer<UInt8> {
        let count = try length()
        let slice = UnsafeBufferPointer(rebasing: bytes[position..<(position + count)])
        position += count
        return slice
    }

    /// A text must be UTF-8: it is told on in encodings that can hold nothing else.
    mutating func string() throws(DecodeError) -> String {
        let start = position
        guard let text = String(validating: try slice(), as: UTF8.self) else {
            throw DecodeError(.syntax, offset: start, "a text that is no UTF-8")
        }
        return text
    }

    /// A reader of the message that begins here; this one goes on behind it.
    mutating func message() throws(DecodeError) -> ProtobufReader {
        let count = try length()
        let inner = ProtobufReader(bytes, from: position, to: position + count)
        position += count
        return inner
    }

    mutating func double() throws(DecodeError) -> Double {
        guard end - position >= 8 else { throw failure("a protobuf number is cut off") }
        var bits: UInt64 = 0
        for index in 0..<8 { bits |= UInt64(bytes[position + index]) << UInt64(index * 8) }
        position += 8
        return Double(bitPattern: bits)
    }

    mutating func skip(_ wireType: UInt8) throws(DecodeError) {
        switch wireType {
        case 0: _ = try varint()
        case 1:
            guard end - position >= 8 else { throw failure("a protobuf number is cut off") }
            position += 8
        case 2: _ = try slice()
        case 5:
            guard end - position >= 4 else { throw failure("a protobuf number is cut off") }
            position += 4
        default: throw failure("protobuf wire type \(wireType) is not in use")
        }
    }
}
