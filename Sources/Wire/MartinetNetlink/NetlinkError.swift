import MartinetBase

/// A netlink exchange that went wrong: what was asked, and what the kernel said about it.
package struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The kernel's answer does not parse.
        case malformed
        /// The kernel answered with this positive errno.
        case refused(Int32)
        /// No answer came within the socket's time-out, or answers were lost.
        case unanswered
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kernel's refusal of `purpose`, with the text of its extended acknowledgement where it gave one.
    package static func refused(_ errno: Int32, purpose: String, text: String?) -> NetlinkError {
        let reason = text.map { ": " + $0 } ?? ""
        return NetlinkError(.refused(errno), "\(purpose): \(SystemError.name(of: errno))\(reason)")
    }

    /// The errno, where the kernel refused.
    package var errno: Int32? {
        if case .refused(let errno) = code { return errno }
        return nil
    }

    /// Whether the same request may succeed later: the kernel was busy, short of memory or interrupted by a change.
    package var isRetryable: Bool {
        switch code {
        case .malformed: false
        // EINTR, EAGAIN, ENOMEM, EBUSY, ENOBUFS, by their numbers in <asm-generic/errno.h>.
        case .refused(let errno): [4, 11, 12, 16, 105].contains(errno)
        case .unanswered: true
        }
    }

    package var description: String { message }
}
