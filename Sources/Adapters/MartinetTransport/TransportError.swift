/// What went wrong between two ends of a connection.
package struct TransportError: Error, Sendable, CustomStringConvertible {
    /// Open: more may come.
    package enum Code: String, Sendable {
        case connect, tls, timeout, closed, `protocol`, tooLarge, cancelled, invalid, shutdown
    }

    package let code: Code
    /// Lower case, names the object, holds no cause.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same request may succeed when it is sent again, where sending it twice does no harm.
    package var isRetryable: Bool {
        switch code {
        case .connect, .timeout, .closed: true
        case .tls, .protocol, .tooLarge, .cancelled, .invalid, .shutdown: false
        }
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
