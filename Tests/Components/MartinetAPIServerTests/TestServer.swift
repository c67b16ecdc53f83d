import Dispatch
import Glibc
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetTransport

/// A real API server over TLS on loopback, and clients of it: one well-behaved, one that sends any bytes.
final class TestServer: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let folder: String
    let server: StandaloneAPIServer
    private let client: HTTPClient
    private let loops = EventLoops(threads: 1)
    private let runtime = ProductionRuntime()

    static let token = "the-administrator"
    static var hasPython: Bool { access("/usr/bin/python3", X_OK) == 0 }

    init(
        limits: ServerLimits = ServerLimits(), access: AccessFlags = AccessFlags(),
        runtimeConfig: RuntimeConfig = RuntimeConfig(),
        _ change: (inout StandaloneAPIServer.Configuration) -> Void = { _ in }
    ) throws {
        var template = Array("/tmp/martinet-apiserver-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "cannot make a temporary folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = StandaloneAPIServer.Configuration(folder: folder)
        configuration.limits = limits
        configuration.access = access
        configuration.runtimeConfig = runtimeConfig
        configuration.tokens = [
            TestServer.token: .admin,
            "nobody-in-particular": Identity(user: "jane", groups: ["system:authenticated"]),
        ]
        change(&configuration)
        server = try StandaloneAPIServer(configuration, runtime: runtime, log: Log(component: "test", minimum: .error))
        client = try HTTPClient(
            loops: loops, runtime: runtime,
            ClientConfiguration(trust: .authorities(server.authority.certificatePEM)))
    }

    func stop() async {
        client.shutdown()
        await server.stop()
        await loops.shutdown()
        for name in [
            "objects.db", "objects.db-wal", "objects.db-shm", "objects.db.lock", "cases.json", "c.pem", "k.pem",
            "ca.pem", "kubeconfig",
        ] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    /// Runs a test against a fresh server, which must still answer afterwards.
    static func with(
        limits: ServerLimits = ServerLimits(), access: AccessFlags = AccessFlags(),
        runtimeConfig: RuntimeConfig = RuntimeConfig(), _ body: (TestServer) async throws -> Void
    ) async throws {
        let server = try TestServer(limits: limits, access: access, runtimeConfig: runtimeConfig)
        do {
            try await server.ready()
            try await body(server)
            let alive = try await server.send("GET", "/api/v1/namespaces/default")
            guard alive.status == 200 else {
                throw Failure(description: "the server answers \(alive.status) afterwards")
            }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    func ready() async throws {
        for _ in 0..<1000 {
            if try await send("GET", "/readyz").status == 200 { return }
            await TestServer.moment()
        }
        throw Failure(description: "the server does not become ready")
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaderList
        let text: String
    }

    func send(
        _ method: String, _ target: String, token: String? = TestServer.token, contentType: String? = nil,
        headers: [(String, String)] = [], _ body: [UInt8] = []
    ) async throws -> Answer {
        var all = headers
        if let token { all.append(("authorization", "Bearer \(token)")) }
        if let contentType { all.append(("content-type", contentType)) }
        let response = try await client.send(
            ClientRequest(
                method, "https://127.0.0.1:\(server.port)\(target)", headers: all, body: body, timeout: .seconds(30)))
        return Answer(
            status: response.status, headers: response.headers,
            text: String(decoding: try await response.collect(), as: UTF8.self))
    }

    static func configMap(_ name: String) -> [UInt8] {
        Array(#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"\#(name)"},"data":{"a":"b"}}"#.utf8)
    }

    /// Between two looks at something that is waited for.
    static func moment() async { await blocking { _ = usleep(5000) } }

    static func blocking<T: Sendable>(_ work: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "blocking").async { continuation.resume(returning: work()) }
        }
    }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try CertificateFile.write(bytes, to: "\(folder)/\(name)", mode: 0o600)
        return "\(folder)/\(name)"
    }

    /// A file with which other people's clients find this server, as its administrator.
    func kubeconfig() throws -> String {
        let authority = try write("ca.pem", server.authority.certificatePEM)
        return try write(
            "kubeconfig",
            Array(
                """
                apiVersion: v1
                kind: Config
                current-context: test
                clusters: [{name: test, cluster: {server: "https://127.0.0.1:\(server.port)", certificate-authority: "\(authority)"}}]
                users: [{name: test, user: {token: "\(TestServer.token)"}}]
                contexts: [{name: test, context: {cluster: test, user: test, namespace: default}}]
                """.utf8))
    }

    /// Runs a script that speaks whatever it wants to the server: its first argument is the port.
    func python(_ script: String, _ arguments: [String] = []) async throws -> String {
        try await run(["-c", script, String(server.port)] + arguments)
    }

    /// Runs Python and gives what it says; that it ends well is the test's to ask.
    func run(_ arguments: [String], mustEndWell: Bool = true) async throws -> String {
        let output = "\(folder)/output"
        let status = await TestServer.blocking { () -> Int32 in
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
            var argv: [UnsafeMutablePointer<CChar>?] = (["/usr/bin/python3"] + arguments).map { strdup($0) } + [nil]
            defer { for argument in argv { free(argument) } }
            var pid: pid_t = 0
            guard posix_spawn(&pid, "/usr/bin/python3", &actions, nil, &argv, environ) == 0 else { return -1 }
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status
        }
        let text = String(decoding: try CertificateFile.read(output), as: UTF8.self)
        unlink(output)
        guard status == 0 || !mustEndWell else { throw Failure(description: "the script failed: \(text)") }
        return text
    }
}
