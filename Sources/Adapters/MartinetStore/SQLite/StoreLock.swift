import Glibc
import MartinetBase

/// Keeps a second process (or a second store in this one) off the same file.
///
/// A lock on a file beside it: closing any descriptor of the store's own file would drop SQLite's locks on it
/// (fcntl(2), "Advisory record locking"). The lock goes with the process, however it ends.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Throws `.locked` naming the file and the process that has it.
    init(storePath: String) throws(StoreError) {
        let path = storePath + ".lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            let cause = SystemError.last("open", path)
            throw StoreError(.io, "\(storePath): its lock file cannot be opened", cause: cause)
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let cause = SystemError.last("flock", path)
            var text = [UInt8](repeating: 0, count: 20)
            let length = max(0, pread(opened, &text, text.count, 0))
            close(opened)
            let holder = String(decoding: text.prefix(length).prefix { $0 >= 48 && $0 <= 57 }, as: UTF8.self)
            let process = holder.isEmpty ? "another process" : "process \(holder)"
            if cause.errno == EWOULDBLOCK {
                throw StoreError(.locked, "\(storePath): \(process) has the store open")
            }
            throw StoreError(.io, "\(storePath): it cannot be locked", cause: cause)
        }
        // Only to name the holder to others: a disk too full for it does not matter.
        let own = Array("\(getpid())\n".utf8)
        if ftruncate(opened, 0) == 0 { _ = pwrite(opened, own, own.count, 0) }
        descriptor = opened
    }

    deinit {
        // A child of this process that is between fork and exec still has the descriptor, and with it the lock: only
        // unlocking takes it from both (flock(2)).
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
