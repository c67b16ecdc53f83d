import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetDocuments
import MartinetReverseProxy
package import MartinetTransport

// What the API server does not answer itself.
extension APIServer {
    /// Passes a request on where it belongs elsewhere and its sender may make it; false where it is for this server.
    func passOn(
        _ path: RequestPath, _ request: HTTPRequest, _ query: RequestQuery, _ identity: Identity,
        _ exchange: any Exchange
    ) throws(APIError) -> Bool {
        if case .resource(let name) = path, name.subresource == "proxy", ProxySubresource.isProxy(name) {
            if let refusal = registry.authorizer.refusal(ProxySubresource.access(identity, name, request.method)) {
                throw refusal
            }
            guard let forwarding else {
                throw APIError(
                    code: 501, reason: "NotImplemented", message: "this server passes nothing on: proxy is not served")
            }
            let proxy = ProxySubresource(registry: registry, forwarding: forwarding)
            try proxy.serve(name, request, identity, exchange) { [self] error in
                fail(error, request, Representation(), exchange)
            }
            return true
        }
        if let aggregator = forwarding?.aggregator, aggregator.isNeeded,
            let remote = aggregator.remote(for: request.path)
        {
            if let refusal = registry.authorizer.refusal(try access(identity, path, request, query)) { throw refusal }
            aggregator.serve(request, exchange, to: remote, as: identity)
            return true
        }
        // Its route was taken away in the very moment: what it sends is nowhere.
        guard request.stream == nil else {
            throw APIError(code: 503, reason: "ServiceUnavailable", message: "service unavailable")
        }
        return false
    }

    package func takesStream(_ request: HTTPRequest) -> Bool {
        guard let forwarding else { return false }
        let isForeign =
            ProxyPath.isLikely(request.path) || forwarding.aggregator?.remote(for: request.path) != nil
        return isForeign && ReverseProxy.takesStream(request)
    }
}
