/// Where a request is passed on to, and how.
package struct ProxyTarget: Sendable {
    /// `http` or `https`.
    package var scheme: String
    /// Without brackets.
    package var host: String
    /// Nil takes the scheme's own.
    package var port: Int?
    /// The path there, percent-encoded; empty where the client named none.
    package var path: String
    /// What the host field says; nil keeps what the client said.
    package var hostHeader: String?
    /// Set in the place of what the client sent under the same names.
    package var headers: [(String, String)] = []
    /// What the client's path has in front of the target's. Links and redirects of the answer that begin at the root get it.
    package var prefix: String
    /// What `X-Forwarded-Proto` and `X-Forwarded-Host` say; nothing where it is empty.
    package var forwardedScheme = ""
    package var forwardedHost = ""
    /// Whether an answer may send the client elsewhere; else that is 502.
    package var passesRedirects = true
    /// Until the head of the answer; nil waits as long as the client does.
    package var headTimeout: Duration?

    package init(scheme: String, host: String, port: Int?, path: String, prefix: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.prefix = prefix
    }

    /// Host and port as a url has them.
    var authority: String {
        let name = host.utf8.contains(58) ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The whole url, with the client's query.
    func url(_ query: String?) -> String {
        "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)\(query.map { "?\($0)" } ?? "")"
    }
}
