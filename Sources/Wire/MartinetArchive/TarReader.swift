/// Reads a tar archive member by member: ustar, v7, pax and GNU's long names.
///
/// Total on hostile input: whatever the bytes, it returns entries or throws `ArchiveError`. Memory is bounded by
/// `Limits`, never by a length that the archive declares. Sparse, multi-volume and unknown members are refused by name.
/// Sources: POSIX.1-2017 pax, GNU tar manual "Basic Tar Format".
package final class TarReader {
    package struct Limits: Sendable {
        /// Of one pax header or GNU long name.
        package var metadataBytesMax = 1 << 20
        /// Of one name; the kernel takes 4096.
        package var pathBytesMax = 16 << 10
        package init() {}
    }

    private let source: any ByteSource
    private let limits: Limits
    private var offset: Int64 = 0
    private var unread: Int64 = 0
    private var padding = 0
    private var globals = PaxRecords()
    private var ended = false
    private var scratch = [UInt8](repeating: 0, count: 64 << 10)

    package init(_ source: any ByteSource, limits: Limits = Limits()) {
        self.source = source
        self.limits = limits
    }

    /// The next member, or nil at the end. What was not read of the last one's content is skipped.
    package func next() throws -> TarEntry? {
        guard !ended else { return nil }
        var pax: PaxRecords?
        var longPath: [UInt8]?
        var longTarget: [UInt8]?
        while let header = try nextHeader() {
            switch header.type {
            case UInt8(ascii: "x"):
                pax = try PaxRecords(try metadata(header)).over(pax ?? PaxRecords())
            case UInt8(ascii: "g"):
                globals = try PaxRecords(try metadata(header)).over(globals)
                guard globals.order.count <= 4096 else {
                    throw ArchiveError(.tooLarge, "tar archive: more than 4096 global pax records")
                }
            case UInt8(ascii: "L"):
                longPath = Array(try metadata(header).prefix { $0 != 0 })
            case UInt8(ascii: "K"):
                longTarget = Array(try metadata(header).prefix { $0 != 0 })
            case 0, UInt8(ascii: "0")...UInt8(ascii: "7"):
                return try member(header, pax: (pax ?? PaxRecords()).over(globals), longPath, longTarget)
            default:
                throw unsupported(header)
            }
        }
        guard pax == nil, longPath == nil, longTarget == nil else {
            throw ArchiveError(.truncated, "tar archive: ends after a header that describes the next member")
        }
        ended = true
        return nil
    }

    /// Content of the current member; 0 at its end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let wanted = Int(min(Int64(buffer.count), unread))
        guard wanted > 0 else { return 0 }
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard count > 0 else { throw truncated() }
        unread -= Int64(count)
        offset += Int64(count)
        return count
    }

    /// The current member's content, as a source of its own that ends with it.
    package var content: any ByteSource { MemberSource(reader: self) }

    /// The rest of the current member's content, as long as it is no more than `limit` bytes.
    package func contents(limit: Int) throws -> [UInt8] {
        guard unread <= Int64(limit) else {
            throw ArchiveError(.tooLarge, "tar member: \(unread) bytes, expected at most \(limit)")
        }
        return try content.readAll(limit: limit)
    }

    private final class MemberSource: ByteSource {
        let reader: TarReader
        init(reader: TarReader) { self.reader = reader }
        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try reader.read(into: buffer) }
    }

    private func member(
        _ header: TarHeader, pax: PaxRecords, _ longPath: [UInt8]?, _ longTarget: [UInt8]?
    ) throws -> TarEntry {
        var entry = header.entry
        if let longPath { entry.path = longPath }
        if let longTarget { entry.linkTarget = longTarget }
        let size = try pax.apply(to: &entry) ?? header.contentBytes
        guard entry.path.count <= limits.pathBytesMax, entry.linkTarget.count <= limits.pathBytesMax else {
            throw ArchiveError(.tooLarge, "tar member: a name of more than \(limits.pathBytesMax) bytes")
        }
        guard !entry.path.isEmpty else {
            throw ArchiveError(.malformed, "tar member before byte \(offset): has no name")
        }
        // Before ustar a trailing slash was all that told a folder.
        if entry.kind == .file, entry.path.last == UInt8(ascii: "/") { entry.kind = .directory }
        // Only files have content; sizes that other members carry (a folder's, a link's) are about nothing that follows.
        entry.size = entry.kind == .file ? size : 0
        try expect(entry.size)
        return entry
    }

    private func expect(_ size: Int64) throws {
        guard size <= Int64.max - offset - 1024 else {
            throw ArchiveError(.malformed, "tar member before byte \(offset): size is out of range")
        }
        unread = size
        padding = Int((512 - size % 512) % 512)
    }

    private func nextHeader() throws -> TarHeader? {
        try skip(unread + Int64(padding))
        unread = 0
        padding = 0
        let start = offset
        guard let block = try block() else { return nil }
        if block.allSatisfy({ $0 == 0 }) {
            // Two such blocks end an archive; one followed by more members is read on, as other readers do.
            guard let second = try self.block(), !second.allSatisfy({ $0 == 0 }) else { return nil }
            return try TarHeader(second, offset: start + 512)
        }
        return try TarHeader(block, offset: start)
    }

    /// 512 bytes, or nil where the source ends exactly here.
    private func block() throws -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: TarHeader.size)
        let count = try block.withUnsafeMutableBytes { try source.readFully(into: $0) }
        offset += Int64(count)
        if count == 0 { return nil }
        guard count == TarHeader.size else { throw truncated() }
        return block
    }

    private func metadata(_ header: TarHeader) throws -> [UInt8] {
        guard header.contentBytes <= Int64(limits.metadataBytesMax) else {
            throw ArchiveError(
                .tooLarge, "tar header before byte \(offset): \(header.contentBytes) bytes of names and attributes")
        }
        try expect(header.contentBytes)
        return try contents(limit: limits.metadataBytesMax)
    }

    private func skip(_ count: Int64) throws {
        var left = count
        while left > 0 {
            let wanted = Int(min(left, Int64(scratch.count)))
            let got = try scratch.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted]))
            }
            guard got > 0 else { throw truncated() }
            left -= Int64(got)
            offset += Int64(got)
        }
    }

    private func truncated() -> ArchiveError {
        ArchiveError(.truncated, "tar archive: ends inside a member, at byte \(offset)")
    }

    private func unsupported(_ header: TarHeader) -> ArchiveError {
        let kind =
            switch header.type {
            case UInt8(ascii: "S"): "a sparse file"
            case UInt8(ascii: "M"): "the continuation of another volume"
            case UInt8(ascii: "V"): "a volume label"
            case UInt8(ascii: "D"): "a dump of a folder's names"
            default: "of the unknown type \(header.type)"
            }
        return ArchiveError(.unsupported, "tar member \(header.entry.pathText): \(kind), which is not supported")
    }
}
