import CMartinetImages
import Glibc
import MartinetArchive
package import MartinetBase

/// O_PATH: a descriptor that names a place and can do nothing else.
package let martinetPathOnly = Int32(martinet_images_path_only)

/// An open file or folder, closed with its last reference.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    /// How it was named when it was opened, for messages.
    package let path: String

    package init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    package static func open(
        _ path: String, _ flags: Int32, mode: UInt32 = 0o600, at folder: OpenFile? = nil
    ) throws(SystemError) -> OpenFile {
        while true {
            let descriptor = openat(folder?.descriptor ?? AT_FDCWD, path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 { return OpenFile(descriptor: descriptor, path: path) }
            guard errno == EINTR else { throw .last("openat", path) }
        }
    }

    /// As `open`; nil where there is nothing of that name.
    package static func openIfThere(
        _ path: String, _ flags: Int32, at folder: OpenFile
    ) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try open(path, flags, at: folder)
        } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
    }

    package static func folder(_ path: String, at folder: OpenFile? = nil) throws(SystemError) -> OpenFile {
        try open(path, O_RDONLY | O_DIRECTORY, at: folder)
    }

    /// Opens `path` as if this folder were the root: nothing in it leads outside. See openat2(2), RESOLVE_IN_ROOT.
    package func openInside(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) -> OpenFile {
        let result = martinet_images_open_in_root(descriptor, path, flags, mode)
        guard result >= 0 else { throw SystemError(call: "openat2", operand: path, errno: -result) }
        return OpenFile(descriptor: result, path: path)
    }

    /// The folder `path` as if this one were the root; nil where it is not there, or is no folder.
    package func folderInside(_ path: String) throws(SystemError) -> OpenFile? {
        do throws(SystemError) {
            return try openInside(path, martinetPathOnly | O_DIRECTORY)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
    }

    /// What `name` in this folder is, links not followed; the file itself for an empty name. Nil where it is not there.
    package func status(_ name: String = "") throws(SystemError) -> FileStatus? {
        var raw = martinet_images_stat()
        let result = martinet_images_stat_at(descriptor, name, &raw)
        if result == -ENOENT { return nil }
        guard result == 0 else { throw SystemError(call: "fstatat", operand: name, errno: -result) }
        return FileStatus(raw)
    }

    /// The names in this folder, sorted by their bytes.
    package func names() throws(SystemError) -> [String] {
        var raw: UnsafeMutablePointer<CChar>?
        var bytes = 0
        let result = martinet_images_list(descriptor, &raw, &bytes)
        guard result == 0 else { throw SystemError(call: "readdir", operand: path, errno: -result) }
        defer { free(raw) }
        guard let raw else { return [] }
        var names: [String] = []
        var next = raw
        while next < raw + bytes {
            // A name that is no UTF-8 would not survive the way through String: callers are told, not misled.
            guard let name = String(validatingCString: next) else {
                throw SystemError(call: "readdir", operand: "\(path): a name that is not UTF-8", errno: EILSEQ)
            }
            names.append(name)
            next += strlen(next) + 1
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("write", path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Gives a lock of flock(2) back before the file is closed.
    package func unlock() { flock(descriptor, LOCK_UN) }

    package func sync() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
    }
}

package struct FileStatus: Sendable {
    package let inode, device, size: UInt64
    package let mode, uid, gid, links, major, minor: UInt32
    package let modified: Timestamp

    init(_ raw: martinet_images_stat) {
        inode = raw.inode
        device = raw.device
        size = raw.size
        mode = raw.mode
        uid = raw.uid
        gid = raw.gid
        links = raw.links
        major = raw.major
        minor = raw.minor
        modified = Timestamp(seconds: raw.seconds, nanoseconds: Int64(raw.nanoseconds))
    }

    package var type: UInt32 { mode & 0o170000 }
    package var isFolder: Bool { type == 0o040000 }
    package var isFile: Bool { type == 0o100000 }
    package var isLink: Bool { type == 0o120000 }
    /// Overlayfs' mark for what a lower layer has and this one has not (kernel, overlayfs, "whiteouts").
    package var isWhiteout: Bool { type == 0o020000 && major == 0 && minor == 0 }
}

/// Reads a file from where it stands.
package final class FileSource: ByteSource {
    private let file: OpenFile
    package init(_ file: OpenFile) { self.file = file }
    package convenience init(path: String) throws { self.init(try OpenFile.open(path, O_RDONLY)) }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(file.descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError.last("read", file.path) }
        }
    }
}

package final class FileSink: ByteSink {
    private let file: OpenFile
    package init(_ file: OpenFile) { self.file = file }
    package func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
}
