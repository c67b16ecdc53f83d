/// Bytes that are no DNS message, or a name that is none (RFC 1035).
package struct DNSError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
