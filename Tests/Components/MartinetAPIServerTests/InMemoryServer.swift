import MartinetAPI
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetTransport
import Synchronization
import Testing

/// An API server below its sockets, over a store in memory, in virtual time.
struct InMemoryServer {
    let runtime: SimulatedRuntime
    let registry: Registry
    let store: SQLiteStore
    let server: APIServer
    /// What signs the tokens of accounts, where the server has any.
    var signer: TokenSigner?

    /// Never shut down: what is made in memory opens no socket.
    private static let loops = EventLoops(threads: 1)

    /// A server as its flags make it, with the bootstrap roles.
    init(
        access flags: AccessFlags, tokens: [String: Identity] = [:], proxyAuthority: [UInt8]? = nil,
        authority: [UInt8]? = nil, admission: AdmissionSettings = AdmissionSettings()
    ) throws {
        runtime = SimulatedRuntime(seed: 1)
        store = try SQLiteStore(inMemory: "test", runtime: runtime, executor: runtime.executor(named: "store"))
        let signer = TokenSigner()
        self.signer = signer
        let own = try CertificateAuthority.create(commonName: "own", now: runtime.now()).certificatePEM
        let access = try ServerAccess(
            flags, tokens: tokens.merging(["t": .admin]) { own, _ in own },
            .init(
                signer: signer, authority: authority ?? own, proxyAuthority: proxyAuthority,
                address: "https://127.0.0.1:6443", loops: InMemoryServer.loops, runtime: runtime,
                log: Log(component: "test", minimum: .error)))
        var configuration = Registry.Configuration(admission: admission)
        configuration.authorization = access.authorization
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error), configuration: configuration,
            tokenIssuer: access.tokens,
            reviews: [TokenReviews(access.authenticator)])
        access.follow(registry)
        server = APIServer(registry: registry, authenticator: access.authenticator, discovery: access.discovery)
        for name in ["a", "kube-system"] {
            _ = try send(
                "POST", "/api/v1/namespaces",
                body: #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#)
        }
        let isDone = Mutex(false)
        RoleBootstrap(registry).run { [registry, server] in
            access.published.publish(in: registry) {
                server.becomeReady()
                isDone.withLock { $0 = true }
            }
        }
        _ = runtime.run(until: runtime.monotonic() + .seconds(60)) { isDone.withLock { $0 } }
    }

    init(runtimeConfig: RuntimeConfig = RuntimeConfig(), tokens: [String: Identity] = [:], authorizesNodes: Bool = true)
        throws
    {
        runtime = SimulatedRuntime(seed: 1)
        store = try SQLiteStore(inMemory: "test", runtime: runtime, executor: runtime.executor(named: "store"))
        let authenticator = Authenticator(tokens: tokens.merging(["t": .admin]) { own, _ in own })
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error),
            configuration: .init(runtimeConfig: runtimeConfig, authorizesNodes: authorizesNodes),
            reviews: [TokenReviews(authenticator)])
        server = APIServer(registry: registry, authenticator: authenticator)
        _ = try send(
            "POST", "/api/v1/namespaces", body: #"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"a"}}"#)
    }

    /// The same store after the server was started again: what was before is history.
    init(after server: InMemoryServer) throws {
        runtime = server.runtime
        store = server.store
        registry = try Registry(store: store, runtime: runtime, log: Log(component: "test", minimum: .error))
        self.server = APIServer(registry: registry, authenticator: Authenticator(tokens: ["t": .admin]))
    }

    struct Answer {
        var status = 0
        var headers = HTTPHeaderList()
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }
        var tree: Value { (try? JSONDecoder.decodeAny(body).value) ?? .null }
    }

    func send(
        _ method: String, _ path: String, accept: String = "application/json", type: String = "application/json",
        body: String = ""
    ) throws -> Answer {
        try send(method, path, accept: accept, type: type, bytes: Array(body.utf8))
    }

    func send(_ method: String, _ path: String, accept: String, type: String, bytes: [UInt8]) throws -> Answer {
        try send(method, path, accept: accept, type: type, token: "t", headers: [], bytes: bytes)
    }

    /// - Parameter token: empty for none.
    func send(
        _ method: String, _ path: String, accept: String = "application/json", type: String = "application/json",
        token: String, headers: [(String, String)], bytes: [UInt8],
        peer: Peer = Peer(address: "", port: 0, isTLS: false)
    ) throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        let exchange = RecordedExchange()
        server.handle(
            HTTPRequest(
                method: method, path: parts[0], query: parts.count > 1 ? parts[1] : nil,
                headers: HTTPHeaderList(
                    (token.isEmpty ? [] : [("authorization", "Bearer \(token)")])
                        + [("accept", accept), ("content-type", type)] + headers), body: bytes, peer: peer),
            exchange)
        _ = runtime.run(until: runtime.monotonic() + .seconds(10)) { exchange.answer.withLock { $0.status != 0 } }
        let isStream = exchange.isStream.withLock { $0 }
        if isStream { _ = runtime.run(until: runtime.monotonic() + .seconds(5)) { false } }
        return exchange.answer.withLock { $0 }
    }
}

final class RecordedExchange: Exchange, OutgoingStream {
    let answer = Mutex(InMemoryServer.Answer())
    let isStream = Mutex(false)

    func respond(_ status: Int, _ headers: [(String, String)], _ body: ResponseBody) {
        answer.withLock { answer in
            answer.headers = HTTPHeaderList(headers)
            switch body {
            case .empty: break
            case .bytes(let bytes): answer.body = bytes
            case .slices(let slices): answer.body = Array(slices.joined())
            }
            answer.status = status
        }
    }

    func begin(_ status: Int, _ headers: [(String, String)]) -> any OutgoingStream {
        isStream.withLock { $0 = true }
        respond(status, headers, .empty)
        return self
    }

    func canUpgrade(to protocolName: String) -> Bool { false }
    func upgradeToWebSocket(subprotocol: String?, _ headers: [(String, String)]) -> (any WebSocketConnection)? { nil }
    func upgradeRaw(_ protocolName: String, _ headers: [(String, String)]) -> (any BytePipe)? { nil }
    func onClose(_ callback: @escaping @Sendable () -> Void) {}

    func write(_ bytes: [UInt8]) -> Bool {
        answer.withLock { $0.body += bytes }
        return true
    }
    func write(slices: [ArraySlice<UInt8>]) -> Bool { write(Array(slices.joined())) }
    var pending: Int { 0 }
    var isWritable: Bool { true }
    func onWritable(_ callback: @escaping @Sendable () -> Void) {}
    func end() {}
    func abort() {}
}

extension Value {
    subscript(key: String) -> Value { if case .map(let map) = self { map[key] ?? .null } else { .null } }
    var text: String { if case .string(let text) = self { text } else { "" } }
    var items: [Value] { if case .list(let values) = self { values } else { [] } }
}
