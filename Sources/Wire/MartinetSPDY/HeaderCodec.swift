import CMartinetZlib

/// Undoes the header compression of one direction of a connection: one zlib stream over all of its header blocks.
struct HeaderInflater: ~Copyable {
    /// What one header block may become.
    static let limit = 1 << 20
    private let stream: UnsafeMutablePointer<z_stream>
    private let isReady: Bool

    init() {
        // zlib keeps the address of its stream.
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        isReady = inflateInit_(stream, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    mutating func inflate(_ block: ArraySlice<UInt8>) throws(SPDYError) -> [UInt8] {
        guard isReady else { throw SPDYError(.compression, "the header decompression could not be set up") }
        var out: [UInt8] = []
        var input = Array(block)
        let stream = stream
        var failure: SPDYError?
        input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: input.count)
            failure = HeaderInflater.run(stream, &out)
            stream.pointee.next_in = nil
        }
        if let failure { throw failure }
        return out
    }

    private static func run(_ stream: UnsafeMutablePointer<z_stream>, _ out: inout [UInt8]) -> SPDYError? {
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let (result, produced) = step(stream, &piece, &out) { CMartinetZlib.inflate($0, $1) }
            guard out.count <= limit else {
                return SPDYError(.tooLarge, "a header block is longer than \(limit) bytes")
            }
            switch result {
            case Z_OK: if stream.pointee.avail_in == 0, produced < piece.count { return nil }
            case Z_NEED_DICT:
                let set = inflateSetDictionary(
                    stream, SPDYDictionary.bytes, UInt32(truncatingIfNeeded: SPDYDictionary.bytes.count))
                guard set == Z_OK else {
                    return SPDYError(.compression, "a header block was compressed with another dictionary")
                }
            case Z_BUF_ERROR where stream.pointee.avail_in == 0: return nil
            default: return SPDYError(.compression, "a header block cannot be decompressed (zlib \(result))")
            }
        }
    }
}

/// Compresses the header blocks of one direction of a connection.
struct HeaderDeflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let isReady: Bool

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let started = deflateInit_(
            stream, Z_BEST_COMPRESSION, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        isReady =
            started == Z_OK
            && deflateSetDictionary(
                stream, SPDYDictionary.bytes, UInt32(truncatingIfNeeded: SPDYDictionary.bytes.count)) == Z_OK
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    mutating func deflate(_ block: [UInt8]) throws(SPDYError) -> [UInt8] {
        guard isReady else { throw SPDYError(.compression, "the header compression could not be set up") }
        var out: [UInt8] = []
        var input = block
        let stream = stream
        var isWhole = false
        input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: input.count)
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                let (result, produced) = step(stream, &piece, &out) { CMartinetZlib.deflate($0, $1) }
                if produced < piece.count || result != Z_OK {
                    isWhole = stream.pointee.avail_in == 0 && (result == Z_OK || result == Z_BUF_ERROR)
                    break
                }
            }
            stream.pointee.next_in = nil
        }
        guard isWhole else { throw SPDYError(.compression, "a header block cannot be compressed") }
        return out
    }
}

/// Fills `piece` once, and adds what it got to `out`.
private func step(
    _ stream: UnsafeMutablePointer<z_stream>, _ piece: inout [UInt8], _ out: inout [UInt8],
    _ call: (UnsafeMutablePointer<z_stream>, CInt) -> CInt
) -> (result: CInt, produced: Int) {
    var result = Z_OK
    let produced = piece.withUnsafeMutableBufferPointer { piece in
        stream.pointee.next_out = piece.baseAddress
        stream.pointee.avail_out = UInt32(truncatingIfNeeded: piece.count)
        result = call(stream, Z_SYNC_FLUSH)
        return piece.count - Int(stream.pointee.avail_out)
    }
    out += piece[..<produced]
    return (result, produced)
}
