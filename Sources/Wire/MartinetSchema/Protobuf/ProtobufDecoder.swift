import MartinetBase

/// Decodes the API's protobuf into objects, in the same canonical form as `JSONDecoder`.
package enum ProtobufDecoder {
    /// What the envelope of a root object says.
    package struct Envelope: Sendable {
        package let apiVersion: String
        package let kind: String
        package let body: [UInt8]
        package let contentType: String
    }

    /// Reads `k8s\0` and the runtime.Unknown behind it.
    package static func envelope(_ bytes: [UInt8]) throws(DecodeError) -> Envelope {
        guard bytes.starts(with: ProtobufEncoder.magic) else {
            throw DecodeError(.syntax, offset: 0, "expected protobuf that begins with the bytes 6b 38 73 00")
        }
        return try withReader(Array(bytes.dropFirst(4))) { (reader) throws(DecodeError) in
            var reader = reader
            var texts = ["", "", ""]
            var body: [UInt8] = []
            while !reader.isAtEnd {
                let (number, wireType) = try reader.tag()
                switch (number, wireType) {
                case (1, 2):
                    var meta = try reader.message()
                    while !meta.isAtEnd {
                        let (number, wireType) = try meta.tag()
                        if wireType == 2, number == 1 || number == 2 {
                            texts[number - 1] = try meta.string()
                        } else {
                            try meta.skip(wireType)
                        }
                    }
                case (2, 2): body = Array(try reader.slice())
                case (4, 2): texts[2] = try reader.string()
                default: try reader.skip(wireType)
                }
            }
            return Envelope(apiVersion: texts[0], kind: texts[1], body: body, contentType: texts[2])
        }
    }

    /// Decodes the bare message of a type.
    package static func decode(_ bytes: [UInt8], as type: ObjectType) throws(DecodeError) -> Object {
        try withReader(bytes) { (reader) throws(DecodeError) in
            var reader = reader
            return try object(of: type, &reader, depth: 0)
        }
    }

    private static func withReader<R>(
        _ bytes: [UInt8], _ body: (ProtobufReader) throws(DecodeError) -> R
    ) throws(DecodeError) -> R {
        let result: Swift.Result<R, DecodeError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(DecodeError) { return .success(try body(ProtobufReader(buffer))) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func object(
        of type: ObjectType, _ reader: inout ProtobufReader, depth: Int
    ) throws(DecodeError) -> Object {
        guard depth < 128 else { throw DecodeError(.limit, offset: reader.position, "nested deeper than 128 levels") }
        var object = Object(type: type)
        try fields(into: &object, prefix: 0, level: 0, &reader, depth: depth)
        return object
    }

    /// - Parameters:
    ///   - prefix: the numbers of the inlined messages that this one lies in, as `Field.outer` has them.
    ///   - level: how many they are.
    private static func fields(
        into object: inout Object, prefix: UInt16, level: Int, _ reader: inout ProtobufReader, depth: Int
    ) throws(DecodeError) {
        let type = object.type
        let slots = type.slotsByNumber
        let inlineMask: UInt16 = level == 0 ? 0x00FF : 0xFFFF
        var cursor = 0
        var lists: [Int: [Value]] = [:]
        var maps: [Int: [Map.Entry]] = [:]
        scan: while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            let inner =
                level == 0 ? UInt16(truncatingIfNeeded: number) : prefix | UInt16(truncatingIfNeeded: number) << 8
            for offset in 0..<slots.count {
                let index = (cursor + offset) % slots.count
                let field = type.field(Int(slots[index]))
                if field.outer == prefix, Int(field.number) == number {
                    cursor = index
                    try decode(field, into: &object, &lists, &maps, wireType, &reader, depth: depth)
                    continue scan
                }
                if level < 2, number < 256, field.outer != prefix, field.outer & inlineMask == inner, wireType == 2 {
                    cursor = index
                    var message = try reader.message()
                    try fields(into: &object, prefix: inner, level: level + 1, &message, depth: depth + 1)
                    continue scan
                }
            }
            try reader.skip(wireType)
        }
        for (slot, values) in lists { object[slot] = .list(values) }
        for (slot, entries) in maps { object[slot] = .map(Map(unsorted: entries)) }
    }

    private static func decode(
        _ field: Field, into object: inout Object, _ lists: inout [Int: [Value]], _ maps: inout [Int: [Map.Entry]],
        _ wireType: UInt8, _ reader: inout ProtobufReader, depth: Int
    ) throws(DecodeError) {
        switch field.container {
        case .single:
            let value = try single(field, wireType, &reader, depth: depth)
            object[field.slot] = field.flags.contains(.pointer) || !value.isZero ? value : nil
        case .list, .nested:
            if wireType == 2, let packed = try packedElements(field, &reader) {
                lists[field.slot, default: []] += packed
            } else {
                lists[field.slot, default: []].append(try single(field, wireType, &reader, depth: depth))
            }
        case .map:
            guard wireType == 2 else { return try reader.skip(wireType) }
            var entry = try reader.message()
            var key = ""
            var value = field.zeroElement
            while !entry.isAtEnd {
                let (number, wireType) = try entry.tag()
                switch (number, wireType) {
                case (1, 2): key = try entry.string()
                case (2, _): value = try single(field, wireType, &entry, depth: depth)
                default: try entry.skip(wireType)
                }
            }
            maps[field.slot, default: []].append(Map.Entry(key: key, value: value))
        }
    }

    /// The elements of a packed list of numbers; nil where the field holds no numbers.
    private static func packedElements(_ field: Field, _ reader: inout ProtobufReader) throws(DecodeError) -> [Value]? {
        switch field.scalar {
        case .int32, .int64, .uint32, .uint64, .bool: break
        default: return nil
        }
        var inner = try reader.message()
        var values: [Value] = []
        while !inner.isAtEnd {
            let number = Int64(bitPattern: try inner.varint())
            values.append(field.scalar == .bool ? .bool(number != 0) : .int(number))
        }
        return values
    }

    private static func single(
        _ field: Field, _ wireType: UInt8, _ reader: inout ProtobufReader, depth: Int
    ) throws(DecodeError) -> Value {
        func check(_ expected: UInt8) throws(DecodeError) {
            guard wireType == expected else {
                throw DecodeError(
                    .type, path: field.name, offset: reader.position,
                    "expected wire type \(expected), found \(wireType)")
            }
        }
        switch field.scalar {
        case .bool:
            try check(0)
            return .bool(try reader.varint() != 0)
        case .int32, .int64, .uint32, .uint64:
            try check(0)
            let number = Int64(bitPattern: try reader.varint())
            return .int(field.scalar == .int32 ? Int64(Int32(truncatingIfNeeded: number)) : number)
        case .double, .float:
            try check(1)
            return .double(try reader.double())
        case .string:
            try check(2)
            return .string(try reader.string())
        case .bytes:
            try check(2)
            return .bytes(Array(try reader.slice()))
        default:
            try check(2)
            var message = try reader.message()
            return try composite(field, &message, depth: depth)
        }
    }

    /// The scalars that protobuf wraps in a message, and objects.
    private static func composite(
        _ field: Field, _ reader: inout ProtobufReader, depth: Int
    ) throws(DecodeError) -> Value {
        if field.scalar == .object {
            guard let type = field.type else { return .null }
            return .object(try object(of: type, &reader, depth: depth + 1))
        }
        var numbers: [Int: Int64] = [:]
        var texts: [String] = []
        var isNumberText = false
        while !reader.isAtEnd {
            let (number, wireType) = try reader.tag()
            switch wireType {
            case 0: numbers[number] = Int64(bitPattern: try reader.varint())
            case 2:
                texts.append(try reader.string())
                isNumberText = number == 3
            default: try reader.skip(wireType)
            }
        }
        switch field.scalar {
        case .quantity:
            guard let quantity = Quantity(texts.first ?? "0") else {
                throw DecodeError(
                    .type, path: field.name, offset: reader.position,
                    "expected a quantity, found \((texts.first ?? "").debugDescription)")
            }
            return .string(quantity.description)
        case .time: return numbers.isEmpty ? .null : .int(numbers[1] ?? 0)
        case .microtime:
            guard !numbers.isEmpty else { return .null }
            return .int(Timestamp(seconds: numbers[1] ?? 0, nanoseconds: numbers[2] ?? 0).microseconds)
        case .duration: return .int(numbers[1] ?? 0)
        case .intorstring:
            if numbers[1] == 1 { return .string(isNumberText ? texts.last ?? "" : "") }
            return .int(Int64(Int32(truncatingIfNeeded: numbers[2] ?? 0)))
        case .strings: return .list(texts.map(Value.string))
        case .raw, .json, .fieldsv1:
            guard let text = texts.first else { return .null }
            return .raw(try RawJSON(checking: Array(text.utf8)))
        default: return .null
        }
    }
}
