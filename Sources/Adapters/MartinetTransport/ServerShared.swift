import MartinetBase

/// What every connection of a server reads; it does not change while the server runs.
struct ServerShared: Sendable {
    let handler: any RequestHandler
    let limits: ServerLimits
    let log: Log
    let limitExceeded: @Sendable (LimitViolation) -> (headers: [(String, String)], body: ResponseBody)?

    /// The answer to a request that broke a limit.
    func answer(_ violation: LimitViolation) -> (headers: [(String, String)], body: ResponseBody) {
        if let own = limitExceeded(violation) { return own }
        let text =
            switch violation {
            case .headersTooLarge: "the request's headers are larger than \(limits.headerBytes) bytes\n"
            case .bodyTooLarge: "the request's body is larger than \(limits.bodyBytes) bytes\n"
            case .bodyTimeout: "the request's body did not arrive in time\n"
            }
        return ([("content-type", "text/plain; charset=utf-8")], .bytes(Array(text.utf8)))
    }
}

/// A connection that can be asked to end in good order.
protocol DrainableConnection: AnyObject {
    /// On the event loop: takes no further request, and closes when those in flight are answered.
    func drain()
}
