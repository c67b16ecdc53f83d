import MartinetBase

/// The records of a pax extended header (POSIX.1-2001, pax, "Extended Header"): `length key=value\n`, again and again.
struct PaxRecords {
    private(set) var values: [String: [UInt8]] = [:]
    private(set) var order: [String] = []

    init() {}

    init(_ bytes: [UInt8]) throws(ArchiveError) {
        var rest = bytes[...]
        while let first = rest.first {
            // Some writers fill the block with zeros.
            if first == 0 { break }
            var length = 0
            var digits = 0
            for byte in rest {
                guard byte >= 48, byte <= 57, digits < 8 else { break }
                length = length * 10 + Int(byte - 48)
                digits += 1
            }
            guard digits > 0, length > digits + 1, length <= rest.count,
                rest[rest.startIndex + digits] == UInt8(ascii: " "),
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else { throw ArchiveError(.malformed, "pax record: expected \"length key=value\" and a line end") }
            let record = rest[(rest.startIndex + digits + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex else {
                throw ArchiveError(.malformed, "pax record: expected key=value")
            }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            set(key, Array(record[(equals + 1)...]))
        }
    }

    mutating func set(_ key: String, _ value: [UInt8]) {
        if values.updateValue(value, forKey: key) == nil { order.append(key) }
    }

    /// These, over `older`: a record without a value takes an older one away.
    func over(_ older: PaxRecords) -> PaxRecords {
        guard !older.order.isEmpty else { return self }
        var merged = older
        for key in order { merged.set(key, values[key] ?? []) }
        return merged
    }

    static let attributePrefix = "SCHILY.xattr."

    /// Changes `entry` as the records say. Returns the size where one is given.
    func apply(to entry: inout TarEntry) throws(ArchiveError) -> Int64? {
        var size: Int64?
        for key in order {
            guard let value = values[key], !value.isEmpty || key.hasPrefix(PaxRecords.attributePrefix) else { continue }
            switch key {
            case "path": entry.path = try PaxRecords.name(key, value)
            case "linkpath": entry.linkTarget = try PaxRecords.name(key, value)
            case "size": size = try PaxRecords.number(key, value)
            case "uid": entry.uid = try PaxRecords.identifier(key, value)
            case "gid": entry.gid = try PaxRecords.identifier(key, value)
            case "mtime": entry.modified = try PaxRecords.time(key, value)
            case _ where key.hasPrefix(PaxRecords.attributePrefix):
                let name = String(key.dropFirst(PaxRecords.attributePrefix.count))
                guard !name.isEmpty, !name.utf8.contains(0) else {
                    throw ArchiveError(.malformed, "pax record \(key): the attribute has no name")
                }
                entry.attributes.append(.init(name: name, value: value))
            case _ where key.hasPrefix("GNU.sparse."):
                throw ArchiveError(.unsupported, "\(entry.pathText): sparse members (\(key)) are not supported")
            default: continue  // times of access and change, names of users, comments: nothing here depends on them
            }
        }
        return size
    }

    private static func name(_ key: String, _ value: [UInt8]) throws(ArchiveError) -> [UInt8] {
        guard !value.contains(0) else { throw ArchiveError(.malformed, "pax record \(key): a zero byte in a name") }
        return value
    }

    private static func number(_ key: String, _ value: [UInt8]) throws(ArchiveError) -> Int64 {
        guard let number = Int64(String(decoding: value, as: UTF8.self)), number >= 0 else {
            throw ArchiveError(.malformed, "pax record \(key): expected a number of zero or more")
        }
        return number
    }

    private static func identifier(_ key: String, _ value: [UInt8]) throws(ArchiveError) -> UInt32 {
        guard let number = UInt32(exactly: try number(key, value)) else {
            throw ArchiveError(.malformed, "pax record \(key): does not fit 32 bits")
        }
        return number
    }

    /// Seconds with any number of decimals, of which nine count.
    private static func time(_ key: String, _ value: [UInt8]) throws(ArchiveError) -> Timestamp {
        let parts = value.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = Int64(String(decoding: whole, as: UTF8.self)) else {
            throw ArchiveError(.malformed, "pax record \(key): expected seconds")
        }
        var fraction: Int64 = 0
        if parts.count == 2 {
            var digits = 0
            for byte in parts[1] {
                guard byte >= 48, byte <= 57 else {
                    throw ArchiveError(.malformed, "pax record \(key): expected seconds and decimals")
                }
                guard digits < 9 else { continue }
                fraction = fraction * 10 + Int64(byte - 48)
                digits += 1
            }
            for _ in digits..<9 { fraction *= 10 }
        }
        let base = try TarHeader.timestamp(seconds: seconds, offset: 0)
        let negative = whole.first == UInt8(ascii: "-")
        return Timestamp(nanoseconds: base.nanoseconds + (negative ? -fraction : fraction))
    }
}
