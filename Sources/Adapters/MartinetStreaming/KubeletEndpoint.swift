package import MartinetBase
import MartinetCertificates
package import MartinetTransport

/// What a node serves at its port 10250: the API server's way to logs, exec, attach and port-forward.
package struct KubeletEndpoint: RequestHandler {
    package enum Verdict: Sendable { case allow, unauthenticated, forbidden(String) }

    private let streams: any ContainerStreams
    private let commands: RemoteCommandServer
    private let logs: LogServer
    private let ports: PortForwardServer
    private let reports: (any NodeReports)?
    private let delegate: (any NodeRequestAuthorizer)?
    private let authorize: @Sendable (HTTPRequest) -> Verdict

    /// - Parameters:
    ///   - reports: what there is beside streams; nil serves nothing of it.
    ///   - delegate: asked about those that `authorize` does not let in.
    ///   - authorize: who may do everything; the API server's client certificate by default.
    package init(
        _ streams: any ContainerStreams, runtime: any Runtime, log: Log = Log(component: "kubelet.streaming"),
        reports: (any NodeReports)? = nil, delegate: (any NodeRequestAuthorizer)? = nil,
        authorize: @escaping @Sendable (HTTPRequest) -> Verdict = KubeletEndpoint.apiServerOnly
    ) {
        self.streams = streams
        self.reports = reports
        self.delegate = delegate
        self.authorize = authorize
        commands = RemoteCommandServer(streams, runtime: runtime, log: log)
        logs = LogServer(streams)
        ports = PortForwardServer(streams, runtime: runtime)
    }

    /// Lets in `system:kube-apiserver` and members of `system:masters`. The certificate has been verified by the
    /// handshake.
    @Sendable package static func apiServerOnly(_ request: HTTPRequest) -> Verdict {
        guard let leaf = request.peer.certificates.first, let info = try? CertificateInfo(der: leaf) else {
            return .unauthenticated
        }
        if info.isForClients,
            info.commonName == "system:kube-apiserver" || info.organizations.contains("system:masters")
        {
            return .allow
        }
        return .forbidden(info.commonName ?? "")
    }

    package func handle(_ request: HTTPRequest, _ exchange: any Exchange) {
        let verdict = authorize(request)
        if case .allow = verdict { return serve(request, exchange) }
        guard let delegate, let wanted = NodeAccessRequest(request) else { return refuse(verdict, request, exchange) }
        delegate.authorize(wanted) { verdict in
            if case .allow = verdict { serve(request, exchange) } else { refuse(verdict, request, exchange) }
        }
    }

    private func refuse(_ verdict: Verdict, _ request: HTTPRequest, _ exchange: any Exchange) {
        guard case .forbidden(let user) = verdict else { return exchange.respond(401, text: "Unauthorized\n") }
        exchange.respond(403, text: "Forbidden (user=\(user), path=\(request.path))\n")
    }

    private func serve(_ request: HTTPRequest, _ exchange: any Exchange) {
        let parts = request.path.split(separator: "/").map { QueryParameters.decodePath($0) }
        guard let query = QueryParameters(request.query), !parts.contains(nil) else {
            return exchange.respond(400, text: "the url is not validly encoded\n")
        }
        route(parts.compactMap { $0 }, query, request, exchange)
    }

    private func route(
        _ parts: [String], _ query: QueryParameters, _ request: HTTPRequest, _ exchange: any Exchange
    ) {
        let isGet = request.method == "GET"
        guard isGet || request.method == "POST" else {
            return exchange.respond(405, text: "the method \(request.method) is not served\n")
        }
        let name = parts.first ?? ""
        switch (name, parts.count) {
        case ("healthz", 1) where isGet: exchange.respond(200, text: "ok")
        case ("pods", 1) where isGet:
            streams.pods { exchange.respond(200, [("content-type", "application/json")], .bytes($0)) }
        case ("containerLogs", 4) where isGet: logs.serve(target(parts), query, request, exchange)
        // Some clients put the pod's uid before the container; the name is enough here.
        case ("exec", 4), ("exec", 5):
            commands.serve(.exec(command: query.all("command")), target(parts), query, request, exchange)
        case ("attach", 4), ("attach", 5): commands.serve(.attach, target(parts), query, request, exchange)
        case ("portForward", 3), ("portForward", 4):
            ports.serve(namespace: parts[1], pod: parts[2], query, request, exchange)
        default: report(parts, request, exchange)
        }
    }

    private func report(_ parts: [String], _ request: HTTPRequest, _ exchange: any Exchange) {
        guard let reports, request.method == "GET" else { return exchange.respond(404, text: "404 page not found\n") }
        let isFolder = request.path.utf8.last == 47
        reports.report(parts, isFolder: isFolder) { report in
            guard let report else { return exchange.respond(404, text: "404 page not found\n") }
            exchange.respond(report.status, [("content-type", report.contentType)], .bytes(report.bytes))
        }
    }

    private func target(_ parts: [String]) -> ContainerTarget {
        ContainerTarget(namespace: parts[1], pod: parts[2], container: parts[parts.count - 1])
    }
}
