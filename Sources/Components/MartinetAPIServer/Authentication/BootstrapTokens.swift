import MartinetAPI
import MartinetAPICore
package import MartinetBase
import MartinetSchema

/// Tokens by which new nodes come into a cluster: Secrets of the type `bootstrap.kubernetes.io/token` in `kube-system`.
package struct BootstrapTokens: TokenVerifier {
    private let stored: StoredObjects
    private let runtime: any Runtime
    private let audiences: [String]

    package init(stored: StoredObjects, audiences: [String], runtime: any Runtime) {
        self.stored = stored
        self.audiences = audiences
        self.runtime = runtime
    }

    package func check(_ token: String, for audiences: [String]) -> TokenOutcome {
        guard let (id, secret) = BootstrapTokens.parse(token) else { return .foreign }
        guard let common = agnosticAudiences(audiences, of: self.audiences) else { return .foreign }
        guard let object = stored.find("secrets", namespace: "kube-system", "bootstrap-token-\(id)") else {
            return .foreign
        }
        let found = Secret(object: object)
        guard found.metadata.deletionTimestamp == nil, found.type == "bootstrap.kubernetes.io/token",
            constantTimeEqual(BootstrapTokens.text(found, "token-secret"), secret),
            BootstrapTokens.text(found, "token-id") == id, !hasExpired(found),
            BootstrapTokens.text(found, "usage-bootstrap-authentication") == "true",
            let groups = BootstrapTokens.groups(found)
        else { return .foreign }
        return .accepted(Identity(user: "system:bootstrap:\(id)", groups: groups.known), audiences: common)
    }

    private func hasExpired(_ secret: Secret) -> Bool {
        let text = BootstrapTokens.text(secret, "expiration")
        guard !text.isEmpty else { return false }
        // What cannot be read is over.
        guard let end = Timestamp(rfc3339: text) else { return true }
        return end <= runtime.now()
    }

    /// `id.secret`, of six and sixteen lower-case letters and digits.
    static func parse(_ token: String) -> (id: String, secret: String)? {
        let bytes = Array(token.utf8)
        guard bytes.count == 23, bytes[6] == 46 else { return nil }
        func isPart(_ part: ArraySlice<UInt8>) -> Bool {
            part.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
        }
        guard isPart(bytes[..<6]), isPart(bytes[7...]) else { return nil }
        return (String(decoding: bytes[..<6], as: UTF8.self), String(decoding: bytes[7...], as: UTF8.self))
    }

    private static func text(_ secret: Secret, _ key: String) -> String {
        guard case .bytes(let bytes)? = secret.data[key] else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nil where a group is none that such a token may have.
    private static func groups(_ secret: Secret) -> [String]? {
        let prefix = "system:bootstrappers"
        var groups: Set<String> = [prefix]
        for name in text(secret, "auth-extra-groups").split(separator: ",").map({ String($0.trimmingBlanks) }) {
            let rest = Array(name.utf8.dropFirst(prefix.utf8.count + 1))
            func isEnd(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
            guard name.hasPrefix(prefix + ":"), (1...256).contains(rest.count), let last = rest.last, isEnd(last),
                rest.allSatisfy({ isEnd($0) || $0 == 45 || $0 == 58 })
            else { return nil }
            groups.insert(name)
        }
        return groups.sorted()
    }
}

/// Compares secrets in a time that says nothing of where they differ.
func constantTimeEqual(_ first: String, _ second: String) -> Bool {
    let (first, second) = (Array(first.utf8), Array(second.utf8))
    guard first.count == second.count else { return false }
    var difference: UInt8 = 0
    for index in first.indices { difference |= first[index] ^ second[index] }
    return difference == 0
}
