package import MartinetTransport

/// What the API server passes requests on with.
package struct Forwarding: Sendable {
    /// Shows the API server's certificate to kubelets; nil where no nodes are reached.
    package var nodes: HTTPClient?
    /// For pods, services, and other ports of nodes: trusts anybody, as upstream does, and shows nothing.
    package var others: HTTPClient
    package var aggregator: Aggregator?

    package init(nodes: HTTPClient?, others: HTTPClient, aggregator: Aggregator? = nil) {
        self.nodes = nodes
        self.others = others
        self.aggregator = aggregator
    }
}
