import MartinetBase
import MartinetTransport
import Synchronization

/// Probes and hooks over TLS. Nobody's certificate is checked, as documented: a probe asks whether somebody answers.
///
/// It connects from this process' own network, which is the node's.
final class SecureProber: Sendable {
    private let runtime: any Runtime
    private let client = Mutex<HTTPClient?>(nil)

    init(runtime: any Runtime) { self.runtime = runtime }

    /// Most nodes never need it: its thread begins with the first probe.
    private func started() throws -> HTTPClient {
        try client.withLock { client in
            if let client { return client }
            var configuration = ClientConfiguration(trust: .anybody)
            configuration.idleTimeout = .seconds(1)
            let made = try HTTPClient(loops: EventLoops(threads: 1), runtime: runtime, configuration)
            client = made
            return made
        }
    }

    /// The status of one GET. `done` runs once, on any thread.
    func get(
        _ url: String, headers: [(String, String)], _ timeout: Duration,
        _ done: @escaping @Sendable (Result<Int, any Error>) -> Void
    ) {
        do {
            let once = Mutex<(@Sendable (Result<Int, any Error>) -> Void)?>(done)
            let cell = Cell(once)
            var all = headers
            for (name, value) in [("user-agent", "kube-probe/1.36"), ("accept", "*/*")]
            where !headers.contains(where: { $0.0.lowercased() == name }) { all.append((name, value)) }
            let request = ClientRequest("GET", url, headers: all, headTimeout: timeout, timeout: timeout)
            let call = try started().open(
                request, onHead: { cell.finish(.success($0.status)) }, onBody: { _ in cell.cancel() },
                onEnd: { error in
                    cell.finish(.failure(error ?? TransportError(.protocol, "the response ended without a head")))
                })
            if let call { cell.set(call) }
        } catch {
            done(.failure(error))
        }
    }

    private final class Cell: Sendable {
        private let once: Mutex<(@Sendable (Result<Int, any Error>) -> Void)?>
        private let call = Mutex<ClientCall?>(nil)
        init(_ once: consuming Mutex<(@Sendable (Result<Int, any Error>) -> Void)?>) { self.once = once }
        func set(_ call: ClientCall) { self.call.withLock { $0 = call } }

        /// The status was all that was wanted.
        func cancel() {
            let call = call.withLock { call in
                defer { call = nil }
                return call
            }
            call?.cancel()
        }

        func finish(_ result: Result<Int, any Error>) {
            let body = once.withLock { once in
                defer { once = nil }
                return once
            }
            body?(result)
        }
    }
}
