import Glibc
import MartinetBase

/// An open log file. Closed with the value.
struct LogFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    private let identity: (device: UInt64, inode: UInt64)
    private(set) var offset: Int64 = 0

    init(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw .last("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = SystemError.last("fstat", path)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw SystemError(call: "open", operand: path, errno: EINVAL)
        }
        self.path = path
        self.descriptor = descriptor
        identity = (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    deinit { close(descriptor) }

    /// Whether the path leads to another file by now: this one was rotated away.
    var isReplaced: Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return UInt64(status.st_dev) != identity.device || UInt64(status.st_ino) != identity.inode
    }

    /// The next bytes, at most `count`; empty at the end. A file that became shorter is read again from its start.
    mutating func read(_ count: Int) throws(SystemError) -> [UInt8] {
        let size = try size()
        if size < offset { offset = 0 }
        let bytes = try read(count, at: offset)
        offset += Int64(bytes.count)
        return bytes
    }

    /// Moves to where the last `lines` lines begin; a line in several pieces counts once, and so does one that is still
    /// being written. Reads backwards, and no more than it must.
    mutating func seek(toLast lines: Int64) throws(SystemError) {
        let size = try size()
        offset = size
        guard lines > 0 else { return }
        var found: Int64 = 0
        // The newline that ends the line whose beginning is looked for.
        var end: Int64?
        var position = size
        while position > 0 {
            let count = Int(min(position, 64 << 10))
            position -= Int64(count)
            let block = try read(count, at: position)
            for index in block.indices.reversed() where block[index] == 10 {
                let newline = position + Int64(index)
                defer { end = newline }
                guard let lineEnd = end, lineEnd + 1 < size else { continue }
                let rest = block[(index + 1)...]
                let head = rest.count >= LogFile.headBytes ? rest : try read(LogFile.headBytes, at: newline + 1)[...]
                guard !LogFile.isPartial(head) else { continue }
                found += 1
                guard found < lines else {
                    offset = lineEnd + 1
                    return
                }
            }
        }
        // What is left is the first line of the file, which has no newline before it, and what follows it.
        if let lineEnd = end, lineEnd + 1 < size, !LogFile.isPartial(try read(LogFile.headBytes, at: 0)[...]),
            found + 1 >= lines
        {
            offset = lineEnd + 1
        } else {
            offset = 0
        }
    }

    /// More than a time, a stream and a tag take.
    private static let headBytes = 64

    private static func isPartial(_ head: ArraySlice<UInt8>) -> Bool {
        let line = head.prefix { $0 != 10 }
        return CRILogLine(line)?.isPartial ?? false
    }

    private func size() throws(SystemError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
        return Int64(status.st_size)
    }

    private func read(_ count: Int, at position: Int64) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let path = path
        let descriptor = descriptor
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(position) + filled)
                if result < 0, errno == EINTR { continue }
                if result < 0 { failure = .last("pread", path) }
                guard result > 0 else { return }
                filled += result
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
