/// Turns frames into bytes. Header blocks depend on those before them: what is encoded must be sent, in that order.
package struct SPDYEncoder: ~Copyable {
    private var deflater = HeaderDeflater()

    package init() {}

    package mutating func encode(_ frame: SPDYFrame) throws(SPDYError) -> [UInt8] {
        switch frame {
        case .synStream(let id, let associated, let priority, let fin, let unidirectional, let headers):
            var payload = bytes(id & 0x7FFF_FFFF) + bytes(associated & 0x7FFF_FFFF)
            payload += [priority << 5, 0]
            payload += try block(headers)
            return try control(1, flags: (fin ? 1 : 0) | (unidirectional ? 2 : 0), payload)
        case .synReply(let id, let fin, let headers):
            return try control(2, flags: fin ? 1 : 0, bytes(id & 0x7FFF_FFFF) + block(headers))
        case .data(let id, let fin, let data):
            guard data.count <= 0xFF_FFFF else {
                throw SPDYError(.tooLarge, "a data frame of \(data.count) bytes is too large")
            }
            return SPDYEncoder.dataHead(id: id, fin: fin, count: data.count) + data
        case .reset(let id, let status): return try control(3, flags: 0, bytes(id & 0x7FFF_FFFF) + bytes(status))
        case .settings(let settings):
            var payload = bytes(UInt32(truncatingIfNeeded: settings.count))
            for setting in settings {
                payload += bytes(UInt32(setting.flags) << 24 | setting.id) + bytes(setting.value)
            }
            return try control(4, flags: 0, payload)
        case .ping(let id): return try control(6, flags: 0, bytes(id))
        case .goAway(let last, let status): return try control(7, flags: 0, bytes(last & 0x7FFF_FFFF) + bytes(status))
        case .headers(let id, let fin, let headers):
            return try control(8, flags: fin ? 1 : 0, bytes(id & 0x7FFF_FFFF) + block(headers))
        case .windowUpdate(let id, let delta):
            return try control(9, flags: 0, bytes(id & 0x7FFF_FFFF) + bytes(delta & 0x7FFF_FFFF))
        }
    }

    /// The eight bytes before `count` (at most 16 777 215) bytes of data, which depend on nothing before them.
    package static func dataHead(id: UInt32, fin: Bool, count: Int) -> [UInt8] {
        let length = UInt32(truncatingIfNeeded: count) & 0xFF_FFFF
        return word(id & 0x7FFF_FFFF) + word((fin ? 1 << 24 : 0) | length)
    }

    private mutating func block(_ headers: SPDYHeaders) throws(SPDYError) -> [UInt8] {
        var plain = bytes(UInt32(truncatingIfNeeded: headers.fields.count))
        for field in headers.fields {
            plain += bytes(UInt32(truncatingIfNeeded: field.name.utf8.count)) + field.name.utf8
            plain += bytes(UInt32(truncatingIfNeeded: field.value.utf8.count)) + field.value.utf8
        }
        return try deflater.deflate(plain)
    }

    private func control(_ type: UInt8, flags: UInt32, _ payload: [UInt8]) throws(SPDYError) -> [UInt8] {
        guard payload.count <= 0xFF_FFFF else {
            throw SPDYError(.tooLarge, "a control frame of \(payload.count) bytes is too large")
        }
        return [0x80, 3, 0, type] + bytes(flags << 24 | UInt32(truncatingIfNeeded: payload.count)) + payload
    }

    private func bytes(_ value: UInt32) -> [UInt8] { SPDYEncoder.word(value) }

    private static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
