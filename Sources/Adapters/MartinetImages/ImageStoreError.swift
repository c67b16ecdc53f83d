/// Why the store, a pull or a load could not do what it was asked.
package struct ImageStoreError: Error, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        package init(_ name: String) { self.name = name }
        /// The image, blob or layer is not there.
        package static let notFound = Code("notFound")
        /// Content is not what its digest or size says.
        package static let mismatch = Code("mismatch")
        /// An archive or layer that cannot be honoured.
        package static let refused = Code("refused")
        /// Somebody else works on the store.
        package static let busy = Code("busy")
        /// A registry answered with an error.
        package static let registry = Code("registry")
        /// The registry wants other credentials.
        package static let unauthorized = Code("unauthorized")
        /// The registry could not be reached, or broke off.
        package static let unreachable = Code("unreachable")
    }

    package let code: Code
    package let message: String
    /// What it was caused by; never part of `message`.
    package let cause: (any Error)?
    /// Whether the same request may succeed later, unchanged.
    package let isRetryable: Bool

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil, isRetryable: Bool? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.isRetryable = isRetryable ?? (code == .unreachable || code == .busy)
    }

    /// The same error, with what was being done in front.
    package func naming(_ what: String) -> ImageStoreError {
        ImageStoreError(code, "\(what): \(message)", cause: cause, isRetryable: isRetryable)
    }

    /// The message, and those of its causes after it.
    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
