import MartinetAPI
package import MartinetBase
package import MartinetClient
package import MartinetSchema
package import MartinetTransport
import Synchronization

/// The API over HTTPS, for components of another process than the server's.
package struct HTTPAPIClient: APIClient {
    private let client: HTTPClient
    /// Such as `https://127.0.0.1:6443`, without a slash at its end.
    private let server: String
    private let userAgent: String

    package init(client: HTTPClient, server: String, userAgent: String) {
        self.client = client
        self.server = server
        self.userAgent = userAgent
    }

    package func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        client.send(encoded(request)) { result in
            let answer: Result<Object, APIError> =
                switch result {
                case .success(let response): Answer.object(response.status, response.body)
                case .failure(let error): .failure(Answer.unreachable(error))
                }
            executor.submit { completion(answer) }
        }
    }

    package func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort {
        let reader = WatchReader(executor: executor, sink: sink)
        let call = client.open(
            encoded(request), onHead: { reader.head($0.status) }, onBody: { reader.body($0) }, onEnd: { reader.end($0) }
        )
        return Watch(call: call)
    }

    private struct Watch: WatchPort {
        let call: ClientCall?
        func cancel() { call?.cancel() }
    }

    // MARK: - Requests

    private func encoded(_ request: APIRequest) -> ClientRequest {
        var headers = [("accept", "application/json"), ("user-agent", userAgent)]
        var body: [UInt8] = []
        if let patch = request.patch {
            headers.append(("content-type", patch.type.rawValue))
            body = patch.document
        } else if let object = request.object {
            headers.append(("content-type", "application/json"))
            body = JSONEncoder.encode(object)
        }
        let query = URLQuery.text(request)
        let path = request.resource.escapedPath
        // A watch lives as long as its server lets it.
        return ClientRequest(
            method(request.verb), server + path + (query.isEmpty ? "" : "?" + query), headers: headers, body: body,
            headTimeout: .seconds(60), timeout: request.verb == .watch ? nil : .seconds(60))
    }

    private func method(_ verb: APIRequest.Verb) -> String {
        switch verb {
        case .get, .list, .watch: "GET"
        case .create: "POST"
        case .update: "PUT"
        case .patch: "PATCH"
        case .delete, .deletecollection: "DELETE"
        }
    }
}

/// What a response says.
enum Answer {
    static func object(_ status: Int, _ body: [UInt8]) -> Result<Object, APIError> {
        guard let (apiVersion, kind) = try? JSONDecoder.typeMeta(of: body), let kind else {
            return .failure(malformed(status, body))
        }
        let type =
            Schema.builtin.type(named: "\(apiVersion ?? "").\(kind)") ?? Schema.builtin.type(named: "meta/v1.\(kind)")
        guard let type, let object = try? JSONDecoder.decode(body, as: type).object else {
            return .failure(malformed(status, body))
        }
        guard status >= 400 else { return .success(object) }
        return .failure(APIError(status: object, code: status))
    }

    private static func malformed(_ status: Int, _ body: [UInt8]) -> APIError {
        let text = String(decoding: body.prefix(200), as: UTF8.self)
        return APIError(
            code: status < 400 ? 500 : status, reason: "InternalError",
            message: "the server's answer is no object: \(text)")
    }

    static func unreachable(_ error: TransportError) -> APIError {
        APIError(code: 503, reason: "ServiceUnavailable", message: "the server cannot be reached: \(error)")
    }
}

/// Reads the frames of a watch: lines of JSON.
private final class WatchReader: Sendable {
    private struct State {
        var status = 0
        var pending: [UInt8] = []
        var isOver = false
    }
    private let state = Mutex(State())
    private let executor: any SerialExecutorPort
    private let sink: @Sendable (WatchMessage) -> Void
    /// A single object is never larger than this.
    private static let frameMax = 64 << 20

    init(executor: any SerialExecutorPort, sink: @escaping @Sendable (WatchMessage) -> Void) {
        self.executor = executor
        self.sink = sink
    }

    func head(_ status: Int) { state.withLock { $0.status = status } }

    func body(_ bytes: [UInt8]) {
        let lines: [[UInt8]] = state.withLock { state in
            state.pending += bytes
            guard state.status < 400, state.pending.count < WatchReader.frameMax else { return [] }
            var lines: [[UInt8]] = []
            var start = 0
            // Only what is new can hold a line's end.
            for index in (state.pending.count - bytes.count)..<state.pending.count where state.pending[index] == 10 {
                if index > start { lines.append(Array(state.pending[start..<index])) }
                start = index + 1
            }
            state.pending.removeFirst(start)
            return lines
        }
        guard !lines.isEmpty else { return }
        executor.submit { [self] in
            for line in lines { sink(WatchReader.message(line)) }
        }
    }

    func end(_ error: TransportError?) {
        let refusal: APIError? = state.withLock { state in
            guard state.status >= 400 else { return error.map(Answer.unreachable) }
            guard case .failure(let refusal) = Answer.object(state.status, state.pending) else { return nil }
            return refusal
        }
        executor.submit { [self] in sink(.ended(refusal)) }
    }

    private static func message(_ line: [UInt8]) -> WatchMessage {
        guard let type = Schema.builtin.type(named: "meta/v1.WatchEvent"),
            let event = try? JSONDecoder.decode(line, as: type).object,
            case .string(let name)? = event[0], case .raw(let raw)? = event[1]
        else { return .ended(APIError(code: 500, reason: "InternalError", message: "the server sent no watch event")) }
        let answer = Answer.object(name == "ERROR" ? 500 : 200, Array(raw.text.utf8))
        guard case .success(let object) = answer else {
            if case .failure(let error) = answer { return .ended(error) }
            return .ended(nil)
        }
        switch name {
        case "ADDED": return .added(object)
        case "MODIFIED": return .modified(object)
        case "DELETED": return .deleted(object)
        default:
            let metadata = object.metadata
            return .bookmark(
                resourceVersion: metadata.resourceVersion,
                initialEventsEnd: metadata.annotations["k8s.io/initial-events-end"] == "true")
        }
    }
}
