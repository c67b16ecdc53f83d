/// Answers requests. Called on an event loop: it must not block, and may answer at once or later from any thread.
package protocol RequestHandler: Sendable {
    func handle(_ request: HTTPRequest, _ exchange: any Exchange)

    /// Whether a request that has a body is to be handled before that body is there. Asked on the event loop, of requests
    /// with bodies alone; no limit holds for the body then.
    func takesStream(_ request: HTTPRequest) -> Bool
}

extension RequestHandler {
    package func takesStream(_ request: HTTPRequest) -> Bool { false }
}

/// A handler made of a function.
package struct FunctionHandler: RequestHandler {
    private let body: @Sendable (HTTPRequest, any Exchange) -> Void
    package init(_ body: @escaping @Sendable (HTTPRequest, any Exchange) -> Void) { self.body = body }
    package func handle(_ request: HTTPRequest, _ exchange: any Exchange) { body(request, exchange) }
}
