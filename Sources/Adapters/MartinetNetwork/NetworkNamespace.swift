import CMartinetNetwork
import Glibc
package import MartinetBase

/// A network namespace bound at a path, which keeps it alive without a process (ip-netns(8) does the same).
///
/// Work inside it runs on a thread of its own that ends with the work, so that no other thread of this process is ever
/// in a foreign namespace (network_namespaces(7): the namespace is a thread's).
package struct NetworkNamespace: Hashable, Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Makes an empty namespace and binds it at `path`, whose folder exists and which does not.
    ///
    /// `prepare` runs inside the new namespace before this returns.
    package static func create(
        at path: String, _ prepare: () throws -> Void = {}
    ) throws -> NetworkNamespace {
        let file = Glibc.open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        guard file >= 0 else { throw SystemError.last("open", path) }
        close(file)
        do {
            try onOwnThread {
                try check(martinet_netns_unshare(), "unshare", "CLONE_NEWNET")
                try check(martinet_netns_bind(path), "mount", "/proc/thread-self/ns/net → \(path)")
                do {
                    try prepare()
                } catch {
                    martinet_netns_unbind(path)
                    throw error
                }
            }
        } catch {
            unlink(path)
            throw error
        }
        return NetworkNamespace(path: path)
    }

    /// Takes the namespace from its path; it ends once nothing else uses it. One that is not there is no error.
    package func delete() throws(SystemError) {
        let result = martinet_netns_unbind(path)
        // EINVAL: a plain file, left by a crash between its creation and the mount.
        guard result == 0 || result == -EINVAL || result == -ENOENT else {
            throw SystemError(call: "umount2", operand: path, errno: -result)
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError.last("unlink", path) }
    }

    /// Whether a namespace is bound here, rather than a plain file or nothing.
    package var isBound: Bool { martinet_netns_is_bound(path) == 1 }

    /// Runs `body` inside, on a thread of its own, and waits for it.
    package func run<T>(_ body: () throws -> T) throws -> T {
        let descriptor = try open()
        defer { close(descriptor) }
        return try NetworkNamespace.onOwnThread {
            try NetworkNamespace.check(martinet_netns_enter(descriptor), "setns", path)
            return try body()
        }
    }

    /// A descriptor of the namespace, which the caller closes.
    package func open() throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        return descriptor
    }

    private static func check(_ result: Int32, _ call: String, _ operand: String) throws(SystemError) {
        guard result >= 0 else { throw SystemError(call: call, operand: operand, errno: -result) }
    }

    private final class Work {
        let body: () -> Void
        init(body: @escaping () -> Void) { self.body = body }
    }

    private static func onOwnThread<T>(_ body: () throws -> T) throws -> T {
        var result: Result<T, any Error>?
        try withoutActuallyEscaping({ result = Result(catching: body) }) { escaping in
            let work = Work(body: escaping)
            let started = martinet_thread_run(
                { Unmanaged<Work>.fromOpaque($0!).takeUnretainedValue().body() },
                Unmanaged.passUnretained(work).toOpaque())
            // The thread has ended here, so that `work` outlives it.
            withExtendedLifetime(work) {}
            try check(started, "pthread_create", "namespace thread")
        }
        guard let result else { throw SystemError(call: "pthread_join", operand: "namespace thread", errno: ESRCH) }
        return try result.get()
    }
}

extension NetworkNamespace? {
    /// Runs `body` in the namespace, or right here where it is the process's own.
    package func run<T>(_ body: () throws -> T) throws -> T {
        if let self { return try self.run(body) }
        return try body()
    }
}
