import Glibc

/// A system call that failed: which call, on what, and why.
///
/// Printed as `mount(/a → /b): EBUSY (Device or resource busy)`.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call as its man page spells it, such as `openat`.
    package let call: String
    /// What it was asked to work on: a path, an address, a process id.
    package let operand: String
    /// The positive errno.
    package let errno: Int32

    package init(call: String, operand: String, errno: Int32) {
        self.call = call
        self.operand = operand
        self.errno = errno
    }

    /// Reads the thread's errno; call it before anything else runs.
    package static func last(_ call: String, _ operand: String) -> SystemError {
        SystemError(call: call, operand: operand, errno: Glibc.errno)
    }

    package var description: String {
        "\(call)(\(operand)): \(SystemError.name(of: errno)) (\(String(cString: strerror(errno))))"
    }

    /// The errno's symbolic name, or its number where it has none here.
    package static func name(of errno: Int32) -> String {
        names[errno] ?? "errno \(errno)"
    }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO", E2BIG: "E2BIG",
        ENOEXEC: "ENOEXEC", EBADF: "EBADF", ECHILD: "ECHILD", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES",
        EFAULT: "EFAULT", ENOTBLK: "ENOTBLK", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV",
        ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE", ENOTTY: "ENOTTY",
        ETXTBSY: "ETXTBSY", EFBIG: "EFBIG", ENOSPC: "ENOSPC", ESPIPE: "ESPIPE", EROFS: "EROFS", EMLINK: "EMLINK",
        EPIPE: "EPIPE", ERANGE: "ERANGE", ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY",
        ELOOP: "ELOOP", EPROTO: "EPROTO", EOVERFLOW: "EOVERFLOW", ENOTSOCK: "ENOTSOCK", EMSGSIZE: "EMSGSIZE",
        EOPNOTSUPP: "EOPNOTSUPP", EAFNOSUPPORT: "EAFNOSUPPORT", EADDRINUSE: "EADDRINUSE",
        EADDRNOTAVAIL: "EADDRNOTAVAIL", ENETDOWN: "ENETDOWN", ENETUNREACH: "ENETUNREACH", ECONNRESET: "ECONNRESET",
        ENOBUFS: "ENOBUFS", ENOTCONN: "ENOTCONN", ETIMEDOUT: "ETIMEDOUT", ECONNREFUSED: "ECONNREFUSED",
        EHOSTUNREACH: "EHOSTUNREACH", EALREADY: "EALREADY", EINPROGRESS: "EINPROGRESS", ESTALE: "ESTALE",
        EDQUOT: "EDQUOT", ECANCELED: "ECANCELED",
    ]
}
