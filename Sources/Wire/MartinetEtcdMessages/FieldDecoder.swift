/// Goes through the fields of one message. Each `next` reads one field, which the message's `visit` then takes; one that
/// nobody takes is unknown and skipped.
struct FieldDecoder: FieldVisitor {
    /// How deep messages may lie in each other: transactions can hold transactions.
    static let depthMax = 16

    private let bytes: [UInt8]
    private var at: Int
    private let end: Int
    private let depth: Int
    private var current = 0
    private var scalar: UInt64?
    private var content: Range<Int>?
    private(set) var failure: EtcdMessageError?

    init(bytes: [UInt8], range: Range<Int>, depth: Int) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
        self.depth = depth
        if depth > FieldDecoder.depthMax { failure = EtcdMessageError(message: "messages lie too deep in each other") }
    }

    /// Reads the next field; false at the end.
    mutating func next() throws(EtcdMessageError) -> Bool {
        if let failure { throw failure }
        guard at < end else { return false }
        let tag = try varint()
        guard let number = Int(exactly: tag >> 3), number > 0 else {
            throw EtcdMessageError(message: "a field has the number 0")
        }
        current = number
        scalar = nil
        content = nil
        switch tag & 7 {
        case 0: scalar = try varint()
        case 1: _ = try take(8)
        case 2:
            let count = try varint()
            guard count <= UInt64(end - at) else {
                throw EtcdMessageError(message: "field \(number) is longer than its message")
            }
            content = try take(Int(count))
        case 5: _ = try take(4)
        default: throw EtcdMessageError(message: "field \(number) has the unknown wire type \(tag & 7)")
        }
        return true
    }

    private mutating func varint() throws(EtcdMessageError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < end, shift < 64 {
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw EtcdMessageError(message: "a number does not end")
    }

    private mutating func take(_ count: Int) throws(EtcdMessageError) -> Range<Int> {
        guard end - at >= count else { throw EtcdMessageError(message: "the message ends inside a field") }
        defer { at += count }
        return at..<at + count
    }

    private mutating func message<M: EtcdMessage>(_ range: Range<Int>) -> M? {
        do throws(EtcdMessageError) { return try M(decoding: bytes, range, depth: depth + 1) } catch {
            failure = error
            return nil
        }
    }

    mutating func field(_ number: Int, _ value: inout Int64) {
        if number == current, let scalar { value = Int64(bitPattern: scalar) }
    }
    mutating func field(_ number: Int, _ value: inout UInt64) { if number == current, let scalar { value = scalar } }
    mutating func field(_ number: Int, _ value: inout Bool) { if number == current, let scalar { value = scalar != 0 } }
    mutating func field(_ number: Int, _ value: inout [UInt8]) {
        if number == current, let content { value = Array(bytes[content]) }
    }
    mutating func field(_ number: Int, _ value: inout String) {
        if number == current, let content { value = String(decoding: bytes[content], as: UTF8.self) }
    }
    mutating func field(_ number: Int, _ value: inout [[UInt8]]) {
        if number == current, let content { value.append(Array(bytes[content])) }
    }
    mutating func field(_ number: Int, _ value: inout [String]) {
        if number == current, let content { value.append(String(decoding: bytes[content], as: UTF8.self)) }
    }
    mutating func field(_ number: Int, _ value: inout Int64?) {
        if number == current, let scalar { value = Int64(bitPattern: scalar) }
    }
    mutating func field(_ number: Int, _ value: inout [UInt8]?) {
        if number == current, let content { value = Array(bytes[content]) }
    }
    mutating func field(_ number: Int, _ value: inout [Int64]) {
        guard number == current else { return }
        if let scalar { return value.append(Int64(bitPattern: scalar)) }
        guard let content else { return }
        var inner = FieldDecoder(bytes: bytes, range: content, depth: depth)
        do throws(EtcdMessageError) {
            while inner.at < inner.end { value.append(Int64(bitPattern: try inner.varint())) }
        } catch { failure = error }
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout M?) {
        if number == current, let content { value = message(content) }
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout [M]) {
        if number == current, let content, let item: M = message(content) { value.append(item) }
    }
    mutating func field<M: EtcdMessage>(_ number: Int, _ value: inout Boxed<M>?) {
        if number == current, let content, let item: M = message(content) { value = Boxed(item) }
    }
}
