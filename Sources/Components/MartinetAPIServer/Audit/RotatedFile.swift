import Glibc
import MartinetAudit
import MartinetBase
import Synchronization

/// A file that is appended to and, once it is too long, put aside under a name with its time.
final class RotatedFile: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int
    }

    private let path: String
    private let rotation: AuditRotation
    private let runtime: any Runtime
    private let state: Mutex<State>

    /// - Parameter path: `-` for the standard output, which is never put aside.
    init(_ path: String, _ rotation: AuditRotation, runtime: any Runtime) throws(SystemError) {
        self.path = path
        self.rotation = rotation
        self.runtime = runtime
        state = Mutex(path == "-" ? State(descriptor: 1, size: 0) : try RotatedFile.open(path))
    }

    deinit { state.withLock { if $0.descriptor > 2 { Glibc.close($0.descriptor) } } }

    private static func open(_ path: String) throws(SystemError) -> State {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        return State(descriptor: descriptor, size: max(0, Int(lseek(descriptor, 0, SEEK_END))))
    }

    /// Called from one executor alone: nobody waits for its lock.
    func append(_ bytes: [UInt8]) throws(SystemError) {
        var now = state.withLock { $0 }
        if path != "-", now.size > 0, now.size &+ bytes.count > rotation.sizeMax {
            try putAside()
            Glibc.close(now.descriptor)
            now = try RotatedFile.open(path)
            state.withLock { [now] in $0 = now }
        }
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(now.descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write", path)
            }
            offset += count
        }
        state.withLock { $0.size &+= bytes.count }
    }

    private func putAside() throws(SystemError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let file = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let time = runtime.now()
        let backup = folder + AuditRotation.backup(of: file, at: time)
        guard rename(path, backup) == 0 else { throw SystemError.last("rename", backup) }
        var names: [String] = []
        if let directory = opendir(folder) {
            while let entry = readdir(directory) {
                names.append(
                    withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                    })
            }
            closedir(directory)
        }
        for name in rotation.obsolete(names, of: file, at: time) { unlink(folder + name) }
    }
}
