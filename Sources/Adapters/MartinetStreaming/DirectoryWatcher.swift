import Dispatch
import Glibc
package import MartinetBase
import Synchronization

/// Tells of changes in folders, by inotify(7), on one thread for all of them.
package final class DirectoryWatcher: Sendable {
    package final class Watch: Sendable {
        fileprivate let cancelled: @Sendable () -> Void
        fileprivate init(_ cancelled: @escaping @Sendable () -> Void) { self.cancelled = cancelled }
        deinit { cancelled() }
    }

    private struct State {
        var next = 0
        var folders: [Int32: [Int: @Sendable () -> Void]] = [:]
    }

    private let inotify: Int32
    private let stop: Int32
    private let state = Mutex(State())

    package init() throws(SystemError) {
        inotify = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard inotify >= 0 else { throw .last("inotify_init1", "the logs' watcher") }
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            let error = SystemError.last("socketpair", "the logs' watcher")
            close(inotify)
            throw error
        }
        stop = ends[1]
        // A thread of its own: it blocks in poll. It ends, and closes what it reads, when the watcher goes.
        let (inotify, stop) = (inotify, ends[0])
        let watcher = WeakWatcher(self)
        let queue = DispatchQueue(label: "martinet.log.watcher")
        queue.async { DirectoryWatcher.run(inotify, stop, watcher) }
    }

    deinit {
        // The thread reads an end.
        close(stop)
    }

    /// Calls back, on the watcher's thread, after files in `folder` were written, made, moved or removed, until the
    /// watch is let go. The callback must not block.
    package func watch(_ folder: String, _ changed: @escaping @Sendable () -> Void) throws(SystemError) -> Watch {
        let mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR
        let (added, failure): ((Int32, Int)?, SystemError?) = state.withLock { state in
            let number = inotify_add_watch(inotify, folder, UInt32(mask))
            guard number >= 0 else { return (nil, SystemError.last("inotify_add_watch", folder)) }
            state.next += 1
            state.folders[number, default: [:]][state.next] = changed
            return ((number, state.next), nil)
        }
        if let failure { throw failure }
        guard let (folder, id) = added else { return Watch {} }
        return Watch { [weak self] in self?.remove(folder, id) }
    }

    private func remove(_ folder: Int32, _ id: Int) {
        state.withLock { state in
            state.folders[folder]?[id] = nil
            guard state.folders[folder]?.isEmpty == true else { return }
            state.folders[folder] = nil
            inotify_rm_watch(inotify, folder)
        }
    }

    /// `folder` nil: events were lost, anything may have changed.
    fileprivate func changed(_ folder: Int32?) {
        let callbacks = state.withLock { state in
            guard let folder else { return state.folders.values.flatMap(\.values) }
            return state.folders[folder].map { Array($0.values) } ?? []
        }
        for callback in callbacks { callback() }
    }

    private static func run(_ inotify: Int32, _ stop: Int32, _ watcher: WeakWatcher) {
        defer {
            close(inotify)
            close(stop)
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var waits = [
                pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&waits, 2, -1) < 0, errno != EINTR { return }
            if waits[1].revents != 0 { return }
            let count = read(inotify, &buffer, buffer.count)
            guard count > 0 else { continue }
            guard let watcher = watcher.value else { return }
            // Writes come in bursts: each folder is told of once.
            var folders: Set<Int32> = []
            var lost = false
            var offset = 0
            while offset + 16 <= count {
                // struct inotify_event: wd, mask, cookie and the length of the name, then the name.
                let (wd, length) = buffer.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    )
                }
                if wd < 0 { lost = true } else { folders.insert(wd) }
                offset += 16 + length
            }
            if lost { watcher.changed(nil) } else { for folder in folders { watcher.changed(folder) } }
        }
    }
}

/// The thread does not keep the watcher alive.
private final class WeakWatcher: Sendable {
    private struct Reference { weak var watcher: DirectoryWatcher? }
    private let reference: Mutex<Reference>
    init(_ watcher: DirectoryWatcher) { reference = Mutex(Reference(watcher: watcher)) }
    var value: DirectoryWatcher? { reference.withLock { $0.watcher } }
}
