/// Answers requests. Called on an event loop: it must not block, and may answer at once or later from any thread.
package protocol RequestHandler: Sendable {
    func handle(_ request: HTTPRequest, _ exchange: any Exchange)
}

/// A handler made of a function.
package struct FunctionHandler: RequestHandler {
    private let body: @Sendable (HTTPRequest, any Exchange) -> Void
    package init(_ body: @escaping @Sendable (HTTPRequest, any Exchange) -> Void) { self.body = body }
    package func handle(_ request: HTTPRequest, _ exchange: any Exchange) { body(request, exchange) }
}
