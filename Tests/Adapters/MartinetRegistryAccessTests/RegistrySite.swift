import Glibc
import MartinetArchive
import MartinetBase
import MartinetCertificates
import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import MartinetRegistryAccess
import MartinetTransport
import Synchronization

/// The project's own registry on a socket, with faults on demand and a second host that blobs come from.
final class RegistrySite: Sendable {
    struct Seen: Sendable {
        var method: String
        var host: String
        var path: String
        var authorization: String?
        var range: String?
    }

    struct State {
        var registry: RegistryServer
        var seen: [Seen] = []
        /// How many blobs break off after this many bytes.
        var breaks = (times: 0, after: 0)
        /// How many blobs stand still after this many bytes.
        var stalls = (times: 0, after: 0)
        var damaged = 0
        /// Answers with 429 that come before any other.
        var tooMany = 0
    }

    static let loops = EventLoops(threads: 2)
    let authority: CertificateAuthority
    let state: Mutex<State>
    private let servers: Mutex<[HTTPServer]> = Mutex([])
    private let ports = Mutex<(own: Int, blobs: Int)>((0, 0))

    var host: String { "127.0.0.1:\(ports.withLock { $0.own })" }
    var port: Int { ports.withLock { $0.own } }
    var blobHost: String { "localhost:\(ports.withLock { $0.blobs })" }

    init(secure: Bool = true, users: [String: String] = ["me": "secret"], redirects: Bool = true) throws {
        authority = try CertificateAuthority.create(commonName: "registry-ca", now: ProductionRuntime().now())
        state = Mutex(State(registry: RegistryServer()))
        let own = try serve(secure)
        ports.withLock { $0.own = own }
        if redirects {
            let blobs = try serve(secure)
            ports.withLock { $0.blobs = blobs }
        }
        let scheme = secure ? "https" : "http"
        let authentication = RegistryServer.Authentication(
            realm: "\(scheme)://\(host)/token", service: "registry.test", users: users)
        let blobs = redirects ? blobHost : nil
        state.withLock {
            $0.registry = RegistryServer(authentication: users.isEmpty ? nil : authentication, blobHost: blobs)
        }
    }

    private func serve(_ secure: Bool) throws -> Int {
        let issued = try authority.issue(
            .server("localhost", dnsNames: ["localhost", "registry.test"], addresses: ["127.0.0.1"]),
            now: ProductionRuntime().now(),
            validity: .seconds(3600))
        let identity = TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
        var limits = ServerLimits()
        limits.bodyBytes = 256 << 20
        limits.streamBuffer = 256 << 20
        let server = try HTTPServer(
            loops: RegistrySite.loops, tls: ServerTLS(identity: identity), limits: limits,
            handler: FunctionHandler { [weak self] request, exchange in self?.answer(request, exchange) })
        servers.withLock { $0.append(server) }
        return try server.listen(.ip("127.0.0.1", port: 0), secure: secure)
    }

    private func answer(_ request: HTTPRequest, _ exchange: any Exchange) {
        let host = request.headers["host"] ?? ""
        let target = request.path + (request.query.map { "?" + $0 } ?? "")
        enum Fault { case none, tooMany, cut(Int), stall(Int) }
        let (response, fault): (RegistryServer.Response, Fault) = state.withLock { state in
            state.seen.append(
                Seen(
                    method: request.method, host: host, path: target, authorization: request.headers["authorization"],
                    range: request.headers["range"]))
            if state.tooMany > 0 {
                state.tooMany -= 1
                return (.init(status: 429, headers: [("Retry-After", "1")], body: []), .tooMany)
            }
            var response = state.registry.handle(
                .init(
                    method: request.method, host: host, target: target,
                    headers: request.headers.fields.map { ($0.name, $0.value) }, body: request.body))
            let isBlob = request.method == "GET" && (200...206).contains(response.status) && response.body.count > 4000
            guard isBlob else { return (response, .none) }
            if state.damaged > 0 {
                state.damaged -= 1
                response.body[700] ^= 1
            }
            if state.breaks.times > 0 {
                state.breaks.times -= 1
                return (response, .cut(state.breaks.after))
            }
            if state.stalls.times > 0 {
                state.stalls.times -= 1
                return (response, .stall(state.stalls.after))
            }
            return (response, .none)
        }
        let headers = response.headers.filter { $0.0.lowercased() != "content-length" }
        switch fault {
        case .none, .tooMany: exchange.respond(response.status, headers, .bytes(response.body))
        case .cut(let count):
            let stream = exchange.begin(response.status, headers)
            stream.write(Array(response.body.prefix(count)))
            stream.onWritable { stream.abort() }
            RegistrySite.after { stream.abort() }
        case .stall(let count):
            let stream = exchange.begin(response.status, headers)
            stream.write(Array(response.body.prefix(count)))
            kept.withLock { $0.append(stream) }
        }
    }

    private let kept = Mutex<[any OutgoingStream]>([])

    /// A little later, so that what was written before is on its way.
    private static func after(_ body: @escaping @Sendable () -> Void) {
        ProductionRuntime().executor(named: "registry-site").submit(after: .milliseconds(50), body)
    }

    func stop() async {
        for stream in kept.withLock({ $0 }) { stream.abort() }
        for server in servers.withLock({ $0 }) { await server.shutdown(grace: .seconds(1)) }
    }
}

/// A folder with a store, gone with the test.
final class Place {
    let path: String
    let store: ImageStore

    init() throws {
        path = "/tmp/martinet-registry/\(getpid())-\(String(ProductionRuntime().random(), radix: 36))"
        store = try ImageStore(
            root: path + "/store", runtime: ProductionRuntime(), log: Log(component: "test") { _ in })
        try FileTree.makeFolders(path + "/certs.d")
    }

    deinit {
        guard let folder = try? OpenFile.folder("/tmp/martinet-registry") else { return }
        try? FileTree.remove(String(path.split(separator: "/").last ?? "none"), in: folder)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = "\(path)/\(name)"
        try FileTree.makeFolders(file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        let opened = try OpenFile.open(file, O_WRONLY | O_CREAT | O_TRUNC)
        try bytes.withUnsafeBytes { try opened.write($0) }
    }

    /// An image of two layers of noise under this name.
    func makeImage(_ name: String, bytes: Int = 200_000) throws -> ImageReference {
        let reference = try ImageReference(name)
        var random = SplitMix64(state: 3)
        var config = ImageConfig(platform: .host)
        var layers: [Descriptor] = []
        for index in 0..<2 {
            let noise = (0..<bytes / 8).flatMap { _ in
                withUnsafeBytes(of: random.next()) { Array($0) }
            }
            let sink = MemorySink()
            let writer = TarWriter(sink)
            try writer.append(TarEntry("file\(index)"), content: noise)
            try writer.finish()
            let digest = try store.putBlob(sink.bytes)
            layers.append(Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: Int64(sink.bytes.count)))
            config.rootfs.diffIDs.append(digest)
        }
        let image = try store.putImage(config, layers: layers)
        try store.setName(reference, to: image.target)
        return reference
    }

    func access(_ site: RegistrySite?, _ change: (inout RegistryAccessConfiguration) throws -> Void = { _ in })
        rethrows -> RegistryAccess
    {
        var configuration = RegistryAccessConfiguration()
        configuration.folders = [path + "/certs.d"]
        if let site { configuration.authorities = site.authority.certificatePEM }
        configuration.firstDelay = .milliseconds(1)
        try change(&configuration)
        return RegistryAccess(
            loops: RegistrySite.loops, runtime: ProductionRuntime(), log: Log(component: "test") { _ in },
            configuration)
    }
}
