import MartinetBase
import MartinetImageSpec

/// A user and a password or token; never printed.
package struct RegistryCredentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package let user: String
    package let secret: String

    package init(user: String, secret: String) {
        self.user = user
        self.secret = secret
    }

    /// What `Authorization` and `Proxy-Authorization` carry (RFC 7617).
    package var basicAuthorization: String { "Basic " + Base64.encode("\(user):\(secret)") }

    package var description: String { "redacted" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
