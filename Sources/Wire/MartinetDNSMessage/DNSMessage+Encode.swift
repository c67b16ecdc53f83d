import MartinetAddresses

extension DNSMessage {
    /// The message in at most `limit` bytes. What does not fit is left out record by record from the end; where an
    /// answer is missing then, the client is told to ask again over TCP (RFC 2181, section 9).
    package func encode(limit: Int = 65_535) -> [UInt8] {
        var writer = DNSWriter()
        writer.uint16(id)
        writer.uint16(0)
        for _ in 0..<4 { writer.uint16(0) }
        for question in questions {
            writer.name(question.name)
            writer.uint16(question.type.rawValue)
            writer.uint16(question.recordClass)
        }
        let reserve = client == nil ? 0 : 11
        var counts = [questions.count, 0, 0, 0]
        var isCut = isTruncated
        sections: for (index, records) in [answers, authorities, additional].enumerated() {
            for record in records {
                let start = writer.bytes.count
                writer.record(record)
                guard writer.bytes.count + reserve <= limit, writer.bytes.count <= 65_535 - reserve else {
                    writer.cut(to: start)
                    // Additional records are a courtesy: their absence is no truncation.
                    isCut = isCut || index < 2
                    break sections
                }
                counts[index + 1] += 1
            }
        }
        if let client {
            writer.bytes += [0, 0, 41]
            writer.uint16(client.datagramBytes)
            writer.bytes += [UInt8(truncatingIfNeeded: outcome.rawValue >> 4), client.version]
            writer.uint16(client.wantsSignatures ? 0x8000 : 0)
            writer.uint16(0)
            counts[3] += 1
        }
        var flags = outcome.rawValue & 0xF | UInt16(operation & 0xF) << 11
        if isResponse { flags |= 0x8000 }
        if isAuthoritative { flags |= 0x0400 }
        if isCut { flags |= 0x0200 }
        if isRecursionDesired { flags |= 0x0100 }
        if isRecursionAvailable { flags |= 0x0080 }
        writer.set(flags, at: 2)
        for (index, count) in counts.enumerated() { writer.set(UInt16(clamping: count), at: 4 + index * 2) }
        return writer.bytes
    }
}

/// Grows a message, with names compressed (RFC 1035, 4.1.4).
private struct DNSWriter {
    var bytes: [UInt8] = []
    private var known: [DNSName: Int] = [:]

    mutating func uint16(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 0xFF)] }
    mutating func uint32(_ value: UInt32) {
        uint16(UInt16(value >> 16))
        uint16(UInt16(value & 0xFFFF))
    }

    mutating func set(_ value: UInt16, at index: Int) {
        bytes[index] = UInt8(value >> 8)
        bytes[index + 1] = UInt8(value & 0xFF)
    }

    mutating func cut(to count: Int) {
        bytes.removeLast(bytes.count - count)
        known = known.filter { $0.value < count }
    }

    mutating func name(_ name: DNSName, isCompressed: Bool = true) {
        var rest = name.labels[...]
        while let label = rest.first {
            if let suffix = DNSName(labels: Array(rest)) {
                if isCompressed, let offset = known[suffix] {
                    uint16(0xC000 | UInt16(offset))
                    return
                }
                if bytes.count < 0x4000, known[suffix] == nil { known[suffix] = bytes.count }
            }
            bytes.append(UInt8(label.count))
            bytes += label
            rest = rest.dropFirst()
        }
        bytes.append(0)
    }

    mutating func record(_ record: DNSRecord) {
        name(record.name)
        uint16(record.type.rawValue)
        uint16(record.recordClass)
        uint32(record.ttl)
        let start = bytes.count
        uint16(0)
        switch record.data {
        case .address(let address): bytes += address.bytes
        case .name(let target): name(target)
        case .service(let priority, let weight, let port, let target):
            uint16(priority)
            uint16(weight)
            uint16(port)
            // Never compressed (RFC 2782).
            name(target, isCompressed: false)
        case .authority(let server, let contact, let serial, let refresh, let retry, let expire, let minimum):
            name(server)
            name(contact)
            for value in [serial, refresh, retry, expire, minimum] { uint32(value) }
        case .text(let strings):
            for string in strings {
                bytes.append(UInt8(min(255, string.count)))
                bytes += string.prefix(255)
            }
        case .other(let data): bytes += data
        }
        set(UInt16(clamping: bytes.count - start - 2), at: start)
    }
}
