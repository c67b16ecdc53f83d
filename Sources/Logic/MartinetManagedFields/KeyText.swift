import MartinetSchema

/// The keys of a list's element in their usual form: names in order, plain text and whole numbers. Anything else is left
/// to a real decoder.
enum KeyText {
    static func fields(_ text: String) -> [PathElement.KeyField]? {
        var text = text
        return text.withUTF8 { fields($0) }
    }

    private static func fields(_ bytes: UnsafeBufferPointer<UInt8>) -> [PathElement.KeyField]? {
        guard bytes.count > 2, bytes[0] == UInt8(ascii: "{"), bytes[bytes.count - 1] == UInt8(ascii: "}") else {
            return nil
        }
        var fields: [PathElement.KeyField] = []
        var position = 1
        let end = bytes.count - 1
        while position < end {
            guard let name = quoted(bytes, &position), position < end, bytes[position] == UInt8(ascii: ":") else {
                return nil
            }
            position += 1
            guard let value = value(bytes, &position, end) else { return nil }
            if let last = fields.last, last.name.byteOrder(name) >= 0 { return nil }
            fields.append(.init(name: name, value: value))
            if position == end { return fields }
            guard bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
        return nil
    }

    private static func value(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ end: Int) -> Value? {
        guard position < end else { return nil }
        if bytes[position] == 34 { return quoted(bytes, &position).map(Value.string) }
        var number: Int64 = 0
        let start = position
        while position < end, bytes[position] >= 48, bytes[position] <= 57, position - start < 18 {
            number = number * 10 + Int64(bytes[position] - 48)
            position += 1
        }
        let count = position - start
        return count == 0 || (count > 1 && bytes[start] == 48) ? nil : .int(number)
    }

    private static func quoted(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> String? {
        guard position < bytes.count, bytes[position] == 34 else { return nil }
        let start = position + 1
        var index = start
        while index < bytes.count, bytes[index] != 34 {
            if bytes[index] == 92 || bytes[index] < 32 { return nil }
            index += 1
        }
        guard index < bytes.count else { return nil }
        position = index + 1
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self)
    }
}
