/// Sends one HTTP request and hands back the response as it comes: what a client of registries needs of HTTP.
///
/// Redirects and authentication are not its business. It verifies TLS, bounds the head's size, and throws where the
/// peer cannot be reached or breaks off.
package protocol RegistryTransport: Sendable {
    func send(_ request: RegistryRequest) async throws -> RegistryResponse
}

package struct RegistryRequest: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `open` begins the content anew, so that a request can be sent again; pieces come until nil.
        case stream(length: Int64, open: @Sendable () throws -> RegistryBody)
    }

    package var method: String
    package var url: RegistryURL
    package var headers: [(String, String)]
    package var body: Body

    package init(_ method: String, _ url: RegistryURL, headers: [(String, String)] = [], body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// Content that comes in pieces; nil is its end.
package struct RegistryBody: Sendable {
    package let next: @Sendable () async throws -> [UInt8]?
    package init(_ next: @escaping @Sendable () async throws -> [UInt8]?) { self.next = next }

    /// The whole, as long as it is no more than `limit` bytes.
    package func readAll(limit: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            guard piece.count <= limit - all.count else {
                throw ImageStoreError(.registry, "response: expected at most \(limit) bytes")
            }
            all += piece
        }
        return all
    }
}

package struct RegistryResponse: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: RegistryBody

    package init(status: Int, headers: [(String, String)], body: RegistryBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.0.lowercased() == name.lowercased() }?.1
    }
}

/// An http or https address, in the parts that a request needs.
package struct RegistryURL: Hashable, Sendable, CustomStringConvertible {
    package var isSecure: Bool
    /// Host, and port where it is not the scheme's own.
    package var authority: String
    /// Path and query.
    package var target: String

    package init(isSecure: Bool, authority: String, target: String) {
        self.isSecure = isSecure
        self.authority = authority
        self.target = target
    }

    /// Reads an address; one without scheme or host is relative to `base`. Nil where it is none.
    package init?(_ text: String, relativeTo base: RegistryURL? = nil) {
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        let lower = text.prefix(8).lowercased()
        guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else {
            guard let base, text.hasPrefix("/"), !text.hasPrefix("//") else { return nil }
            self.init(isSecure: base.isSecure, authority: base.authority, target: text)
            return
        }
        let isSecure = lower.hasPrefix("https")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        var authority = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        let target = rest.dropFirst(authority.count).prefix { $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let port = isSecure ? ":443" : ":80"
        if authority.hasSuffix(port) { authority.removeLast(port.count) }
        self.init(
            isSecure: isSecure, authority: authority.lowercased(),
            target: target.hasPrefix("/") ? String(target) : "/\(target)")
    }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(target)" }

    func appending(query name: String, _ value: String) -> RegistryURL {
        var copy = self
        copy.target += (target.contains("?") ? "&" : "?") + name + "=" + RegistryURL.encoded(value)
        return copy
    }

    static func encoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            let plain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if plain || "-._~:/,".utf8.contains(byte) {
                out.append(byte)
            } else {
                out += [37, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
