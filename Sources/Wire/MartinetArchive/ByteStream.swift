/// Bytes in order, read by whoever wants the next ones.
package protocol ByteSource: AnyObject {
    /// Fills the front of `buffer` and returns how many bytes that were: 0 only at the end, or where `buffer` is empty.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Where bytes go, in order.
package protocol ByteSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSource {
    /// Fills `buffer` whole, or less only where the source ends.
    package func readFully(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Hands everything that is left to `body`, a piece at a time, and returns how much that was.
    @discardableResult
    package func forEachChunk(
        _ chunkBytes: Int = 256 << 10, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, chunkBytes), alignment: 64)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = try read(into: buffer)
            if count == 0 { return total }
            total += Int64(count)
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// What is left, as long as it is no more than `limit` bytes.
    package func readAll(limit: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        try forEachChunk {
            guard $0.count <= limit - all.count else {
                throw ArchiveError(.tooLarge, "expected at most \(limit) bytes, the source has more")
            }
            all.append(contentsOf: $0)
        }
        return all
    }
}

extension ByteSink {
    package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}

/// Bytes in memory, read at most `step` at a time: tests use it to split the input anywhere.
package final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private let step: Int
    private var position = 0

    package init(_ bytes: [UInt8], step: Int = .max) {
        self.bytes = bytes
        self.step = max(1, step)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position, step)
        guard count > 0 else { return 0 }
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

package final class MemorySink: ByteSink {
    package private(set) var bytes: [UInt8] = []
    package init() {}
    package func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}

/// Shows what passes to `body`: digests and progress are made of it.
package final class ObservedSource: ByteSource {
    private let source: any ByteSource
    private let body: (UnsafeRawBufferPointer) throws -> Void

    package init(_ source: any ByteSource, _ body: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.source = source
        self.body = body
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: buffer)
        if count > 0 { try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        return count
    }
}
