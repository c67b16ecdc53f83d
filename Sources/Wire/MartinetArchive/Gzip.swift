import CMartinetZlib

/// What an archive is wrapped in, told by its first bytes.
package enum Compression: String, Sendable {
    case none, gzip, zstd, bzip2, xz

    package init(firstBytes bytes: some Collection<UInt8>) {
        let first = Array(bytes.prefix(6))
        self =
            first.starts(with: [0x1F, 0x8B])
            ? .gzip
            : first.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
                ? .zstd
                : first.starts(with: [0x42, 0x5A, 0x68])
                    ? .bzip2 : first.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) ? .xz : .none
    }
}

/// Looks at the first bytes and unpacks what is gzip; what is compressed otherwise is refused by name.
package func decompressed(_ source: any ByteSource) throws -> (source: any ByteSource, compression: Compression) {
    var first = [UInt8](repeating: 0, count: 6)
    let count = try first.withUnsafeMutableBytes { try source.readFully(into: $0) }
    let whole = PrefixedSource(prefix: Array(first[..<count]), source)
    switch Compression(firstBytes: first[..<count]) {
    case .none: return (whole, .none)
    case .gzip: return (try GunzipSource(whole), .gzip)
    case let other:
        throw ArchiveError(.unsupported, "compressed with \(other.rawValue): expected gzip or no compression")
    }
}

private final class PrefixedSource: ByteSource {
    private var prefix: MemorySource?
    private let source: any ByteSource

    init(prefix: [UInt8], _ source: any ByteSource) {
        self.prefix = MemorySource(prefix)
        self.source = source
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let prefix {
            let count = prefix.read(into: buffer)
            if count > 0 || buffer.isEmpty { return count }
            self.prefix = nil
        }
        return try source.read(into: buffer)
    }
}

/// Unpacks gzip (RFC 1952), one member after another; checksums are verified by zlib.
package final class GunzipSource: ByteSource {
    private let source: any ByteSource
    // On the heap: zlib keeps a pointer to its own stream and refuses one that moved.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var sourceEnded = false
    private var ended = false

    package init(_ source: any ByteSource) throws {
        self.source = source
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 128 << 10, alignment: 16)
        let result = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw ArchiveError(.malformed, "gzip: zlib cannot start (\(result))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !ended, let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        let room = UInt32(min(buffer.count, 1 << 30))
        stream.pointee.next_out = base.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = room
        while stream.pointee.avail_out == room {
            try refill()
            let result = inflate(stream, Z_NO_FLUSH)
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                if try !startNextMember() {
                    ended = true
                    return Int(room - stream.pointee.avail_out)
                }
            case Z_BUF_ERROR where sourceEnded && stream.pointee.avail_in == 0:
                throw ArchiveError(.truncated, "gzip: ends inside its data")
            case Z_BUF_ERROR: continue
            default: throw ArchiveError(.malformed, "gzip: the data is damaged (\(result))")
            }
        }
        return Int(room - stream.pointee.avail_out)
    }

    private func refill() throws {
        guard stream.pointee.avail_in == 0, !sourceEnded else { return }
        let count = try source.read(into: input)
        if count == 0 { sourceEnded = true }
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }

    /// After a member: another one, zeros up to the end, or nothing. Anything else is damage.
    private func startNextMember() throws -> Bool {
        try refill()
        if stream.pointee.avail_in == 0 { return false }
        if stream.pointee.next_in?.pointee == 0x1F {
            guard inflateReset(stream) == Z_OK else { throw ArchiveError(.malformed, "gzip: zlib cannot start again") }
            return true
        }
        while stream.pointee.avail_in > 0 {
            let rest = UnsafeRawBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
            guard rest.allSatisfy({ $0 == 0 }) else {
                throw ArchiveError(.malformed, "gzip: something else follows the data")
            }
            stream.pointee.avail_in = 0
            try refill()
        }
        return false
    }
}

/// Packs with gzip: no name, no time, so that the same bytes give the same result. Call `finish` once at the end.
package final class GzipSink: ByteSink {
    private let sink: any ByteSink
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer

    /// `level` is zlib's: 1 is fast, 9 is small.
    package init(_ sink: any ByteSink, level: Int32 = 6) throws {
        self.sink = sink
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: 128 << 10, alignment: 16)
        let result = deflateInit2_(
            stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw ArchiveError(.unwritable, "gzip: zlib cannot start (\(result))") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            // zlib's interface is not const-correct; it only reads what next_in points to.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(piece.count)
            try run(flush: Z_NO_FLUSH)
            rest = rest.dropFirst(piece.count)
        }
    }

    package func finish() throws {
        stream.pointee.avail_in = 0
        try run(flush: Z_FINISH)
    }

    private func run(flush: Int32) throws {
        while true {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            let result = deflate(stream, flush)
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
                throw ArchiveError(.unwritable, "gzip: zlib failed (\(result))")
            }
            let made = output.count - Int(stream.pointee.avail_out)
            if made > 0 { try sink.write(UnsafeRawBufferPointer(rebasing: output[..<made])) }
            if result == Z_STREAM_END || (flush == Z_NO_FLUSH && stream.pointee.avail_out > 0) { return }
        }
    }
}
