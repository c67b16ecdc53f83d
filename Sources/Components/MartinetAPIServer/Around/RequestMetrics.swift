import MartinetAuthorization
import MartinetBase
import MartinetMetrics
import Synchronization

/// Counts the requests of one server.
///
/// Bounded: names of resources that are not served are none, and so are subresources and verbs that nobody knows.
final class RequestMetrics: Sendable {
    static let durationBounds: [Double] = [
        0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
    ]
    static let sizeBounds: [Double] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    static let codesMax = 40
    static let writes: Set<String> = ["create", "update", "patch", "delete", "deletecollection", "apply", "post"]
    static let reads: Set<String> = ["get", "list"]
    private static let verbs: Set<String> = writes.union(reads).union(["watch", "connect", "put", "head", "options"])
    private static let subresources: Set<String> = [
        "", "approval", "attach", "binding", "ephemeralcontainers", "eviction", "exec", "finalize", "log",
        "portforward", "proxy", "resize", "scale", "status", "token",
    ]
    private static let paths: Set<String> = ["/healthz", "/livez", "/readyz", "/metrics"]
    private static let seriesMax = 5000

    let runtime: any Runtime
    let accepted = Counter()
    let refused = Counter()
    private let reading = Gauge()
    private let writing = Gauge()
    private let series = Mutex<[RequestSeries.Key: RequestSeries]>([:])

    init(runtime: any Runtime) { self.runtime = runtime }

    var now: Duration { runtime.monotonic() }
    var inFlight: (reading: Int64, writing: Int64) { (max(0, reading.value), max(0, writing.value)) }
    var all: [RequestSeries] { series.withLock { Array($0.values) } }

    /// - Parameter isServed: whether there is such a resource; asked once for what is new.
    func series(_ asked: AccessRequest, isDryRun: Bool, isApply: Bool, isServed: () -> Bool) -> RequestSeries {
        var key = RequestSeries.Key(verb: isApply ? "apply" : asked.verb)
        if let path = asked.path {
            if RequestMetrics.paths.contains(path) { key.subresource = path }
            if !RequestMetrics.verbs.contains(key.verb) { key.verb = "other" }
            return of(key)
        }
        (key.group, key.version) = (asked.group, asked.version)
        (key.resource, key.subresource) = (asked.resource, asked.subresource)
        key.scope =
            !asked.name.isEmpty || asked.verb == "create"
            ? .resource : asked.namespace.isEmpty ? .cluster : .namespace
        key.isDryRun = isDryRun
        if let found = series.withLock({ $0[key] }) { return found }
        guard isServed(), RequestMetrics.subresources.contains(key.subresource) else { return other(key.verb) }
        return of(key)
    }

    /// Of what is no resource that is served.
    func other(_ verb: String) -> RequestSeries {
        of(RequestSeries.Key(verb: RequestMetrics.verbs.contains(verb) ? verb : "other"))
    }

    private func of(_ key: RequestSeries.Key) -> RequestSeries {
        series.withLock { series in
            if let found = series[key] { return found }
            let key = series.count < RequestMetrics.seriesMax ? key : RequestSeries.Key(verb: "other")
            if let found = series[key] { return found }
            let new = RequestSeries(key)
            series[key] = new
            return new
        }
    }

    func began(_ series: RequestSeries, isLong: Bool) {
        if isLong { series.longRunning(1) } else { (series.isWrite ? writing : reading).add(1) }
    }

    /// - Parameter series: nil where it never became known what was asked for.
    func ended(_ series: RequestSeries?, code: Int, bytes: Int, since: Duration, isLong: Bool) {
        if let series {
            if isLong { series.longRunning(-1) } else { (series.isWrite ? writing : reading).add(-1) }
        }
        let spent = Double((now - since).nanoseconds) / 1e9
        (series ?? other("other")).ended(code: code, seconds: spent, bytes: bytes)
    }
}
