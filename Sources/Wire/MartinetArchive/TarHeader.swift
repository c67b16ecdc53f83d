import MartinetBase

/// The 512 bytes in front of each member: POSIX.1-1988 ustar, its predecessor v7 and GNU's variation.
struct TarHeader {
    static let size = 512

    let entry: TarEntry
    let type: UInt8
    /// Bytes that follow the header, whatever its type.
    let contentBytes: Int64

    /// Reads a block that is not all zero. `offset` is where it stands in the archive, for messages.
    init(_ block: [UInt8], offset: Int64) throws(ArchiveError) {
        func field(_ range: Range<Int>) -> ArraySlice<UInt8> { block[range] }
        func text(_ range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }
        func number(_ range: Range<Int>, _ name: String) throws(ArchiveError) -> Int64 {
            guard let value = TarHeader.number(block[range]) else {
                throw ArchiveError(.malformed, "tar header at byte \(offset): \(name) is no number")
            }
            return value
        }
        func small(_ range: Range<Int>, _ name: String) throws(ArchiveError) -> UInt32 {
            guard let value = UInt32(exactly: try number(range, name)) else {
                throw ArchiveError(.malformed, "tar header at byte \(offset): \(name) does not fit 32 bits")
            }
            return value
        }
        try TarHeader.check(block, offset: offset)
        let posix = field(257..<263).elementsEqual("ustar\0".utf8)
        let gnu = field(257..<265).elementsEqual("ustar  \0".utf8)
        type = block[156]
        contentBytes = try number(124..<136, "size")
        guard contentBytes >= 0 else {
            throw ArchiveError(.malformed, "tar header at byte \(offset): size is negative")
        }
        var path = text(0..<100)
        let prefix = posix ? text(345..<500) : []
        if !prefix.isEmpty { path = prefix + [UInt8(ascii: "/")] + path }
        var entry = TarEntry(path: path)
        entry.mode = UInt32(truncatingIfNeeded: try number(100..<108, "mode")) & 0o7777
        entry.uid = try small(108..<116, "uid")
        entry.gid = try small(116..<124, "gid")
        entry.modified = try TarHeader.timestamp(seconds: try number(136..<148, "mtime"), offset: offset)
        entry.linkTarget = text(157..<257)
        guard let kind = TarHeader.kind(of: type) else {
            self.entry = entry
            return
        }
        entry.kind = kind
        if posix || gnu, kind == .characterDevice || kind == .blockDevice {
            entry.major = try small(329..<337, "major device number")
            entry.minor = try small(337..<345, "minor device number")
        }
        self.entry = entry
    }

    /// What a member of this type is; nil for types that describe the next member, and for unknown ones.
    private static func kind(of type: UInt8) -> TarEntry.Kind? {
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
        case UInt8(ascii: "1"): .hardlink
        case UInt8(ascii: "2"): .symlink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        default: nil
        }
    }

    /// The sum of all bytes with the checksum's own taken as blanks; some old writers summed signed bytes.
    private static func check(_ block: [UInt8], offset: Int64) throws(ArchiveError) {
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for (index, byte) in block.enumerated() {
            let byte = (148..<156).contains(index) ? 32 : byte
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        guard let stated = number(block[148..<156]), stated == unsigned || stated == signed else {
            throw ArchiveError(.malformed, "tar header at byte \(offset): the checksum does not match")
        }
    }

    static func timestamp(seconds: Int64, offset: Int64) throws(ArchiveError) -> Timestamp {
        guard (-9_000_000_000...9_000_000_000).contains(seconds) else {
            throw ArchiveError(.malformed, "tar header at byte \(offset): mtime is out of range")
        }
        return Timestamp(seconds: seconds)
    }

    /// Octal text, or GNU's base-256 where the first bit is set; nil where it is neither or does not fit.
    static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 {
            let negative = first & 0x40 != 0
            var value: Int64 = negative ? -1 : 0
            for (index, byte) in field.enumerated() {
                let bits = index == 0 ? (negative ? byte | 0x80 : byte & 0x7F) : byte
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                if overflow { return nil }
                value = index == 0 ? Int64(negative ? Int8(bitPattern: bits) : Int8(bits)) : shifted | Int64(bits)
            }
            return value
        }
        var digits = field.drop { $0 == 32 || $0 == 0 }
        digits = digits.prefix { $0 != 32 && $0 != 0 }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 48, byte <= 55 else { return nil }
            value = value * 8 + Int64(byte - 48)  // twelve digits at most: 36 bits
        }
        return value
    }
}
