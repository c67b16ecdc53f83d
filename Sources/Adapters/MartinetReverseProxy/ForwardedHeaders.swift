import MartinetTransport

/// Which header fields go on, and which belong to one connection or to the API server alone.
///
/// Source: RFC 9110 §7.6.1; `httputil.ReverseProxy` of Go's library, through which upstream passes requests on.
enum ForwardedHeaders {
    private static let hopByHop: Set<String> = [
        "connection", "proxy-connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "http2-settings",
    ]
    /// Who asks is the API server's to know: none of it is for whom it asks.
    private static let credentials: Set<String> = ["authorization", "x-remote-user", "x-remote-uid", "x-remote-group"]
    private static let credentialPrefixes = ["impersonate-", "x-remote-extra-"]
    private static let bearerProtocol = "base64url.bearer.authorization.k8s.io."

    /// The fields of a request for the target.
    static func request(_ request: HTTPRequest, _ target: ProxyTarget, isUpgrade: Bool) -> [(String, String)] {
        let replaced = Set(target.headers.map { $0.0.lowercased() })
        let named = Set(request.headers.tokens("connection").map { $0.lowercased() })
        var forwarded = request.headers.all("x-forwarded-for")
        var fields: [(String, String)] = []
        for (name, value) in request.headers.fields {
            let lower = name.lowercased()
            if hopByHop.contains(lower) || named.contains(lower) || credentials.contains(lower) { continue }
            if credentialPrefixes.contains(where: lower.hasPrefix) || replaced.contains(lower) { continue }
            switch lower {
            case "host", "content-length", "expect", "x-forwarded-for", "x-forwarded-uri": continue
            case "x-forwarded-host" where !target.forwardedHost.isEmpty: continue
            case "x-forwarded-proto" where !target.forwardedScheme.isEmpty: continue
            case "sec-websocket-protocol":
                let rest = withoutBearer(value)
                if !rest.isEmpty { fields.append((name, rest)) }
            default: fields.append((name, value))
            }
        }
        if !request.peer.address.isEmpty { forwarded.append(request.peer.address) }
        if !forwarded.isEmpty { fields.append(("X-Forwarded-For", forwarded.joined(separator: ", "))) }
        if !isUpgrade {
            fields.append(("X-Forwarded-Uri", target.prefix + (target.path.isEmpty ? "/" : target.path)))
            if !target.forwardedHost.isEmpty { fields.append(("X-Forwarded-Host", target.forwardedHost)) }
            if !target.forwardedScheme.isEmpty { fields.append(("X-Forwarded-Proto", target.forwardedScheme)) }
            if request.headers.contains("te", token: "trailers") { fields.append(("Te", "trailers")) }
        }
        return fields + target.headers
    }

    /// The fields of an answer for the client.
    static func answer(_ headers: HTTPHeaderList, isUpgrade: Bool = false) -> [(String, String)] {
        let named = Set(headers.tokens("connection").map { $0.lowercased() })
        return headers.fields.compactMap { name, value in
            let lower = name.lowercased()
            if hopByHop.contains(lower) || named.contains(lower) { return nil }
            // The API server's origin is not the pod's: what that allows others is not for here.
            if ["credentials", "headers", "methods", "origin"].contains(where: { lower == "access-control-allow-\($0)" }
            ) {
                return nil
            }
            return (name, value)
        }
    }

    /// A token may come as a subprotocol, for want of other headers in browsers.
    private static func withoutBearer(_ value: String) -> String {
        value.split(separator: ",").map { part in
            String(part.drop { $0 == " " })
        }.filter { !$0.hasPrefix(bearerProtocol) }.joined(separator: ", ")
    }
}
