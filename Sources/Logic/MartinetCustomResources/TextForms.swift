import MartinetAddresses

/// Addresses as text: IPv4, IPv6, prefixes, hardware addresses.
enum AddressText {
    /// - Parameter isSloppy: accepts leading zeros in the decimal form, as Go did before 1.17.
    static func parse(_ text: some StringProtocol, isSloppy: Bool) -> IPAddress? {
        IPAddress(isSloppy ? withoutLeadingZeros(String(text)) : String(text))
    }

    private static func withoutLeadingZeros(_ text: String) -> String {
        guard text.contains(".") else { return text }
        let quad = text.lastIndex(of: ":").map { text.index(after: $0) } ?? text.startIndex
        let parts = text[quad...].split(separator: ".", omittingEmptySubsequences: false).map { part in
            let digits = part.drop { $0 == "0" }
            return digits.isEmpty && !part.isEmpty ? "0" : digits
        }
        return text[..<quad] + parts.joined(separator: ".")
    }

    /// An address, a slash and the length of its prefix.
    static func isPrefix(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = parse(parts[0], isSloppy: true), (1...3).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let length = Int(parts[1])
        else { return false }
        return IPNetwork(address, prefix: length) != nil
    }

    /// Six, eight or twenty bytes, in pairs behind colons or dashes, or in fours behind dots.
    static func isHardware(_ text: String) -> Bool {
        for (separator, width) in [(":", 2), ("-", 2), (".", 4)] as [(Character, Int)] where text.contains(separator) {
            let parts = text.split(separator: separator, omittingEmptySubsequences: false)
            return [6, 8, 20].contains(parts.count * width / 2)
                && parts.allSatisfy { $0.utf8.count == width && $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
        }
        return false
    }
}

/// URIs as Go's `url.ParseRequestURI` takes them: absolute, or a path from the root.
enum URIText {
    static func isRequestURI(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return false }
        if text == "*" { return true }
        var rest = text[...]
        var hasScheme = false
        if let colon = text.firstIndex(of: ":") {
            let scheme = text[..<colon]
            let isScheme = scheme.utf8.allSatisfy {
                ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || ($0 >= 48 && $0 <= 57) || [43, 45, 46].contains($0)
            }
            if let first = scheme.utf8.first, isScheme {
                if first | 0x20 >= 97, first | 0x20 <= 122 {
                    hasScheme = true
                    rest = text[text.index(after: colon)...]
                }
            } else if colon == text.startIndex {
                return false
            }
        }
        rest = rest.prefix { $0 != "?" }
        guard rest.hasPrefix("/") else { return hasScheme }
        if hasScheme || !rest.hasPrefix("///"), rest.hasPrefix("//") {
            let authority = rest.dropFirst(2).prefix { $0 != "/" }
            guard isAuthority(authority) else { return false }
            rest = rest.dropFirst(2 + authority.count)
        }
        return hasValidEscapes(rest)
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if let at = text.lastIndex(of: "@") { host = text[text.index(after: at)...] }
        if host.hasPrefix("[") {
            guard let end = host.lastIndex(of: "]") else { return false }
            return isPort(host[host.index(after: end)...])
        }
        if let colon = host.lastIndex(of: ":") {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        let forbidden: Set<UInt8> = [32, 34, 35, 60, 62, 92, 94, 96, 123, 124, 125]
        return host.utf8.allSatisfy { !forbidden.contains($0) } && hasValidEscapes(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.first == ":" && text.dropFirst().utf8.allSatisfy { $0 >= 48 && $0 <= 57 })
    }

    private static func hasValidEscapes(_ text: Substring) -> Bool {
        var rest = text
        while let percent = rest.firstIndex(of: "%") {
            let digits = rest[rest.index(after: percent)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return false }
            rest = rest[rest.index(after: percent)...].dropFirst(2)
        }
        return true
    }
}

/// Mail addresses as Go's `mail.ParseAddress` takes them: `local@domain`, or `Name <local@domain>` (RFC 5322).
enum EmailText {
    static func isAddress(_ text: String) -> Bool {
        var text = text[...]
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        if text.last == ">" {
            guard let open = text.lastIndex(of: "<") else { return false }
            guard isPhrase(text[..<open]) else { return false }
            text = text[text.index(after: open)...].dropLast()
        }
        guard let at = text.lastIndex(of: "@") else { return false }
        let local = text[..<at]
        let domain = text[text.index(after: at)...]
        let isQuoted = local.count > 2 && local.first == "\"" && local.last == "\""
        if domain.first == "[", domain.last == "]" {
            return (isQuoted || isDotAtom(local))
                && AddressText.parse(domain.dropFirst().dropLast(), isSloppy: false) != nil
        }
        return (isQuoted || isDotAtom(local)) && isDotAtom(domain)
    }

    private static func isPhrase(_ text: Substring) -> Bool {
        text.split(separator: " ").allSatisfy { word in
            (word.first == "\"" && word.last == "\"" && word.count >= 2) || isDotAtom(word)
        }
    }

    private static func isDotAtom(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.utf8.allSatisfy { byte in
                    byte >= 128 || (byte > 32 && byte < 127 && !"()<>[]:;@\\,\".".utf8.contains(byte))
                }
        }
    }
}
