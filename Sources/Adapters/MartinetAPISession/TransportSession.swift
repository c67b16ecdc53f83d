package import MartinetBase
import MartinetKubeconfig
import MartinetSchema
package import MartinetToolPorts
package import MartinetTransport
import Synchronization

/// An API session over HTTP/1.1 and TLS.
package final class TransportSession: APISession {
    package let server: String
    private let client: HTTPClient
    private let headers: [(name: String, value: String)]

    /// - Parameter readFile: reads certificates, keys and tokens that the configuration names by path.
    package init(
        _ configuration: SessionConfiguration, loops: EventLoops, runtime: any Runtime, userAgent: String,
        readFile: @Sendable (String) throws -> [UInt8]
    ) throws {
        if configuration.exec != nil {
            throw SessionError(.configuration, "credentials from a program (users[].user.exec) are not there yet")
        }
        if configuration.proxyURL != nil {
            throw SessionError(.configuration, "a proxy (clusters[].cluster.proxy-url) is not there yet")
        }
        var address = configuration.server
        if !address.contains("://") { address = "http://" + address }
        while address.hasSuffix("/") { address.removeLast() }
        server = address
        func bytes(_ material: ResolvedContext.Material) throws -> [UInt8] {
            switch material {
            case .path(let path): return try readFile(path)
            case .base64(let text):
                guard let bytes = Base64.decode(text) else {
                    throw SessionError(.configuration, "a certificate or key in the kubeconfig is not base64")
                }
                return bytes
            }
        }
        var client = ClientConfiguration(trust: .system)
        if configuration.skipsVerification {
            client.trust = .anybody
        } else if let authority = configuration.certificateAuthority {
            client.trust = .authorities(try bytes(authority))
        }
        if let certificate = configuration.clientCertificate, let key = configuration.clientKey {
            client.identity = TLSIdentity(certificateChain: try bytes(certificate), privateKey: try bytes(key))
        }
        client.serverName = configuration.tlsServerName
        self.client = try HTTPClient(loops: loops, runtime: runtime, client)
        headers = try Self.headers(configuration, userAgent, readFile)
    }

    private static func headers(
        _ configuration: SessionConfiguration, _ userAgent: String, _ readFile: (String) throws -> [UInt8]
    ) throws -> [(name: String, value: String)] {
        var headers = [(name: "user-agent", value: userAgent)]
        var token = configuration.token
        if token == nil, let path = configuration.tokenFile {
            let text = String(decoding: try readFile(path), as: UTF8.self)
            token = String(text.filter { !$0.isWhitespace })
        }
        if let token {
            headers.append((name: "authorization", value: "Bearer \(token)"))
        } else if let user = configuration.username {
            let pair = Base64.encode(Array("\(user):\(configuration.password ?? "")".utf8))
            headers.append((name: "authorization", value: "Basic \(pair)"))
        }
        if let user = configuration.impersonatedUser { headers.append((name: "impersonate-user", value: user)) }
        for group in configuration.impersonatedGroups { headers.append((name: "impersonate-group", value: group)) }
        if let uid = configuration.impersonatedUID { headers.append((name: "impersonate-uid", value: uid)) }
        return headers
    }

    package func send(_ request: SessionRequest) async throws -> SessionResponse {
        do {
            let response = try await client.send(message(request))
            return SessionResponse(
                status: response.status, headers: response.headers.fields, body: Body(response.body))
        } catch let error as TransportError {
            throw Self.error(error, server)
        }
    }

    private func message(_ request: SessionRequest) -> ClientRequest {
        ClientRequest(
            request.method, server + request.target, headers: (headers + request.headers).map { ($0.name, $0.value) },
            body: request.body, headTimeout: request.timeout ?? .seconds(300))
    }

    package func openSocket(_ request: SessionRequest, subprotocols: [String]) async throws -> any SessionSocket {
        do {
            return Socket(try await client.webSocket(message(request), subprotocols: subprotocols))
        } catch let error as TransportError {
            throw SessionError(.upgrade, "\(error)")
        }
    }

    private static func error(_ error: TransportError, _ server: String) -> SessionError {
        switch error.code {
        case .connect:
            SessionError(
                "\(error)".contains("ECONNREFUSED") || "\(error)".contains("refused") ? .refused : .unreachable,
                "\(error)")
        case .tls: SessionError(.tls, "\(error)")
        case .timeout: SessionError(.timeout, "\(error)")
        case .tooLarge: SessionError(.tooLarge, "\(error)")
        case .invalid: SessionError(.configuration, "\(error)")
        case .closed, .protocol, .cancelled, .shutdown: SessionError(.closed, "\(error)")
        }
    }

    private struct Body: SessionBody {
        let body: ClientBody
        init(_ body: ClientBody) { self.body = body }

        func next() async throws -> [UInt8]? {
            var iterator = body.makeAsyncIterator()
            do {
                return try await iterator.next()
            } catch let error as TransportError {
                throw TransportSession.error(error, "")
            }
        }
    }

    package func shutdown() { client.shutdown() }
}

/// A WebSocket read by one task: what has come and was not taken is bounded, the peer is held back beyond.
final class Socket: SessionSocket {
    private struct State {
        var messages: [[UInt8]] = []
        var isHeld = false
        var isClosed = false
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var writers: [CheckedContinuation<Void, Never>] = []
    }

    private static let waitingMax = 64
    private let connection: any WebSocketConnection
    private let state = Mutex(State())

    init(_ connection: any WebSocketConnection) {
        self.connection = connection
        connection.onWritable { [weak self] in self?.wakeWriters() }
        connection.start(
            onMessage: { [weak self] message in
                switch message {
                case .binary(let bytes): self?.received(bytes)
                case .text(let text): self?.received(Array(text.utf8))
                }
            },
            onClose: { [weak self] _, _ in self?.closed() })
    }

    deinit { connection.close(code: 1000, reason: "") }

    var subprotocol: String? { connection.subprotocol }

    private func received(_ bytes: [UInt8]) {
        let (reader, hold) = state.withLock { state -> (CheckedContinuation<[UInt8]?, Never>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, false)
            }
            state.messages.append(bytes)
            guard state.messages.count >= Self.waitingMax, !state.isHeld else { return (nil, false) }
            state.isHeld = true
            return (nil, true)
        }
        reader?.resume(returning: bytes)
        if hold { connection.setReading(false) }
    }

    private func closed() {
        let reader = state.withLock { state in
            state.isClosed = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
        wakeWriters()
    }

    private func wakeWriters() {
        let writers = state.withLock { state in
            defer { state.writers = [] }
            return state.writers
        }
        for writer in writers { writer.resume() }
    }

    func receive() async throws -> [UInt8]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (message, ready, resume) = state.withLock { state -> ([UInt8]?, Bool, Bool) in
                    if !state.messages.isEmpty {
                        let first = state.messages.removeFirst()
                        let resume = state.isHeld && state.messages.count < Self.waitingMax / 2
                        if resume { state.isHeld = false }
                        return (first, true, resume)
                    }
                    if state.isClosed || Task.isCancelled { return (nil, true, false) }
                    state.reader = continuation
                    return (nil, false, false)
                }
                if ready { continuation.resume(returning: message) }
                if resume { connection.setReading(true) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: nil)
        }
    }

    func send(_ bytes: [UInt8]) async throws {
        guard connection.send(.binary(bytes)) else { throw SessionError(.closed, "the connection was closed") }
        guard !connection.isWritable else { return }
        await withCheckedContinuation { continuation in
            let wait = state.withLock { state in
                guard !state.isClosed, !connection.isWritable else { return false }
                state.writers.append(continuation)
                return true
            }
            if !wait { continuation.resume() }
        }
    }

    func close() { connection.close(code: 1000, reason: "") }
}
