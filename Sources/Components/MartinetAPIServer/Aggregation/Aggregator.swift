import MartinetAPI
package import MartinetAPICore
package import MartinetBase
import MartinetClient
import MartinetReverseProxy
import MartinetSchema
package import MartinetTransport
import Synchronization

/// Makes one API of this server and of others that APIServices name: keeps the APIService objects, looks whether the others
/// answer, and passes requests on to them.
///
/// State has one owner, the executor; what requests read is a table that it replaces as a whole.
package final class Aggregator: Sendable {
    struct Routes: Sendable {
        /// By what the paths begin with.
        var remotes: [String: RemoteService] = [:]
        var generation = 0
    }

    let registry: Registry
    let client: RegistryClient
    let runtime: any Runtime
    let log: Log
    let executor: any SerialExecutorPort
    private let loops: EventLoops
    /// What is shown to the others, so that they believe who is said to ask.
    private let identity: TLSIdentity?
    private let needed = Atomic(false)
    private let routes = Mutex(Routes())
    let documents: RemoteDocuments
    let state = Mutex(AggregatorState())

    /// - Parameter identity: the front proxy's client certificate.
    package init(
        registry: Registry, loops: EventLoops, identity: TLSIdentity?, runtime: any Runtime, log: Log
    ) {
        self.registry = registry
        self.loops = loops
        self.identity = identity
        self.runtime = runtime
        self.log = log
        client = RegistryClient(registry: registry, identity: .server)
        executor = runtime.executor(named: "martinet.apiserver.aggregation")
        documents = RemoteDocuments()
    }

    /// Begins to keep the APIServices. `done` is called when those of this server have been asked for once.
    package func start(_ done: @escaping @Sendable () -> Void = {}) {
        executor.submit { [self] in
            follow("apiregistration.k8s.io", "apiservices")
            follow("apiextensions.k8s.io", "customresourcedefinitions")
            synchronize()
            again()
            done()
        }
    }

    /// What is served follows a definition a moment after its event: nothing may depend on which is seen first.
    private func again() {
        executor.submit(after: .seconds(5)) { [weak self] in
            guard let self, !state.withLock({ $0.isStopped }) else { return }
            wake()
            again()
        }
    }

    package func stop() {
        state.withLock { $0.isStopped = true }
        for remote in routes.withLock({ $0.remotes.values.map(\.client) }) { remote?.shutdown() }
    }

    // MARK: - What requests see

    /// Whether anything is served elsewhere.
    var isNeeded: Bool { needed.load(ordering: .acquiring) }

    var current: Routes { routes.withLock { $0 } }

    /// The server that a path belongs to; nil where it is this one.
    func remote(for path: String) -> RemoteService? {
        guard isNeeded, let root = Aggregator.root(of: path) else { return nil }
        return routes.withLock { $0.remotes[root] }
    }

    /// `/apis/GROUP/VERSION` of a path at or below it.
    static func root(of path: String) -> String? {
        let parts = path.utf8.split(separator: 47, maxSplits: 3).map { String($0) ?? "" }
        guard parts.count >= 3, parts[0] == "apis" else { return nil }
        return "/apis/\(parts[1])/\(parts[2])"
    }

    /// Passes a request on whose sender may make it.
    func serve(_ request: HTTPRequest, _ exchange: any Exchange, to remote: RemoteService, as identity: Identity) {
        // The table follows the object a moment later: whoever has read there that it is available is let through.
        guard remote.isAvailable || isAvailable(remote.name) else {
            return Aggregator.unavailable(exchange, "service unavailable")
        }
        guard let client = remote.client else {
            return exchange.respond(500, text: "the certificates of \(remote.name) cannot be used\n")
        }
        let endpoint = registry.endpoint(
            ofService: remote.connection.service, namespace: remote.connection.namespace, port: remote.connection.port)
        guard let endpoint else { return Aggregator.unavailable(exchange, "service unavailable") }
        var target = ProxyTarget(
            scheme: "https", host: endpoint.address, port: endpoint.port, path: request.path, prefix: "")
        let host = endpoint.address.utf8.contains(58) ? "[\(endpoint.address)]" : endpoint.address
        target.hostHeader = "\(host):\(endpoint.port)"
        target.forwardedScheme = "https"
        target.forwardedHost = target.hostHeader ?? ""
        target.headers = RemoteIdentity.headers(identity)
        target.passesRedirects = false
        let isDiscovery = request.path.utf8.split(separator: 47).count == 3
        target.headTimeout = .seconds(isDiscovery ? 5 : 60)
        ReverseProxy(client).serve(request, exchange, to: target) { error in
            Aggregator.unavailable(exchange, error.message)
        }
    }

    private func isAvailable(_ name: String) -> Bool {
        var key = Aggregator.resource
        key.name = name
        return registry.stored(key)?.object.available?.status == "True"
    }

    private static func unavailable(_ exchange: any Exchange, _ text: String) {
        exchange.respond(503, [("x-content-type-options", "nosniff")], text: "\(text)\n")
    }

    // MARK: - What the objects say (the executor)

    private func follow(_ group: String, _ plural: String) {
        var request = APIRequest(.watch, ResourceName(group: group, version: "v1", plural: plural))
        request.options.allowWatchBookmarks = false
        _ = client.watch(request, on: executor) { [weak self] message in
            guard let self, !state.withLock({ $0.isStopped }) else { return }
            switch message {
            case .added, .modified, .deleted: wake()
            case .bookmark: break
            case .ended:
                executor.submit(after: .seconds(1)) { [weak self] in
                    self?.follow(group, plural)
                    self?.wake()
                }
            }
        }
    }

    /// Looks at everything again, soon: what changes together is looked at once.
    func wake() {
        let first = state.withLock { state in
            defer { state.isWoken = true }
            return !state.isWoken && !state.isStopped
        }
        guard first else { return }
        executor.submit(after: .milliseconds(20)) { [weak self] in
            guard let self else { return }
            state.withLock { $0.isWoken = false }
            synchronize()
        }
    }

    private func synchronize() {
        guard !state.withLock({ $0.isStopped }) else { return }
        let objects = registry.storedObjects(Aggregator.resource).map(\.object)
        keepLocal(objects)
        var remotes: [String: RemoteService] = [:]
        var fresh: [String] = []
        let old = current
        for object in objects {
            guard let read = RemoteService.read(object) else { continue }
            let before = old.remotes.values.first { $0.name == object.metadata.name }
            let remote = RemoteService(
                name: object.metadata.name, group: read.group, version: read.version, connection: read.connection,
                priorities: object.servicePriorities, isAvailable: object.available?.status == "True",
                client: before?.connection == read.connection ? before?.client : connect(read.connection))
            remotes[remote.root] = remote
            if before?.connection != read.connection {
                before?.client?.shutdown()
                documents.forget(object.metadata.name)
                state.withLock { $0.checks[remote.name] = nil }
                fresh.append(remote.name)
            }
        }
        for gone in old.remotes.values where remotes[gone.root] == nil {
            gone.client?.shutdown()
            documents.forget(gone.name)
        }
        let table = remotes
        routes.withLock { routes in
            routes.remotes = table
            routes.generation += 1
        }
        needed.store(!table.isEmpty, ordering: .releasing)
        if !table.isEmpty { beginLooking() }
        for name in fresh { check(name) }
    }

    static let resource = ResourceName(group: "apiregistration.k8s.io", version: "v1", plural: "apiservices")

    private func connect(_ connection: RemoteService.Connection) -> HTTPClient? {
        var configuration = ClientConfiguration(
            trust: connection.trustsAnybody
                ? .anybody : connection.authorities.isEmpty ? .system : .authorities(connection.authorities),
            identity: identity)
        configuration.serverName = "\(connection.service).\(connection.namespace).svc"
        configuration.connectTimeout = .seconds(5)
        configuration.collectedBytes = 32 << 20
        do {
            return try HTTPClient(loops: loops, runtime: runtime, configuration)
        } catch {
            log.error("the certificates of an APIService cannot be used", [("error", "\(error)")])
            return nil
        }
    }
}

/// What the aggregator remembers between two looks.
struct AggregatorState: Sendable {
    var isStopped = false
    var isWoken = false
    /// Local APIServices are made once at the start; who deletes one afterwards means it.
    var hasStarted = false
    /// Names of objects that are being written.
    var writing: Set<String> = []
    /// Whether the regular looks at the others are under way.
    var isLooking = false
    /// When each remote is to be asked next, and after how many failures.
    var checks: [String: (due: Duration, failures: Int, isUnderWay: Bool)] = [:]
    /// What the objects around a remote looked like at its last check.
    var surroundings: [String: String] = [:]
}
