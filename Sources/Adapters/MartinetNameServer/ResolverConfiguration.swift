package import MartinetAddresses

/// What of resolv.conf(5) a forwarder needs.
package struct ResolverConfiguration: Hashable, Sendable {
    package var servers: [IPAddress]
    package var search: [String]

    /// Reads the file's text; lines that are something else are passed over, as the C library does.
    package init(_ text: String) {
        servers = []
        search = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split { $0 == " " || $0 == "\t" }
            switch words.first {
            case "nameserver":
                // A zone after an IPv6 address is for link-local servers, which are not reached from here.
                guard words.count > 1, let address = IPAddress(words[1]), servers.count < 8 else { continue }
                servers.append(address)
            case "search", "domain": search = words.dropFirst().prefix(32).map(String.init)
            default: break
            }
        }
    }
}
