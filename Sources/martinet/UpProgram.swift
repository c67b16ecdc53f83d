import MartinetCertificates
import MartinetAPICore
import Glibc
import MartinetAPI
import MartinetAPIConnection
import MartinetBase
import MartinetClient
import MartinetContainers
import MartinetSchema
import MartinetTransport

/// Starts a cluster on this machine, runs a first workload and says what to type next.
enum UpProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        do {
            let flags = try UpFlags(arguments)
            return try await Up(flags).run()
        } catch {
            Log.standardError("martinet up: \(error)")
            return 1
        }
    }
}

/// The flags of `up`: the settings, and where its images come from.
struct UpFlags: Sendable {
    var settings: Settings
    /// The words that the server and the node are started with.
    var forwarded: [String] = []
    var images: String?
    var packages: String?
    var workload = true

    init(_ arguments: [String]) throws(SettingsError) {
        for argument in arguments {
            if argument.hasPrefix("--images=") {
                images = String(argument.dropFirst(9))
            } else if argument.hasPrefix("--packages=") {
                packages = String(argument.dropFirst(11))
            } else if argument == "--no-workload" {
                workload = false
            } else {
                forwarded.append(argument)
            }
        }
        settings = try Settings(forwarded)
        // One address for everything that is told to others: what pods reach this machine by.
        if !forwarded.contains(where: { $0.hasPrefix("--advertise") }) {
            settings.advertised = HostAddress.primary ?? "127.0.0.1"
            forwarded.append("--advertise=\(settings.advertised)")
        }
        if !forwarded.contains(where: { $0.hasPrefix("--node-name") }) {
            settings.nodeName = HostAddress.hostName
            forwarded.append("--node-name=\(settings.nodeName)")
        }
    }
}

/// One run of `up`.
final class Up: Sendable {
    private let flags: UpFlags
    private let runtime = ProductionRuntime()
    private let executor: any SerialExecutorPort
    private let progress = Progress()

    init(_ flags: UpFlags) {
        self.flags = flags
        executor = runtime.executor(named: "martinet.up")
    }

    private var settings: Settings { flags.settings }

    func run() async throws -> Int32 {
        guard getuid() == 0 else {
            throw SettingsError(message: "a cluster needs root: it makes namespaces, cgroups and firewall rules")
        }
        if let keeper = Keeper.running(settings) {
            print("A cluster is already running here (keeper \(keeper)). `martinet down` ends it.")
            return 0
        }
        try Preflight.check(settings)
        let credentials = try await progress.step("Certificates") { [self] in
            let range = try ServerAddresses(settings)
            return try ClusterCredentials(settings, serviceAddress: range.network.apiServer, runtime: runtime)
        }
        try await progress.step("Images") { [self] in try BaseImages(flags, runtime: runtime).load() }
        try Keeper.start(flags)
        let loops = EventLoops(threads: 1)
        let client = try connection(loops, credentials)
        do {
            try await progress.step("API server") { [self] in try await ready(client.http) }
            try await progress.step("Node \(settings.nodeName)") { [self] in try await nodeReady(client.api) }
            if flags.workload {
                try await progress.step("First workload: 3 pods of hello") { [self] in
                    try await FirstWorkload(client: client.api, http: client.http, runtime: runtime, executor: executor)
                        .run()
                }
            }
            let file = try KubeconfigFile.merge(settings)
            progress.finish(settings, kubeconfig: file, workload: flags.workload)
        } catch {
            Log.standardError(Keeper.logTail(settings))
            throw error
        }
        client.http.shutdown()
        await loops.shutdown()
        return 0
    }

    private func connection(
        _ loops: EventLoops, _ credentials: ClusterCredentials
    ) throws -> (http: HTTPClient, api: HTTPAPIClient) {
        let http = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(
                trust: .authorities(credentials.authorityPEM), identity: try credentials.identity(.admin)))
        return (
            http, HTTPAPIClient(client: http, server: "https://127.0.0.1:\(settings.apiPort)", userAgent: "martinet-up")
        )
    }

    /// Waits for `/readyz`; the keeper's socket is there before the server, so a request waits rather than fails.
    private func ready(_ client: HTTPClient) async throws {
        let deadline = runtime.monotonic() + .seconds(30)
        while true {
            let response = try? await client.send(ClientRequest("GET", "https://127.0.0.1:\(settings.apiPort)/readyz"))
            if response?.status == 200 { return }
            guard runtime.monotonic() < deadline else {
                throw SettingsError(message: "the API server is not ready after 30 seconds")
            }
            await pause(.milliseconds(10))
        }
    }

    private func pause(_ duration: Duration) async {
        await withCheckedContinuation { done in _ = executor.submit(after: duration) { done.resume() } }
    }

    private func nodeReady(_ client: HTTPAPIClient) async throws {
        try await Waiter(client: client, executor: executor).wait(
            WatchedResource(Node.self), for: .seconds(30), what: "a ready node"
        ) { object in Node(object: object).status.conditions.contains { $0.type == "Ready" && $0.status == "True" } }
    }
}

/// Waits for an object by watching, never by asking again and again.
struct Waiter: Sendable {
    let client: HTTPAPIClient
    let executor: any SerialExecutorPort

    func wait(
        _ resource: WatchedResource, for limit: Duration, what: String,
        _ condition: @escaping @Sendable (Object) -> Bool
    ) async throws {
        var request = APIRequest(.watch, resource.resource)
        request.options.sendInitialEvents = true
        request.options.resourceVersionMatch = "NotOlderThan"
        request.options.allowWatchBookmarks = true
        request.options.fieldSelector = resource.fieldSelector
        let watched = request
        let stream = AsyncStream<Bool> { continuation in
            let watch = client.watch(watched, on: executor) { message in
                switch message {
                case .added(let object), .modified(let object):
                    if condition(object) { continuation.yield(true) }
                case .ended: continuation.finish()
                case .deleted, .bookmark: break
                }
            }
            let timer = executor.submit(after: limit) { continuation.finish() }
            continuation.onTermination = { _ in
                watch.cancel()
                timer.cancel()
            }
        }
        for await _ in stream { return }
        throw SettingsError(message: "there is no \(what) after \(limit)")
    }

    func send(_ request: APIRequest) async -> Result<Object, APIError> {
        await withCheckedContinuation { done in client.send(request, on: executor) { done.resume(returning: $0) } }
    }
}
