/// Why a policy says nothing of a request: it is broken, or an expression of it is.
package struct PolicyFailure: Error, Sendable {
    package let message: String
    package init(_ message: String) { self.message = message }
    init(message: String) { self.message = message }
}
