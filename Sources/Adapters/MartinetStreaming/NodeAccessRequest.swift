package import MartinetTransport

/// What somebody who is not the API server asks of a node: a verb, and the subresources of `nodes` of which one is enough.
///
/// Source: `NodeRequestAttributesGetter` of upstream's kubelet, with fine-grained authorization (KEP-2862).
package struct NodeAccessRequest: Sendable, Hashable {
    package let token: String
    package let verb: String
    /// In the order in which they are asked for.
    package let subresources: [String]

    /// Nil for a request without a bearer token.
    package init?(_ request: HTTPRequest) {
        let words = (request.headers["authorization"] ?? "").split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        token = String(words[1])
        switch request.method {
        case "POST": verb = "create"
        case "GET", "HEAD": verb = "get"
        case "PUT": verb = "update"
        case "PATCH": verb = "patch"
        case "DELETE": verb = "delete"
        default: return nil
        }
        // By the first segment as it was written: an escaped one is none of these, and needs the right to everything.
        switch request.path.split(separator: "/").first ?? "" {
        case "stats": subresources = ["stats"]
        case "metrics": subresources = ["metrics"]
        case "logs": subresources = ["log"]
        case "checkpoint": subresources = ["checkpoint"]
        case "pods", "runningpods": subresources = ["pods", "proxy"]
        case "healthz": subresources = ["healthz", "proxy"]
        case "configz": subresources = ["configz", "proxy"]
        default: subresources = ["proxy"]
        }
    }
}

/// Decides about requests to a node that do not come from the API server.
package protocol NodeRequestAuthorizer: Sendable {
    /// `completion` is called once, on any thread.
    func authorize(
        _ request: NodeAccessRequest, _ completion: @escaping @Sendable (KubeletEndpoint.Verdict) -> Void)
}
