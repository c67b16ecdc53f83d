import MartinetTransport

/// Agreement on what flows over a SPDY connection (`X-Stream-Protocol-Version`).
enum StreamProtocol {
    static let header = "x-stream-protocol-version"

    /// The first offered that is served; without an offer, none, as the oldest clients do. Nil where nothing fits: the
    /// request has then been answered.
    static func negotiate(
        _ request: HTTPHeaderList, _ served: [String], _ exchange: any Exchange
    ) -> (name: String?, headers: [(String, String)])? {
        let offered = request.tokens(header)
        if offered.isEmpty { return (nil, []) }
        if let name = offered.first(where: served.contains) { return (name, [("X-Stream-Protocol-Version", name)]) }
        let text =
            "unable to upgrade: unable to negotiate protocol: client supports \(offered), server accepts \(served)\n"
        let accepted = served.map { ("X-Accepted-Stream-Protocol-Versions", $0) }
        exchange.respond(403, accepted + [("content-type", "text/plain; charset=utf-8")], .bytes(Array(text.utf8)))
        return nil
    }
}
