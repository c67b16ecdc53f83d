import MartinetBase

/// Decodes the API's CBOR (RFC 8949, KEP-4222) into objects of the schema's types.
///
/// An item is first written as the JSON that says the same, so that both encodings have one decoder, one set of rules and the
/// same strict errors. What JSON cannot say is refused: keys that are no strings, undefined, infinities, lengths that are not
/// said in advance.
package struct CBORDecoder {
    /// Deeper than any object is, and shallow enough for the stack.
    private static let depthMax = 64

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var out: [UInt8] = []

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        out.reserveCapacity(bytes.count * 2)
    }

    /// Decodes one object, with nothing behind it.
    package static func decode(_ bytes: [UInt8], as type: ObjectType) throws(DecodeError) -> JSONDecoder.Result {
        try JSONDecoder.decode(json(from: bytes), as: type)
    }

    /// One item as the JSON that says the same. Members that come twice come twice.
    package static func json(from bytes: [UInt8]) throws(DecodeError) -> [UInt8] {
        var decoder = CBORDecoder(bytes[...])
        try decoder.item(depth: 0, tag: nil)
        guard decoder.position == bytes.count else {
            throw decoder.failure(.syntax, "there is something behind the item")
        }
        return decoder.out
    }

    private func failure(_ code: DecodeError.Code, _ message: String) -> DecodeError {
        DecodeError(code, offset: position, message)
    }

    // MARK: - Items

    /// - Parameter tag: that the item stands under.
    private mutating func item(depth: Int, tag: UInt64?) throws(DecodeError) {
        guard depth < CBORDecoder.depthMax else {
            throw failure(.limit, "nested deeper than \(CBORDecoder.depthMax) levels")
        }
        let first = try byte()
        let major = first >> 5
        if major == 7 { return try simple(first & 31) }
        let argument = try self.argument(first & 31)
        switch major {
        case 0:
            guard argument <= UInt64(Int64.max) else { throw failure(.type, "a number beyond 64 bits") }
            out += String(argument).utf8
        case 1:
            guard argument <= UInt64(Int64.max) else { throw failure(.type, "a number beyond 64 bits") }
            out += String(~Int64(argument)).utf8
        case 2: try byteString(argument, tag)
        case 3: try text(try content(argument))
        case 4: try list(argument, depth)
        case 5: try map(argument, depth)
        default: try item(depth: depth + 1, tag: argument)
        }
    }

    /// Byte strings are text, unless a tag says how text shows them (RFC 8949, section 3.4.5.2).
    private mutating func byteString(_ count: UInt64, _ tag: UInt64?) throws(DecodeError) {
        let content = try content(count)
        switch tag {
        case 21, 22: try text(Array(Base64.encode(Array(content)).utf8)[...])
        case 23:
            let digits = Array("0123456789abcdef".utf8)
            try text(content.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }[...])
        default: try text(content)
        }
    }

    private mutating func list(_ count: UInt64, _ depth: Int) throws(DecodeError) {
        // Every element takes a byte at least: a count beyond that is a lie, found before anything is reserved.
        guard count <= UInt64(bytes.endIndex - position) else { throw failure(.syntax, "a list is cut off") }
        out.append(91)
        for index in 0..<count {
            if index > 0 { out.append(44) }
            try item(depth: depth + 1, tag: nil)
        }
        out.append(93)
    }

    private mutating func map(_ count: UInt64, _ depth: Int) throws(DecodeError) {
        guard count <= UInt64(bytes.endIndex - position) / 2 else { throw failure(.syntax, "a map is cut off") }
        out.append(123)
        for index in 0..<count {
            if index > 0 { out.append(44) }
            let first = try byte()
            guard first >> 5 == 2 || first >> 5 == 3 else { throw failure(.type, "expected a string as a map's key") }
            try text(try content(try argument(first & 31)))
            out.append(58)
            try item(depth: depth + 1, tag: nil)
        }
        out.append(125)
    }

    private mutating func simple(_ kind: UInt8) throws(DecodeError) {
        switch kind {
        case 20: out += "false".utf8
        case 21: out += "true".utf8
        case 22: out += "null".utf8
        case 25: try number(CBORDecoder.half(UInt16(try big(2))))
        case 26: try number(Double(Float(bitPattern: UInt32(try big(4)))))
        case 27: try number(Double(bitPattern: try big(8)))
        default: throw failure(.type, "JSON has nothing for the simple value \(kind)")
        }
    }

    private mutating func number(_ number: Double) throws(DecodeError) {
        guard number.isFinite else { throw failure(.type, "a number that is not finite") }
        out += GoFloat.format(number).utf8
    }

    /// A number of 16 bits (IEEE 754, binary16).
    private static func half(_ bits: UInt16) -> Double {
        let sign = bits >> 15 == 0 ? 1.0 : -1.0
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1023)
        if exponent == 0 { return sign * fraction * 0x1p-24 }
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        return sign * Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
    }

    // MARK: - Bytes

    private mutating func byte() throws(DecodeError) -> UInt8 {
        guard position < bytes.endIndex else { throw failure(.syntax, "the item is cut off") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func big(_ count: Int) throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<count { value = value << 8 | UInt64(try byte()) }
        return value
    }

    private mutating func argument(_ kind: UInt8) throws(DecodeError) -> UInt64 {
        switch kind {
        case 0..<24: return UInt64(kind)
        case 24: return try big(1)
        case 25: return try big(2)
        case 26: return try big(4)
        case 27: return try big(8)
        case 31: throw failure(.syntax, "a length that is not said in advance")
        default: throw failure(.syntax, "a head of no known form")
        }
    }

    private mutating func content(_ count: UInt64) throws(DecodeError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.endIndex - position) else { throw failure(.syntax, "a string is cut off") }
        defer { position += Int(count) }
        return bytes[position..<(position + Int(count))]
    }

    private mutating func text(_ content: ArraySlice<UInt8>) throws(DecodeError) {
        guard String(validating: content, as: UTF8.self) != nil else {
            throw failure(.type, "a string that is no UTF-8, and no tag says how to write it")
        }
        out.append(34)
        for byte in content {
            switch byte {
            case 34, 92: out += [92, byte]
            case 0..<32:
                let digits = String(byte, radix: 16)
                out += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            default: out.append(byte)
            }
        }
        out.append(34)
    }
}
