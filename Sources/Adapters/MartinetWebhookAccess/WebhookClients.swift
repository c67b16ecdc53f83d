package import MartinetBase
package import MartinetClient
package import MartinetTransport
package import MartinetWebhooks
import Synchronization

/// Reaches webhooks over HTTPS.
///
/// Each has connections of its own by what it trusts and is trusted for; they are kept for the next request. No proxy of
/// the environment is used. A service is reached at one of its endpoints and not at its address, which only nodes know.
package final class WebhookClients: WebhookCaller {
    package typealias Resolver =
        @Sendable (_ namespace: String, _ name: String, _ port: Int) throws(APIError) -> (host: String, port: Int)

    private struct Key: Hashable {
        let authorities: [UInt8]
        let credentials: WebhookEndpoint.Credentials?
        let serverName: String?
    }

    private struct State {
        var clients: [Key: HTTPClient] = [:]
        /// Of the clients, the one that was made first comes first.
        var order: [Key] = []
        var resolver: Resolver?
        var isOver = false
    }

    private let loops: EventLoops
    private let runtime: any Runtime
    private let state = Mutex(State())
    /// So many sorts of trust have connections at once.
    private static let clientsMax = 256
    /// A question is asked so often where it may be asked again.
    private static let tries = 5

    package init(loops: EventLoops, runtime: any Runtime) {
        self.loops = loops
        self.runtime = runtime
    }

    /// From now on services can be reached.
    package func resolve(_ resolver: @escaping Resolver) { state.withLock { $0.resolver = resolver } }

    package func shutdown() {
        let clients = state.withLock { state in
            state.isOver = true
            defer { state.clients = [:] }
            return Array(state.clients.values)
        }
        for client in clients { client.shutdown() }
    }

    package func call(_ calls: [WebhookCall]) -> [Result<[UInt8], WebhookFailure>] {
        let answers = calls.map { call in
            let answer = PendingAnswer()
            start(call, answer, tries: 1)
            return answer
        }
        var results = zip(calls, answers).map { call, answer in
            // A little more than the client itself gives it, which then says why.
            answer.wait(call.timeout + .seconds(1)) ?? .failure(WebhookClients.late(call))
        }
        for (index, call) in calls.enumerated() {
            guard let backoff = call.retryBackoff else { continue }
            results[index] = again(call, backoff, results[index])
        }
        return results
    }

    /// Asks again while nobody answers.
    private func again(
        _ call: WebhookCall, _ backoff: Duration, _ first: Result<[UInt8], WebhookFailure>
    ) -> Result<[UInt8], WebhookFailure> {
        var result = first
        var pause = backoff
        let deadline = runtime.monotonic() + call.timeout
        for _ in 1..<WebhookClients.tries {
            guard case .failure(let failure) = result, !failure.isTimeout, runtime.monotonic() + pause < deadline else {
                return result
            }
            PendingAnswer().pause(pause)
            pause = pause * 3 / 2
            let answer = PendingAnswer()
            start(call, answer, tries: 1)
            result = answer.wait(call.timeout + .seconds(1)) ?? .failure(WebhookClients.late(call))
        }
        return result
    }

    private static func late(_ call: WebhookCall) -> WebhookFailure {
        WebhookFailure("Post \(call.url.debugDescription): context deadline exceeded", isTimeout: true)
    }

    // MARK: - One call

    private func start(_ call: WebhookCall, _ answer: PendingAnswer, tries: Int) {
        func fail(_ why: String) {
            answer.finish(.failure(WebhookFailure("Post \(call.url.debugDescription): \(why)")))
        }
        let target: (url: String, serverName: String?)
        do throws(APIError) {
            target = try self.target(call)
        } catch {
            return fail(error.message)
        }
        let client: HTTPClient
        do {
            client = try self.client(call.endpoint, target.serverName)
        } catch {
            return fail("\(error)")
        }
        var headers = [("content-type", "application/json"), ("accept", "application/json, */*")]
        if let token = call.endpoint.credentials?.token, !token.isEmpty {
            headers.append(("authorization", "Bearer \(token)"))
        }
        let request = ClientRequest(
            "POST", target.url, headers: headers, body: call.body, headTimeout: call.timeout, timeout: call.timeout)
        let collector = AnswerCollector(limit: call.answerMax)
        let started = client.open(request) { head in
            collector.begin(head.status)
        } onBody: { piece in
            if collector.add(piece) { answer.cancel() }
        } onEnd: { [self] error in
            // The server may have closed a connection that was kept: the question is asked anew, once.
            if let error, error.code == .closed, collector.isEmpty, tries == 1 {
                return start(call, answer, tries: 2)
            }
            answer.finish(collector.result(call, error))
        }
        answer.attach(started)
    }

    /// Where a call goes, and whom it expects there.
    private func target(_ call: WebhookCall) throws(APIError) -> (url: String, serverName: String?) {
        guard case .service(let namespace, let name, let port, let path) = call.endpoint.place else {
            return (call.url, call.endpoint.serverName)
        }
        guard let resolver = state.withLock({ $0.resolver }) else {
            throw APIError(code: 503, reason: "ServiceUnavailable", message: "this server resolves no services")
        }
        let found = try resolver(namespace, name, port)
        let host = found.host.utf8.contains(58) ? "[\(found.host)]" : found.host
        let query = call.url.split(separator: "?", maxSplits: 1).dropFirst().first.map { "?\($0)" } ?? ""
        let slash = path.hasPrefix("/") ? "" : "/"
        return ("https://\(host):\(found.port)\(slash)\(path)\(query)", "\(name).\(namespace).svc")
    }

    private func client(_ endpoint: WebhookEndpoint, _ serverName: String?) throws -> HTTPClient {
        let key = Key(authorities: endpoint.authorities, credentials: endpoint.credentials, serverName: serverName)
        if let known = state.withLock({ $0.clients[key] }) { return known }
        var configuration = ClientConfiguration(
            trust: endpoint.authorities.isEmpty ? .system : .authorities(endpoint.authorities))
        if let credentials = endpoint.credentials, !credentials.certificateChain.isEmpty {
            configuration.identity = TLSIdentity(
                certificateChain: credentials.certificateChain, privateKey: credentials.privateKey)
        }
        configuration.serverName = serverName
        configuration.idleConnectionsPerHost = 8
        configuration.connections = 256
        let made = try HTTPClient(loops: loops, runtime: runtime, configuration)
        let (client, dropped): (HTTPClient, HTTPClient?) = state.withLock { state in
            if let known = state.clients[key] { return (known, made) }
            guard !state.isOver else { return (made, nil) }
            state.clients[key] = made
            state.order.append(key)
            guard state.order.count > WebhookClients.clientsMax else { return (made, nil) }
            return (made, state.clients.removeValue(forKey: state.order.removeFirst()))
        }
        // Calls under way go on.
        dropped?.shutdown()
        return client
    }
}
