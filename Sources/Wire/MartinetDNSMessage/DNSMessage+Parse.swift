import MartinetAddresses

extension DNSMessage {
    /// Reads a whole message. Bytes after it are ignored, as real servers do.
    package static func parse(_ bytes: [UInt8]) throws(DNSError) -> DNSMessage {
        var reader = DNSReader(bytes)
        var message = DNSMessage(id: try reader.uint16())
        let flags = try reader.uint16()
        message.isResponse = flags & 0x8000 != 0
        message.operation = UInt8(flags >> 11 & 0xF)
        message.isAuthoritative = flags & 0x0400 != 0
        message.isTruncated = flags & 0x0200 != 0
        message.isRecursionDesired = flags & 0x0100 != 0
        message.isRecursionAvailable = flags & 0x0080 != 0
        var counts: [UInt16] = []
        for _ in 0..<4 { counts.append(try reader.uint16()) }
        // Counts are not trusted with memory: every question and record takes bytes that must be there.
        for _ in 0..<counts[0] {
            message.questions.append(
                DNSQuestion(
                    try reader.name(), DNSType(rawValue: try reader.uint16()), recordClass: try reader.uint16()))
        }
        for _ in 0..<counts[1] { message.answers.append(try reader.record()) }
        for _ in 0..<counts[2] { message.authorities.append(try reader.record()) }
        var high: UInt16 = 0
        for _ in 0..<counts[3] {
            let record = try reader.record()
            guard record.type == .opt else {
                message.additional.append(record)
                continue
            }
            guard message.client == nil else { throw DNSError("the message has two OPT records") }
            // OPT: the class is a size, the ttl an extended outcome, a version and flags.
            var client = DNSExtension(datagramBytes: record.recordClass)
            client.version = UInt8(record.ttl >> 16 & 0xFF)
            client.wantsSignatures = record.ttl & 0x8000 != 0
            message.client = client
            high = UInt16(record.ttl >> 24) << 4
        }
        // An outcome that is not known here is a failure to whoever asks.
        message.outcome = DNSOutcome(rawValue: flags & 0xF | high) ?? .serverFailure
        return message
    }

    /// Where the times to live of a message's records are, and the shortest of them; OPT has none.
    package static func timesToLive(_ bytes: [UInt8]) throws(DNSError) -> (offsets: [Int], shortest: UInt32?) {
        var reader = DNSReader(bytes)
        reader.position = 4
        var counts: [UInt16] = []
        for _ in 0..<4 { counts.append(try reader.uint16()) }
        for _ in 0..<counts[0] {
            _ = try reader.name()
            _ = try reader.uint32()
        }
        var offsets: [Int] = []
        var shortest: UInt32?
        for _ in 0..<(Int(counts[1]) + Int(counts[2]) + Int(counts[3])) {
            _ = try reader.name()
            let type = try reader.uint16()
            _ = try reader.uint16()
            let offset = reader.position
            let ttl = try reader.uint32()
            try reader.skip(Int(try reader.uint16()))
            guard type != DNSType.opt.rawValue else { continue }
            offsets.append(offset)
            shortest = min(shortest ?? ttl, ttl)
        }
        return (offsets, shortest)
    }
}

/// A position in a message's bytes. Every step checks that the bytes are there.
struct DNSReader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func uint8() throws(DNSError) -> UInt8 {
        guard position < bytes.count else { throw DNSError("the message ends too early, at byte \(position)") }
        position += 1
        return bytes[position - 1]
    }

    mutating func uint16() throws(DNSError) -> UInt16 {
        let high = try uint8()
        return UInt16(high) << 8 | UInt16(try uint8())
    }

    mutating func uint32() throws(DNSError) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }

    mutating func skip(_ count: Int) throws(DNSError) {
        guard count <= bytes.count - position else { throw DNSError("the message ends too early, at byte \(position)") }
        position += count
    }

    mutating func take(_ count: Int) throws(DNSError) -> [UInt8] {
        let start = position
        try skip(count)
        return Array(bytes[start..<position])
    }

    /// A name, following compression (RFC 1035, 4.1.4). A pointer must lead to before everything read of this name so
    /// far: so it cannot lead in a circle.
    mutating func name() throws(DNSError) -> DNSName {
        var labels: [[UInt8]] = []
        var length = 1
        var end: Int?
        var limit = position
        while true {
            let first = try uint8()
            switch first {
            case 0:
                if let end { position = end }
                guard let name = DNSName(labels: labels) else { throw DNSError("a name is longer than 255 bytes") }
                return name
            case 1...63:
                length += Int(first) + 1
                guard length <= 255 else { throw DNSError("a name is longer than 255 bytes") }
                labels.append(try take(Int(first)))
            case 192...255:
                let target = Int(first & 0x3F) << 8 | Int(try uint8())
                if end == nil { end = position }
                guard target < limit else { throw DNSError("a compressed name points forwards, at byte \(position)") }
                limit = target
                position = target
            default: throw DNSError("a label has the unknown type \(first >> 6), at byte \(position - 1)")
            }
        }
    }

    mutating func record() throws(DNSError) -> DNSRecord {
        let name = try name()
        let type = DNSType(rawValue: try uint16())
        let recordClass = try uint16()
        let ttl = try uint32()
        let length = Int(try uint16())
        guard length <= bytes.count - position else { throw DNSError("a record is longer than its message") }
        let end = position + length
        var record = DNSRecord(name, type, ttl: ttl, try data(type, length))
        record.recordClass = recordClass
        guard position == end else { throw DNSError("a record's data is not as long as it says") }
        return record
    }

    private mutating func data(_ type: DNSType, _ length: Int) throws(DNSError) -> DNSData {
        switch type {
        case .a, .aaaa:
            guard length == (type == .a ? 4 : 16), let address = IPAddress(bytes: try take(length)) else {
                throw DNSError("an address record has \(length) bytes")
            }
            return .address(address)
        case .cname, .ns, .ptr: return .name(try name())
        case .srv:
            return .service(
                priority: try uint16(), weight: try uint16(), port: try uint16(), target: try name())
        case .soa:
            return .authority(
                server: try name(), contact: try name(), serial: try uint32(), refresh: try uint32(),
                retry: try uint32(), expire: try uint32(), minimum: try uint32())
        case .txt:
            let end = position + length
            var strings: [[UInt8]] = []
            while position < end { strings.append(try take(Int(try uint8()))) }
            return .text(strings)
        default: return .other(try take(length))
        }
    }
}
