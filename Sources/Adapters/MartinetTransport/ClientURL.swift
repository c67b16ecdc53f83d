/// Where a request goes: `http` or `https`, host, port, and the target as it is sent.
struct ClientURL: Sendable, Hashable {
    let isTLS: Bool
    /// Without brackets where it is an IPv6 address.
    let host: String
    let port: Int
    /// Path and query, percent-encoded, beginning with `/`.
    let target: String

    /// The host field: with the port where it is not the scheme's own.
    var authority: String {
        let name = host.utf8.contains(58) ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    init(_ text: String) throws(TransportError) {
        func malformed(_ what: String) -> TransportError {
            TransportError(.invalid, "the url \(text.debugDescription) \(what)")
        }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw malformed("holds a byte that must be encoded")
        }
        var rest = Substring(text)
        if rest.hasPrefix("https://") {
            isTLS = true
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            isTLS = false
            rest = rest.dropFirst(7)
        } else {
            throw malformed("begins with neither http:// nor https://")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let place = rest[..<end]
        let tail = rest[end...].prefix { $0 != "#" }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
        guard !place.contains("@") else { throw malformed("carries a user, which is not sent") }
        var name = place
        var number: Substring?
        if place.hasPrefix("[") {
            guard let close = place.firstIndex(of: "]") else { throw malformed("has an unclosed address") }
            name = place[place.index(after: place.startIndex)..<close]
            let after = place[place.index(after: close)...]
            if after.hasPrefix(":") {
                number = after.dropFirst()
            } else if !after.isEmpty {
                throw malformed("has no port")
            }
        } else if let colon = place.firstIndex(of: ":") {
            name = place[..<colon]
            number = place[place.index(after: colon)...]
        }
        guard !name.isEmpty else { throw malformed("has no host") }
        host = String(name)
        guard let number else {
            port = isTLS ? 443 : 80
            return
        }
        guard let parsed = UInt16(number), parsed > 0 else { throw malformed("has no valid port") }
        port = Int(parsed)
    }
}
