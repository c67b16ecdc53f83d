import MartinetSchema

/// The flags about who may come in and who may do what, under upstream's names.
package struct AccessFlags: Sendable {
    package var tokenFile = ""
    package var anonymous: Bool?
    package var bootstrapTokens = true
    package var issuers: [String] = []
    package var audiences: [String] = []
    package var keysURL = ""
    /// Authorities of users besides the cluster's own, as a file.
    package var clientAuthorities = ""
    package var proxyAuthorities = ""
    package var proxyNames: [String] = []
    package var proxyHeaders = RequestHeaders.Names()
    package var oidc = OpenIDFlags()
    package var authenticationConfig = ""
    package var tokenWebhook = ""
    package var tokenWebhookVersion = "v1"
    package var tokenWebhookSeconds = 120.0
    package var modes: [String] = []
    package var policyFile = ""
    package var webhook = ""
    package var webhookVersion = "v1"
    package var webhookAllowedSeconds = 300.0
    package var webhookRefusedSeconds = 30.0
    package var authorizationConfig = ""
    package var audit = AuditFlags()

    /// `--oidc-*`.
    package struct OpenIDFlags: Sendable, Hashable {
        package var issuer = ""
        package var client = ""
        package var userClaim = "sub"
        package var userPrefix = ""
        package var groupsClaim = ""
        package var groupsPrefix = ""
        package var algorithms = ["RS256"]
        package var required: [String: String] = [:]
        package var authorities = ""
        package init() {}
    }

    package init() {}

    /// - Returns: false where there is no such flag.
    package mutating func set(_ name: String, _ value: String) throws(AccessError) -> Bool {
        switch name {
        case "token-auth-file": tokenFile = value
        case "anonymous-auth": anonymous = try AccessFlags.flag(name, value)
        case "enable-bootstrap-token-auth": bootstrapTokens = try AccessFlags.flag(name, value)
        case "service-account-issuer": issuers.append(value)
        case "service-account-jwks-uri": keysURL = value
        case "api-audiences": audiences += AccessFlags.list(value)
        case "client-ca-file": clientAuthorities = value
        case "authentication-config": authenticationConfig = value
        case "authentication-token-webhook-config-file": tokenWebhook = value
        case "authentication-token-webhook-version": tokenWebhookVersion = try AccessFlags.version(name, value)
        case "authentication-token-webhook-cache-ttl": tokenWebhookSeconds = try AccessFlags.seconds(name, value)
        case "authorization-mode": modes += AccessFlags.list(value)
        case "authorization-policy-file": policyFile = value
        case "authorization-config": authorizationConfig = value
        case "authorization-webhook-config-file": webhook = value
        case "authorization-webhook-version": webhookVersion = try AccessFlags.version(name, value)
        case "authorization-webhook-cache-authorized-ttl":
            webhookAllowedSeconds = try AccessFlags.seconds(name, value)
        case "authorization-webhook-cache-unauthorized-ttl":
            webhookRefusedSeconds = try AccessFlags.seconds(name, value)
        default:
            if name.hasPrefix("requestheader-") { return setProxy(name, value) }
            if name.hasPrefix("audit-") { return try audit.set(name, value) }
            return try setOpenID(name, value)
        }
        return true
    }

    private mutating func setProxy(_ name: String, _ value: String) -> Bool {
        switch name {
        case "requestheader-client-ca-file": proxyAuthorities = value
        case "requestheader-allowed-names": proxyNames = AccessFlags.list(value)
        case "requestheader-username-headers": proxyHeaders.user = AccessFlags.list(value)
        case "requestheader-uid-headers": proxyHeaders.uid = AccessFlags.list(value)
        case "requestheader-group-headers": proxyHeaders.group = AccessFlags.list(value)
        case "requestheader-extra-headers-prefix": proxyHeaders.extraPrefix = AccessFlags.list(value)
        default: return false
        }
        return true
    }

    private mutating func setOpenID(_ name: String, _ value: String) throws(AccessError) -> Bool {
        switch name {
        case "oidc-issuer-url": oidc.issuer = value
        case "oidc-client-id": oidc.client = value
        case "oidc-username-claim": oidc.userClaim = value
        case "oidc-username-prefix": oidc.userPrefix = value
        case "oidc-groups-claim": oidc.groupsClaim = value
        case "oidc-groups-prefix": oidc.groupsPrefix = value
        case "oidc-signing-algs": oidc.algorithms = AccessFlags.list(value)
        case "oidc-ca-file": oidc.authorities = value
        case "oidc-required-claim":
            let sides = value.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { throw AccessError("--\(name) must be a claim=value, found \(value)") }
            oidc.required[sides[0]] = sides[1]
        default: return false
        }
        return true
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",").map { $0.trimmingBlanks }.filter { !$0.isEmpty }
    }

    private static func flag(_ name: String, _ value: String) throws(AccessError) -> Bool {
        guard value == "true" || value == "false" else {
            throw AccessError("--\(name) must be true or false, found \(value.debugDescription)")
        }
        return value == "true"
    }

    private static func version(_ name: String, _ value: String) throws(AccessError) -> String {
        guard value == "v1" || value == "v1beta1" else {
            throw AccessError("--\(name) must be v1 or v1beta1, found \(value.debugDescription)")
        }
        return value
    }

    static func seconds(_ name: String, _ value: String) throws(AccessError) -> Double {
        guard let nanoseconds = GoDuration.parse(value), nanoseconds >= 0 else {
            throw AccessError("\(name) must be a duration such as 2m0s, found \(value.debugDescription)")
        }
        return Double(nanoseconds) / 1e9
    }
}
