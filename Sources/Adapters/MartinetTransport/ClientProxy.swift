/// A proxy that opens tunnels (`HTTPS_PROXY`).
package struct ClientProxy: Sendable, Hashable {
    package let host: String
    package let port: Int
    /// What it wants in `Proxy-Authorization`.
    package let authorization: String?

    package init(host: String, port: Int, authorization: String? = nil) {
        self.host = host
        self.port = port
        self.authorization = authorization
    }
}
