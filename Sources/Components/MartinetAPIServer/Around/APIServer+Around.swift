import MartinetBase
import MartinetAPICore
import MartinetAuthorization
import MartinetClient
import MartinetMetrics
import MartinetTransport

extension APIServer {
    static var platform: String {
        #if arch(arm64)
            "linux/arm64"
        #else
            "linux/amd64"
        #endif
    }

    /// Tells the metrics and the audit log what a request asks for.
    func observe(_ asked: AccessRequest, _ request: HTTPRequest, _ query: RequestQuery, _ exchange: any Exchange) {
        guard let passed = PassedExchange.of(exchange) else { return }
        let isLong = asked.verb == "watch" || APIServer.lasting.contains(asked.subresource)
        let isApply = asked.verb == "patch" && request.headers["content-type"]?.contains("apply-patch") == true
        let series = metrics.series(asked, isDryRun: query["dryRun"] == "All", isApply: isApply) {
            registry.served[ResourceName(group: asked.group, version: asked.version, plural: asked.resource)] != nil
        }
        passed.know(
            series, isLong: isLong, audit?.draft(asked, request, isLong: isLong, registry.authorizer))
    }

    /// Health and metrics, for whoever may read them; false where a path is about neither.
    func report(_ path: String, _ query: RequestQuery, _ exchange: any Exchange) -> Bool {
        if path == "/metrics" {
            let page = MetricsPage(registry: registry, requests: metrics, audit: audit)
            reports.submit { exchange.respond(200, [("content-type", MetricText.contentType)], .bytes(page.text())) }
            return true
        }
        guard let (root, check) = HealthChecks.place(path) else { return false }
        health.answer(root, check, verbose: query["verbose"] != nil, excluded: query.all("exclude")) { answer in
            exchange.respond(
                answer.status, [("x-content-type-options", "nosniff"), ("cache-control", "no-cache, private")],
                text: answer.text)
        }
        return true
    }
}
