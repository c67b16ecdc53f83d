/// Encodes objects as the API's protobuf: fields by ascending number, those without presence always written.
package enum ProtobufEncoder {
    /// What every encoded root object begins with.
    package static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    /// `k8s\0` and a runtime.Unknown that holds the object.
    package static func encode(_ object: Object) -> [UInt8] {
        let kind = object.type.kind
        return envelope(apiVersion: kind?.apiVersion ?? "", kind: kind?.name ?? "", body: encodeBody(object))
    }

    /// The bare message of an object.
    package static func encodeBody(_ object: Object) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.out.reserveCapacity(512)
        self.body(object, &writer)
        return writer.out
    }

    package static func envelope(apiVersion: String, kind: String, body: [UInt8]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.out = magic
        writer.message(1) {
            $0.string(1, apiVersion)
            $0.string(2, kind)
        }
        writer.bytes(2, body)
        writer.string(3, "")
        writer.string(4, "")
        return writer.out
    }

    private static func body(_ object: Object, _ writer: inout ProtobufWriter) {
        let type = object.type
        let slots = type.slotsByNumber
        var index = 0
        while index < slots.count {
            let field = type.field(Int(slots[index]))
            if field.outer != 0 {
                index = inlined(object, type, slots, from: index, depth: 0, &writer)
            } else {
                if field.number != 0 { self.field(field, object[field.slot], &writer) }
                index += 1
            }
        }
    }

    /// The fields from `start` on that lie in the same inlined message. Returns where the next one begins.
    private static func inlined(
        _ object: Object, _ type: ObjectType, _ slots: UnsafeBufferPointer<UInt16>, from start: Int, depth: Int,
        _ writer: inout ProtobufWriter
    ) -> Int {
        let mask: UInt16 = depth == 0 ? 0x00FF : 0xFFFF
        let prefix = type.field(Int(slots[start])).outer & mask
        var end = start
        var isSet = false
        var isPointer = false
        while end < slots.count {
            let field = type.field(Int(slots[end]))
            guard field.outer & mask == prefix else { break }
            if object[field.slot] != nil { isSet = true }
            if field.flags.contains(.outerPointer) { isPointer = true }
            end += 1
        }
        if isPointer, !isSet { return end }
        writer.message(depth == 0 ? prefix : prefix >> 8) { writer in
            var index = start
            while index < end {
                let field = type.field(Int(slots[index]))
                if field.outer & ~mask != 0 {
                    index = inlined(object, type, slots, from: index, depth: depth + 1, &writer)
                } else {
                    self.field(field, object[field.slot], &writer)
                    index += 1
                }
            }
        }
        return end
    }

    private static func field(_ field: Field, _ value: Value?, _ writer: inout ProtobufWriter) {
        let number = field.number
        switch (field.container, value) {
        case (.single, let value?): single(field, number, value, &writer)
        case (.single, nil):
            if field.flags.isDisjoint(with: [.pointer]) { unset(field, &writer) }
        case (.list, .list(let values)):
            for value in values { single(field, number, value, &writer) }
        case (.map, .map(let map)):
            for entry in map.entries {
                writer.message(number) {
                    $0.string(1, entry.key)
                    single(field, 2, entry.value, &$0)
                }
            }
        default: break
        }
    }

    private static func single(_ field: Field, _ number: UInt16, _ value: Value, _ writer: inout ProtobufWriter) {
        switch (field.scalar, value) {
        case (.object, .object(let object)): writer.message(number) { body(object, &$0) }
        case (.string, .string(let text)): writer.string(number, text)
        case (.bytes, .bytes(let bytes)): writer.bytes(number, bytes)
        case (.bool, .bool(let flag)): writer.int(number, flag ? 1 : 0)
        case (.int32, .int(let value)), (.int64, .int(let value)), (.uint32, .int(let value)),
            (.uint64, .int(let value)):
            writer.int(number, value)
        case (.double, .double(let value)), (.float, .double(let value)): writer.double(number, value)
        case (.quantity, .string(let text)): writer.message(number) { $0.string(1, text) }
        case (.time, .int(let seconds)):
            writer.message(number) {
                $0.int(1, seconds)
                $0.int(2, 0)
            }
        case (.microtime, .int(let microseconds)):
            writer.message(number) {
                let rest = (microseconds % 1_000_000 + 1_000_000) % 1_000_000
                $0.int(1, (microseconds - rest) / 1_000_000)
                $0.int(2, rest * 1000)
            }
        case (.duration, .int(let nanoseconds)): writer.message(number) { $0.int(1, nanoseconds) }
        case (.intorstring, .int(let value)): intOrString(number, 0, value, "", &writer)
        case (.intorstring, .string(let text)): intOrString(number, 1, 0, text, &writer)
        case (.raw, .raw(let raw)), (.json, .raw(let raw)), (.fieldsv1, .raw(let raw)):
            writer.message(number) { $0.string(1, raw.text) }
        case (.time, .null), (.microtime, .null): writer.message(number) { _ in }
        case (.strings, .list(let values)):
            writer.message(number) { writer in
                for case .string(let text) in values { writer.string(1, text) }
            }
        default: break
        }
    }

    private static func intOrString(
        _ number: UInt16, _ type: Int64, _ value: Int64, _ text: String, _ writer: inout ProtobufWriter
    ) {
        writer.message(number) {
            $0.int(1, type)
            $0.int(2, value)
            $0.string(3, text)
        }
    }

    /// Fields without presence are written with their zero value.
    private static func unset(_ field: Field, _ writer: inout ProtobufWriter) {
        switch field.scalar {
        case .object:
            guard let type = field.type else { return }
            writer.message(field.number) { body(Object(type: type), &$0) }
        case .string: writer.string(field.number, "")
        case .bool, .int32, .int64, .uint32, .uint64: writer.int(field.number, 0)
        case .double, .float: writer.double(field.number, 0)
        case .quantity: writer.message(field.number) { $0.string(1, "0") }
        case .time, .microtime, .raw, .json, .fieldsv1, .strings: writer.message(field.number) { _ in }
        case .duration: writer.message(field.number) { $0.int(1, 0) }
        case .intorstring: intOrString(field.number, 0, 0, "", &writer)
        case .bytes, .any: break
        }
    }
}
