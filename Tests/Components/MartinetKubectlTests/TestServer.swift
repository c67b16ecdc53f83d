import MartinetAPICore
import MartinetAPIServer
import MartinetAPISession
import MartinetBase
import MartinetClient
import MartinetControllers
import MartinetKubectl
import MartinetStore
import MartinetToolPorts
import MartinetTransport
import Synchronization
import Testing

/// A real API server over HTTP on a port of its own, with the controllers of workloads, over a store in memory.
final class TestServer: Sendable {
    let port: Int
    let runtime = ProductionRuntime()
    let loops = EventLoops(threads: 1)
    private let server: HTTPServer
    private let driver: ComponentDriver

    init(_ name: String, port: Int = 0) throws {
        let log = Log(component: "test", minimum: .error)
        var configuration = SQLiteStore.Configuration()
        configuration.history = HistoryWindow()
        let store = try SQLiteStore(
            inMemory: name, runtime: runtime, executor: runtime.executor(named: "store"), configuration: configuration)
        let registry = try Registry(store: store, runtime: runtime, log: log)
        let api = APIServer(registry: registry, authenticator: Authenticator(tokens: ["secret": .admin]))
        server = try HTTPServer(loops: loops, handler: api)
        self.port = try server.listen(.ip("127.0.0.1", port: port), secure: false)
        let client = RegistryClient(registry: registry, identity: .admin)
        let kinds = registry.served.stored.map(\.kind)
        driver = ComponentDriver(
            [
                ReconcilerComponent(DeploymentController()), ReconcilerComponent(ReplicaSetController()),
                ReconcilerComponent(ServiceAccountController()),
                ReconcilerComponent(GarbageCollector(kinds: kinds)), NamespaceController(kinds: kinds),
            ], client: client, runtime: runtime, log: log)
        driver.start()
        api.becomeReady()
    }

    func shutdown() async { await server.shutdown(grace: .zero) }
}

/// What a command said and how it ended.
struct Outcome {
    let code: Int32
    let out: String
    let err: String
}

/// Runs command lines against a server, or against none.
struct Shell {
    let server: TestServer?
    let host: MemoryHost
    init(_ server: TestServer?, files: [String: String] = [:]) {
        self.server = server
        host = MemoryHost(files: files)
    }

    @discardableResult
    func kubectl(_ line: String, input: String = "") async -> Outcome {
        await kubectl(words: line.split(separator: " ").map(String.init), input: input)
    }

    @discardableResult
    func kubectl(words: [String], input: String = "") async -> Outcome {
        let terminal = MemoryTerminal(input: input)
        let access = server.map { ["--server", "http://127.0.0.1:\($0.port)", "--token", "secret"] } ?? []
        let server = server
        let code = await KubectlCommand.run(
            arguments: access + words, terminal: terminal, host: host, runtime: ProductionRuntime(),
            environment: ["HOME": "/home/test", "EDITOR": "edit"]
        ) { configuration in
            guard let server else { throw SessionError(.refused, "there is no server in this test") }
            return try TransportSession(
                configuration, loops: server.loops, runtime: server.runtime, userAgent: "test", readFile: { _ in [] })
        }
        return Outcome(code: code, out: terminal.text(1), err: terminal.text(2))
    }
}

final class MemoryTerminal: Terminal {
    private let state: Mutex<(out: [UInt8], err: [UInt8], input: [UInt8]?)>
    init(input: String) { state = Mutex(([], [], Array(input.utf8))) }

    func text(_ stream: Int) -> String {
        state.withLock { String(decoding: stream == 1 ? $0.out : $0.err, as: UTF8.self) }
    }
    func write(_ bytes: [UInt8]) { state.withLock { $0.out += bytes } }
    func writeError(_ bytes: [UInt8]) { state.withLock { $0.err += bytes } }
    func readInput() async throws -> [UInt8]? {
        state.withLock { state in
            defer { state.input = nil }
            return state.input.flatMap { $0.isEmpty ? nil : $0 }
        }
    }
    var isInputTerminal: Bool { false }
    var isOutputTerminal: Bool { false }
    var size: TerminalSize? { nil }
    func nextSize() async -> TerminalSize? { nil }
    func setRaw(_ raw: Bool) {}
}

final class MemoryHost: Host {
    private let files: Mutex<[String: [UInt8]]>
    /// What the editor makes of a file.
    let edit = Mutex<(@Sendable (String) -> String)?>(nil)

    init(files: [String: String]) { self.files = Mutex(files.mapValues { Array($0.utf8) }) }

    func readFile(_ path: String) throws -> [UInt8] {
        guard let bytes = files.withLock({ $0[path] }) else { throw SystemError(call: "open", operand: path, errno: 2) }
        return bytes
    }
    func writeFile(_ path: String, _ bytes: [UInt8], mode: UInt32) throws { files.withLock { $0[path] = bytes } }
    func removeFile(_ path: String) { files.withLock { $0[path] = nil } }
    func entries(of folder: String) throws -> [HostEntry] {
        let inside = files.withLock { $0.keys.filter { $0.hasPrefix(folder + "/") } }
        let names = Set(
            inside.map { $0.dropFirst(folder.count + 1).split(separator: "/").map(String.init) }.map { parts in
                HostEntry(name: parts[0], isFolder: parts.count > 1)
            })
        return names.sorted { $0.name < $1.name }
    }
    func isFolder(_ path: String) -> Bool? {
        files.withLock { files in
            if files[path] != nil { return false }
            return files.keys.contains { $0.hasPrefix(path + "/") } ? true : nil
        }
    }
    func run(_ words: [String]) async throws -> Int32 {
        guard let path = words.last, let change = edit.withLock({ $0 }) else { return 1 }
        let text = String(decoding: try readFile(path), as: UTF8.self)
        try writeFile(path, Array(change(text).utf8), mode: 0o600)
        return 0
    }
    func listen(address: String, port: UInt16) throws -> any HostListener {
        throw SystemError(call: "listen", operand: "\(address):\(port)", errno: 98)
    }
}
