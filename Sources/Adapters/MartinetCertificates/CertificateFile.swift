package import Glibc
package import MartinetBase

/// Files that hold keys and certificates: written aside, synced, renamed, so that a reader sees the old or the new whole.
package enum CertificateFile {
    /// Replaces `path`. Keys are 0600, which is what a file has from its first instant.
    package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(SystemError) {
        let aside = path + ".new"
        unlink(aside)
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw SystemError.last("open", aside) }
        do throws(SystemError) {
            defer { close(descriptor) }
            // The process's umask may have taken more than was meant, never less.
            guard fchmod(descriptor, mode) == 0 else { throw SystemError.last("fchmod", aside) }
            try writeAll(bytes, descriptor, aside)
            guard fsync(descriptor) == 0 else { throw SystemError.last("fsync", aside) }
        } catch {
            unlink(aside)
            throw error
        }
        guard rename(aside, path) == 0 else { throw SystemError.last("rename", "\(aside) → \(path)") }
        try syncFolder(of: path)
    }

    /// Reads a whole file of at most 1 MiB.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("read", path)
            }
            bytes += piece[..<count]
            guard bytes.count <= 1 << 20 else { throw SystemError(call: "read", operand: path, errno: EFBIG) }
        }
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write", path)
            }
            rest = rest.dropFirst(count)
        }
    }

    private static func syncFolder(of path: String) throws(SystemError) {
        let slash = path.utf8.lastIndex(of: 47)
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError.last("fsync", folder) }
    }
}
