package import MartinetClient
package import MartinetSchema
package import MartinetTransport

/// A request that the node of a pod answers: its log, a command in it, its terminal, its ports.
package struct StreamRequest: Sendable {
    package static let subresources: Set<String> = ["log", "exec", "attach", "portforward"]

    package let resource: ResourceName
    package let http: HTTPRequest

    package init(resource: ResourceName, http: HTTPRequest) {
        self.resource = resource
        self.http = http
    }
}

/// Reaches the nodes for what only they can answer.
package protocol NodeStreams: Sendable {
    /// Answers on `exchange`, or calls `refuse` where it cannot even begin to.
    func serve(
        _ request: StreamRequest, pod: Object, _ exchange: any Exchange, refuse: @escaping @Sendable (APIError) -> Void)
}
