import MartinetAPICore
import MartinetAuthorization
import MartinetClient
import MartinetFlowControl
import MartinetTransport

extension APIServer {
    /// Answers once the request's turn has come, or that there is no room for it.
    func inTurn(
        _ asked: AccessRequest, _ path: RequestPath, _ exchange: any Exchange,
        refuse: @escaping @Sendable (APIError) -> Void, _ answer: @escaping @Sendable (any Exchange) -> Void
    ) {
        // What lasts as long as somebody looks at it would hold its place for ever.
        if case .resource(let name) = path, APIServer.lasting.contains(name.subresource) { return answer(exchange) }
        registry.flows.enter(asked, work(asked, path)) { entry in
            switch entry {
            case .pass(let pass):
                PassedExchange.of(exchange)?.hold(pass)
                answer(exchange)
            case .refused: refuse(.tooManyRequests)
            }
        }
    }

    /// What a request asks for, as flow schemas see it. A method that has no verb has its own name: a proxy may know it.
    func flow(
        _ identity: Identity, _ path: RequestPath, _ request: HTTPRequest, _ query: RequestQuery
    ) -> AccessRequest {
        do throws(APIError) {
            return try access(identity, path, request, query)
        } catch {
            return AccessRequest(identity, verb: request.method.lowercased(), path: request.path)
        }
    }

    static let lasting: Set<String> = ["attach", "exec", "log", "portforward", "proxy"]

    /// What a request is thought to cost.
    private func work(_ asked: AccessRequest, _ path: RequestPath) -> Work {
        switch (path, asked.verb) {
        case (.resource(let name), "list"), (.resource(let name), "watch"), (.watch(let name), _):
            guard let size = registry.size(of: name) else { return Work() }
            return .list(objects: name.name == nil ? size.objects : 1, averageBytes: size.averageBytes)
        case (.resource(let name), "create"), (.resource(let name), "update"), (.resource(let name), "patch"),
            (.resource(let name), "delete"):
            return .write(watchers: registry.size(of: name)?.watchers ?? 0)
        default: return Work()
        }
    }
}

extension APIError {
    /// Source: RFC 6585 section 4; upstream asks to come again in a second as well.
    static let tooManyRequests: APIError = {
        var error = APIError(
            code: 429, reason: "TooManyRequests",
            message: "the server has more requests of this kind than it serves at once: try again in a second")
        error.retryAfterSeconds = 1
        return error
    }()
}
