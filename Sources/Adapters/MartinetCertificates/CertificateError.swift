/// A key, certificate, request or token that cannot be made, read or believed.
package struct CertificateError: Error, Sendable, CustomStringConvertible {
    /// Open: more may come.
    package enum Code: String, Sendable { case malformed, refused, io, signature, expired }

    package let code: Code
    /// Lower case, names the object, holds no cause.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether trying again may help.
    package var isRetryable: Bool {
        switch code {
        case .io: true
        case .malformed, .refused, .signature, .expired: false
        }
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
