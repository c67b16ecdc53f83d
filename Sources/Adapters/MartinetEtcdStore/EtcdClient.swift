import MartinetBase
import MartinetEtcdMessages
import MartinetTransport
import Synchronization

/// Calls to an etcd of one or several members, over one connection at a time: where a member fails, the next one.
///
/// Callbacks run on the connection's event loop; they must not block.
final class EtcdClient: Sendable {
    typealias Answer<Response> = @Sendable (Result<Response, EtcdCallError>) -> Void

    private enum Link {
        case none
        case connecting
        case open(DuplexPeer)
    }

    private struct State {
        var link = Link.none
        var endpoint = 0
        var token: String?
        /// Who waits for a connection.
        var waiting: [@Sendable (Result<DuplexPeer, EtcdCallError>) -> Void] = []
        var calls: [UInt64: (due: Duration, call: UnaryCall)] = [:]
        var nextCall: UInt64 = 0
        var sweeping = false
        var closed = false
    }

    let configuration: EtcdConfiguration
    let runtime: any Runtime
    let executor: any SerialExecutorPort
    private let duplex: DuplexClient
    private let state = Mutex(State())
    /// A message larger than this is not taken: one list of the largest objects.
    static let messageMax = 512 << 20

    /// `executor`: for timers.
    init(
        _ configuration: EtcdConfiguration, loops: EventLoops, runtime: any Runtime, executor: any SerialExecutorPort
    ) throws {
        self.configuration = configuration
        self.runtime = runtime
        self.executor = executor
        var client = ClientConfiguration(trust: configuration.authorities.map { .authorities($0) } ?? .system)
        if let certificate = configuration.certificate, let key = configuration.key {
            client.identity = TLSIdentity(certificateChain: certificate, privateKey: key)
        }
        client.connectTimeout = configuration.connectTimeout
        duplex = try DuplexClient(loops: loops, client)
    }

    func close() {
        let (link, waiting) = state.withLock { state in
            state.closed = true
            defer { state.waiting = [] }
            return (state.link, state.waiting)
        }
        if case .open(let peer) = link { peer.close() }
        for wait in waiting { wait(.failure(EtcdClient.closedError)) }
    }

    private static let closedError = EtcdCallError(
        status: GRPCStatus(.failedPrecondition, "the store is closed"), isUnsent: true)

    // MARK: Calls

    /// One attempt. The answer comes within the time-out, whatever happens.
    func call<Request: EtcdMessage, Response: EtcdMessage>(
        _ path: String, _ request: Request, timeout: Duration? = nil, _ answer: @escaping Answer<Response>
    ) {
        let bytes = GRPCFraming.frame(request.encoded)
        withPeer { [self] result in
            switch result {
            case .failure(let error): answer(.failure(error))
            case .success(let peer):
                unary(peer, path, bytes, timeout: timeout ?? configuration.callTimeout) { [self] result in
                    switch result {
                    case .failure(let error):
                        if error.needsToken { state.withLock { $0.token = nil } }
                        if error.blamesMember || error.needsToken { leave(peer) }
                        answer(.failure(error))
                    case .success(let bytes):
                        do throws(EtcdMessageError) {
                            answer(.success(try Response(decoding: bytes)))
                        } catch {
                            let status = GRPCStatus(.internal, "\(path): \(error)")
                            answer(.failure(EtcdCallError(status: status, isUnsent: false)))
                        }
                    }
                }
            }
        }
    }

    /// Tries again until the time is up, for what may be done twice.
    func repeated<Request: EtcdMessage, Response: EtcdMessage>(
        _ path: String, _ request: Request, until deadline: Duration? = nil, _ answer: @escaping Answer<Response>
    ) {
        let deadline = deadline ?? runtime.monotonic() + configuration.giveUpAfter
        call(path, request) { [self] (result: Result<Response, EtcdCallError>) in
            if case .failure(let error) = result, error.blamesMember || error.isUnsent || error.needsToken,
                !state.withLock({ $0.closed }), runtime.monotonic() < deadline
            {
                _ = executor.submit(after: .milliseconds(100)) { [self] in
                    repeated(path, request, until: deadline, answer)
                }
                return
            }
            answer(result)
        }
    }

    /// Opens a stream in both directions.
    func open(
        _ path: String, headers: [(String, String)] = [],
        _ answer: @escaping @Sendable (Result<(DuplexPeer, [(String, String)]), EtcdCallError>) -> Void
    ) {
        withPeer { [self] result in
            answer(result.map { ($0, self.headers() + headers) })
        }
    }

    private func headers() -> [(String, String)] {
        var headers = [("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "martinet")]
        if let token = state.withLock({ $0.token }) { headers.append(("token", token)) }
        return headers
    }

    private func unary(
        _ peer: DuplexPeer, _ path: String, _ bytes: [UInt8], timeout: Duration, _ answer: @escaping Answer<[UInt8]>
    ) {
        let (number, sweep) = state.withLock { state in
            state.nextCall += 1
            defer { state.sweeping = true }
            return (state.nextCall, !state.sweeping)
        }
        let call = UnaryCall { [self] result in
            state.withLock { $0.calls[number] = nil }
            answer(result)
        }
        state.withLock { $0.calls[number] = (runtime.monotonic() + timeout, call) }
        if sweep { scheduleSweep() }
        call.start(peer, path, headers(), bytes)
    }

    /// Ends calls that take too long; runs while there are any.
    private func scheduleSweep() {
        _ = executor.submit(after: .milliseconds(250)) { [weak self] in
            guard let self else { return }
            let now = runtime.monotonic()
            let late = state.withLock { state in
                let late = state.calls.values.filter { $0.due <= now }
                if state.calls.isEmpty { state.sweeping = false }
                return late.map(\.call)
            }
            for call in late { call.timedOut() }
            if state.withLock({ $0.sweeping }) { scheduleSweep() }
        }
    }

    // MARK: The connection

    /// This member is not asked any more; the next call goes to the next one.
    func leave(_ peer: DuplexPeer) {
        state.withLock { state in
            guard case .open(let current) = state.link, current === peer else { return }
            state.link = .none
            state.endpoint += 1
        }
        peer.close()
    }

    private func withPeer(_ body: @escaping @Sendable (Result<DuplexPeer, EtcdCallError>) -> Void) {
        enum Next { case use(DuplexPeer), wait, connect, refuse }
        let next = state.withLock { state -> Next in
            if state.closed { return .refuse }
            switch state.link {
            case .open(let peer) where peer.isOpen: return .use(peer)
            case .connecting:
                state.waiting.append(body)
                return .wait
            case .open, .none:
                state.waiting.append(body)
                state.link = .connecting
                return .connect
            }
        }
        switch next {
        case .use(let peer): body(.success(peer))
        case .wait: break
        case .refuse: body(.failure(EtcdClient.closedError))
        case .connect: connect(attemptsLeft: max(1, configuration.endpoints.count))
        }
    }

    private func connect(attemptsLeft: Int) {
        let (endpoint, needsToken) = state.withLock { state in
            (configuration.endpoints[state.endpoint % max(1, configuration.endpoints.count)], state.token == nil)
        }
        duplex.connect(endpoint) { [self] result in
            switch result {
            case .success(let peer):
                guard let user = configuration.user, needsToken else { return connected(peer) }
                authenticate(peer, user) { [self] error in
                    guard let error else { return connected(peer) }
                    peer.close()
                    failed("\(endpoint): \(error.status)", error.status.code, attemptsLeft)
                }
            case .failure(let error): failed("\(error)", .unavailable, attemptsLeft)
            }
        }
    }

    private func failed(_ message: String, _ code: GRPCStatus.Code, _ attemptsLeft: Int) {
        state.withLock { $0.endpoint += 1 }
        if attemptsLeft > 1 { return connect(attemptsLeft: attemptsLeft - 1) }
        let error = EtcdCallError(status: GRPCStatus(code, message), isUnsent: true)
        let waiting = state.withLock { state in
            state.link = .none
            defer { state.waiting = [] }
            return state.waiting
        }
        for wait in waiting { wait(.failure(error)) }
    }

    private func connected(_ peer: DuplexPeer) {
        peer.onClose { [weak self] in self?.leave(peer) }
        let (waiting, closed) = state.withLock { state in
            state.link = .open(peer)
            defer { state.waiting = [] }
            return (state.waiting, state.closed)
        }
        if closed { peer.close() }
        for wait in waiting { wait(closed ? .failure(EtcdClient.closedError) : .success(peer)) }
    }

    private func authenticate(
        _ peer: DuplexPeer, _ user: String, _ answer: @escaping @Sendable (EtcdCallError?) -> Void
    ) {
        var request = AuthenticateRequest()
        request.name = user
        request.password = configuration.password
        unary(peer, EtcdMethod.authenticate, GRPCFraming.frame(request.encoded), timeout: configuration.callTimeout) {
            [self] result in
            switch result {
            case .failure(let error): answer(error)
            case .success(let bytes):
                do throws(EtcdMessageError) {
                    let response = try AuthenticateResponse(decoding: bytes)
                    state.withLock { $0.token = response.token }
                    answer(nil)
                } catch {
                    answer(EtcdCallError(status: GRPCStatus(.internal, "\(error)"), isUnsent: true))
                }
            }
        }
    }
}
