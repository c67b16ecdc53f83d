/// Which proxy leads to a host: `HTTPS_PROXY` and `NO_PROXY`, in either case, as curl and Go read them.
package struct ProxySettings: Sendable, Equatable {
    package struct Proxy: Sendable, Equatable {
        package var host: String
        package var port: Int
        package var credentials: RegistryCredentials?
    }

    private let proxy: Proxy?
    private let direct: [String]

    /// - Throws: the words that name the variable, where it is no address.
    package init(environment: [String: String]) throws(ProxySettingsError) {
        func value(_ name: String) -> String? {
            [name, name.lowercased()].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        direct = (value("NO_PROXY") ?? "").lowercased().split { $0 == "," || $0 == " " }.map(String.init)
        guard let text = value("HTTPS_PROXY") else {
            proxy = nil
            return
        }
        guard let found = ProxySettings.read(text) else {
            throw ProxySettingsError(message: "HTTPS_PROXY: expected http://[user:password@]host[:port]")
        }
        proxy = found
    }

    /// Nil where the host is reached directly. The machine itself always is.
    package func proxy(for host: String, port: Int) -> Proxy? {
        let host = host.lowercased()
        guard let proxy, host != "localhost", !host.hasPrefix("127."), host != "::1" else { return nil }
        for entry in direct {
            if entry == "*" || entry == host || entry == "\(host):\(port)" { return nil }
            let suffix = entry.hasPrefix(".") ? entry : "." + entry
            if host.hasSuffix(suffix) { return nil }
        }
        return proxy
    }

    private static func read(_ text: String) -> Proxy? {
        var rest = text[...]
        if let end = rest.range(of: "://") {
            guard rest[..<end.lowerBound].lowercased() == "http" else { return nil }
            rest = rest[end.upperBound...]
        }
        rest = rest.prefix { $0 != "/" }
        var credentials: RegistryCredentials?
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            credentials = RegistryCredentials(
                user: String(parts[0]), secret: parts.count == 2 ? String(parts[1]) : "")
            rest = rest[rest.index(after: at)...]
        }
        var port = 80
        if !rest.hasSuffix("]"), let colon = rest.lastIndex(of: ":") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65535).contains(number) else { return nil }
            port = number
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { return nil }
        return Proxy(host: String(rest), port: port, credentials: credentials)
    }
}

package struct ProxySettingsError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        guard let first = text.first else { return nil }
        var at = startIndex
        while let found = self[at...].firstIndex(of: first) {
            if self[found...].hasPrefix(text) { return found..<index(found, offsetBy: text.count) }
            at = index(after: found)
        }
        return nil
    }
}
