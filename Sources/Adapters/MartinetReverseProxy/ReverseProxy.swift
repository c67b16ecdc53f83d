package import MartinetClient
package import MartinetTransport

/// Passes requests on to another server and its answers back: bodies as they come, each side held back by the other; an
/// upgraded connection as bytes.
package struct ReverseProxy: Sendable {
    private let client: HTTPClient

    package init(_ client: HTTPClient) { self.client = client }

    /// Whether a request is better passed on as it comes than read first: one whose length is not known, or large.
    package static func takesStream(_ request: HTTPRequest) -> Bool {
        guard let length = request.headers["content-length"].flatMap({ Int($0) }) else { return true }
        return length > 64 << 10
    }

    /// - Parameter refuse: called once, in the place of an answer, where the target cannot be reached.
    package func serve(
        _ request: HTTPRequest, _ exchange: any Exchange, to target: ProxyTarget,
        refuse: @escaping @Sendable (APIError) -> Void
    ) {
        if let name = ReverseProxy.upgrade(request), exchange.canUpgrade(to: name) {
            return upgrade(name, request, exchange, target, refuse)
        }
        // A folder without its slash: relative links would lead astray.
        if target.path.isEmpty, request.method == "GET" || request.method == "HEAD" {
            let query = request.query.map { "?\($0)" } ?? ""
            return exchange.respond(301, [("location", "\(request.path)/\(query)")], .empty)
        }
        var outgoing = ClientRequest(
            request.method, target.url(request.query),
            headers: ForwardedHeaders.request(request, target, isUpgrade: false), body: request.body)
        outgoing.host = target.hostHeader ?? request.headers["host"]
        outgoing.headTimeout = target.headTimeout ?? .seconds(86_400)
        let upload = request.stream.map { ProxyUpload($0) }
        outgoing.stream = upload.map { upload in
            ClientStream(length: upload.length) { upload.start($0) }
        }
        let answer = ProxyAnswer(exchange, target: target, requested: outgoing.host ?? "", upload: upload, refuse)
        answer.attach(client.open(outgoing, onHead: answer.head, onBody: answer.body, onEnd: answer.end))
    }

    /// What the client wants to turn the connection into.
    private static func upgrade(_ request: HTTPRequest) -> String? {
        guard request.headers.contains("connection", token: "upgrade") else { return nil }
        return request.headers.tokens("upgrade").first
    }

    private func upgrade(
        _ name: String, _ request: HTTPRequest, _ exchange: any Exchange, _ target: ProxyTarget,
        _ refuse: @escaping @Sendable (APIError) -> Void
    ) {
        var outgoing = ClientRequest(
            request.method, target.url(request.query),
            headers: ForwardedHeaders.request(request, target, isUpgrade: true), body: request.body)
        outgoing.host = target.hostHeader ?? request.headers["host"]
        outgoing.headTimeout = .seconds(60)
        let answer = ProxyAnswer(
            exchange, target: target, requested: outgoing.host ?? "", upload: nil, isUpgrade: true, refuse)
        answer.attach(
            client.passUpgrade(
                outgoing, to: name,
                onUpgrade: { head, far in
                    guard answer.upgraded() else { return far.abort() }
                    guard let near = exchange.upgradeRaw(name, ForwardedHeaders.answer(head.headers)) else {
                        return far.abort()
                    }
                    PipeJoint.join(near, far)
                }, onHead: answer.head, onBody: answer.body, onEnd: answer.end))
    }
}
