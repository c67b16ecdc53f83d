/// Why a SPDY connection cannot go on: the two ends no longer agree on what the bytes mean.
package struct SPDYError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A frame whose form breaks SPDY/3.1.
        case malformed
        /// A frame or a header block above this end's limits.
        case tooLarge
        /// The header compression is broken.
        case compression
    }

    package let code: Code
    /// Lower case, names the frame.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
