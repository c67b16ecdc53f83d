import MartinetClient
import MartinetSchema

/// How an object lies in the store: a header that lets it be served and selected without being parsed, then its JSON.
///
///     format       1 byte   1: what follows here
///     fingerprint  8 bytes  of the schema that wrote it
///     version      4 bytes  where in the JSON the resourceVersion belongs, which is known only once it is committed
///     index        4 bytes  length of the index: labels, then selectable fields, each a counted list of string pairs
///     JSON
///
/// Numbers are little-endian; strings are a 32-bit length and UTF-8.
struct StoredRecord {
    let fingerprint: UInt64
    let versionOffset: Int
    let labels: [(key: String, value: String)]
    let fields: [(key: String, value: String)]
    /// The object without its resourceVersion's digits.
    let json: ArraySlice<UInt8>

    static let format: UInt8 = 1

    /// Encodes an object, whose resourceVersion is ignored, with the values of its selectable fields.
    static func encode(
        _ object: Object, fingerprint: UInt64, labels: [(key: String, value: String)],
        fields: [(key: String, value: String)]
    ) -> [UInt8] {
        var versioned = object
        versioned.setResourceVersion("0")
        let json = JSONEncoder.encode(versioned)
        let offset = versionOffset(in: json) ?? json.count
        var out: [UInt8] = [format]
        out.reserveCapacity(json.count + 256)
        put(fingerprint, &out)
        put(UInt32(truncatingIfNeeded: offset), &out)
        var index: [UInt8] = []
        for list in [labels, fields] {
            put(UInt32(truncatingIfNeeded: list.count), &index)
            for (key, value) in list {
                put(key, &index)
                put(value, &index)
            }
        }
        put(UInt32(truncatingIfNeeded: index.count), &out)
        out += index
        out += json[..<offset]
        if offset < json.count { out += json[(offset + 1)...] }
        return out
    }

    /// Nil where the bytes are no record.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 17, bytes[0] == StoredRecord.format else { return nil }
        fingerprint = StoredRecord.number(bytes, 1, 8)
        versionOffset = Int(StoredRecord.number(bytes, 9, 4))
        let indexLength = Int(StoredRecord.number(bytes, 13, 4))
        guard indexLength <= bytes.count - 17 else { return nil }
        var position = 17
        let end = 17 + indexLength
        var lists: [[(key: String, value: String)]] = []
        for _ in 0..<2 {
            guard position + 4 <= end else { return nil }
            let count = StoredRecord.number(bytes, position, 4)
            position += 4
            var list: [(key: String, value: String)] = []
            for _ in 0..<count {
                guard let key = StoredRecord.text(bytes, &position, end),
                    let value = StoredRecord.text(bytes, &position, end)
                else { return nil }
                list.append((key, value))
            }
            lists.append(list)
        }
        labels = lists[0]
        fields = lists[1]
        json = bytes[end...]
        guard versionOffset <= json.count else { return nil }
    }

    /// The whole JSON, with the resourceVersion in its place.
    func json(resourceVersion: Int64) -> [UInt8] {
        let digits = String(resourceVersion)
        var out: [UInt8] = []
        out.reserveCapacity(json.count + digits.utf8.count)
        let split = json.startIndex + versionOffset
        out += json[..<split]
        out += digits.utf8
        out += json[split...]
        return out
    }

    /// Metadata comes before anything that a client wrote freely, and a quote inside a string is always escaped: the
    /// first match is the field itself.
    private static func versionOffset(in json: [UInt8]) -> Int? {
        let pattern = Array("\"resourceVersion\":\"0\"".utf8)
        guard json.count >= pattern.count else { return nil }
        var index = 0
        while index <= json.count - pattern.count {
            if json[index] == 34, json[index..<(index + pattern.count)].elementsEqual(pattern) {
                return index + pattern.count - 2
            }
            index += 1
        }
        return nil
    }

    private static func put<Number: FixedWidthInteger>(_ number: Number, _ out: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { out.append(contentsOf: $0) }
    }

    private static func put(_ text: String, _ out: inout [UInt8]) {
        put(UInt32(truncatingIfNeeded: text.utf8.count), &out)
        out += text.utf8
    }

    private static func number(_ bytes: [UInt8], _ position: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(bytes[position + index]) }
        return value
    }

    private static func text(_ bytes: [UInt8], _ position: inout Int, _ end: Int) -> String? {
        guard position + 4 <= end else { return nil }
        let length = Int(number(bytes, position, 4))
        position += 4
        guard length <= end - position else { return nil }
        defer { position += length }
        return String(decoding: bytes[position..<(position + length)], as: UTF8.self)
    }
}
