package import MartinetCEL

/// A URL in its parts, as Go's net/url reads one.
final class CELURL: CELOpaque {
    static let name = "kubernetes.URL"
    static let type = CELType.opaque(name, [])

    let scheme: String
    /// Without escapes, with the port.
    let host: String
    let escapedPath: String
    let query: String
    private let source: String

    var type: CELType { CELURL.type }
    func isEqual(to other: any CELOpaque) -> Bool { (other as? CELURL)?.source == source }

    /// Nil where the text is neither an absolute URL nor an absolute path.
    init?(_ text: String) {
        source = text
        var rest = Array(text.utf8)[...]
        guard !rest.isEmpty, !rest.contains(where: { $0 < 32 || $0 == 127 }) else { return nil }
        guard let (scheme, after) = CELURL.scheme(rest) else { return nil }
        self.scheme = scheme
        rest = after
        if let mark = rest.firstIndex(of: 35) {
            guard CELURL.unescape(rest[(mark + 1)...]) != nil else { return nil }
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: 63) {
            query = String(decoding: rest[(mark + 1)...], as: UTF8.self)
            rest = rest[..<mark]
        } else {
            query = ""
        }
        guard rest.first == 47 else {
            // `mailto:x` is opaque; a relative reference is refused.
            guard !scheme.isEmpty else { return nil }
            host = ""
            escapedPath = ""
            return
        }
        var authority: ArraySlice<UInt8> = []
        if !scheme.isEmpty, rest.starts(with: [47, 47]) {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: 47) ?? rest.endIndex
            authority = rest[..<end]
            rest = rest[end...]
        }
        guard let host = CELURL.host(authority), let path = CELURL.unescape(rest) else { return nil }
        self.host = host
        let isValid = rest.allSatisfy { $0 == 37 || $0 == 91 || $0 == 93 || CELURL.isAllowedInPath($0) }
        escapedPath = isValid ? String(decoding: rest, as: UTF8.self) : CELURL.escape(path)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 32 >= 97 && byte | 32 <= 122 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private static func scheme(_ text: ArraySlice<UInt8>) -> (String, ArraySlice<UInt8>)? {
        for (index, byte) in text.enumerated() {
            if isLetter(byte) { continue }
            if isDigit(byte) || byte == 43 || byte == 45 || byte == 46 {
                if index == 0 { return ("", text) }
            } else if byte == 58 {
                guard index > 0 else { return nil }
                let name = String(decoding: text.prefix(index), as: UTF8.self).lowercasedInASCII
                return (name, text.dropFirst(index + 1))
            } else {
                return ("", text)
            }
        }
        return ("", text)
    }

    private static func host(_ authority: ArraySlice<UInt8>) -> String? {
        var host = authority
        if let at = authority.lastIndex(of: 64) {
            let allowed = Array("-._:~!$&'()*+,;=%@".utf8)
            guard authority[..<at].allSatisfy({ isLetter($0) || isDigit($0) || allowed.contains($0) }),
                unescape(authority[..<at]) != nil
            else { return nil }
            host = authority[(at + 1)...]
        }
        if host.first == 91 {
            guard let end = host.lastIndex(of: 93), isPort(host[(end + 1)...]) else { return nil }
        } else if let colon = host.lastIndex(of: 58) {
            guard isPort(host[colon...]) else { return nil }
        }
        let refused = Array(" \"<>\\^`{}|".utf8)
        guard !host.contains(where: refused.contains) else { return nil }
        // Escapes in a host stand for bytes that are no ASCII.
        guard let plain = unescape(host) else { return nil }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
        text.isEmpty || (text.first == 58 && text.dropFirst().allSatisfy(isDigit))
    }

    private static func unescape(_ text: ArraySlice<UInt8>, plusIsBlank: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 37 {
                guard index + 2 < text.endIndex,
                    let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16),
                    text[index + 1] != 43
                else { return nil }
                result.append(value)
                index += 3
            } else {
                result.append(plusIsBlank && text[index] == 43 ? 32 : text[index])
                index += 1
            }
        }
        return result
    }

    private static func isAllowedInPath(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || Array("-_.~$&+,/:;=@!'()*".utf8).contains(byte)
    }

    private static func escape(_ path: [UInt8]) -> String {
        var result: [UInt8] = []
        for byte in path {
            if isLetter(byte) || isDigit(byte) || Array("-_.~$&+,/:;=@".utf8).contains(byte) {
                result.append(byte)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += Array(("%" + (digits.utf8.count == 1 ? "0" : "") + digits).utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    var hostname: String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        guard let colon = host.lastIndex(of: ":") else { return host }
        return String(host[..<colon])
    }

    var port: String {
        let tail = host.hasPrefix("[") ? host[(host.lastIndex(of: "]") ?? host.startIndex)...] : host[...]
        guard let colon = tail.lastIndex(of: ":") else { return "" }
        return String(tail[tail.index(after: colon)...])
    }

    var queryValues: CELValue {
        var names: [String] = []
        var values: [String: [CELValue]] = [:]
        for part in query.utf8.split(separator: 38, omittingEmptySubsequences: true) {
            let part = Array(part)
            guard !part.contains(59) else { continue }
            let mark = part.firstIndex(of: 61) ?? part.count
            guard let key = CELURL.unescape(part[..<mark], plusIsBlank: true),
                let value = CELURL.unescape(part[min(mark + 1, part.count)...], plusIsBlank: true)
            else { continue }
            let name = String(decoding: key, as: UTF8.self)
            if values[name] == nil { names.append(name) }
            values[name, default: []].append(.string(String(decoding: value, as: UTF8.self)))
        }
        var builder = CELDictionaryBuilder()
        for name in names { _ = builder.insert(.string(name), .list(values[name] ?? [])) }
        return .map(CELDictionary(builder))
    }
}

extension CELEnvironment {
    /// URLs. Source: apiserver's cel/library/urls.go.
    package mutating func addURLs() {
        declare(type: CELURL.type, as: CELURL.name)
        let parse: CELUnaryFunction = {
            guard case .string(let text) = $0 else { return .noSuchOverload("url") }
            return CELURL(text).map { .opaque($0) } ?? .failure("URL parse error during conversion from string")
        }
        add("url", [CELOverload("string_to_url", [.string], CELURL.type, .unary(parse))])
        add(
            "isURL",
            [
                CELOverload(
                    "is_url_string", [.string], .bool,
                    .unary {
                        guard case .string(let text) = $0 else { return .noSuchOverload("isURL") }
                        return .bool(CELURL(text) != nil)
                    })
            ])
        let parts: [(String, String, @Sendable (CELURL) -> CELValue)] = [
            ("getScheme", "url_get_scheme", { .string($0.scheme) }), ("getHost", "url_get_host", { .string($0.host) }),
            ("getHostname", "url_get_hostname", { .string($0.hostname) }),
            ("getPort", "url_get_port", { .string($0.port) }),
            ("getEscapedPath", "url_get_escaped_path", { .string($0.escapedPath) }),
            ("getQuery", "url_get_query", { $0.queryValues }),
        ]
        for (name, id, part) in parts {
            let result: CELType = name == "getQuery" ? .map(.string, .list(.string)) : .string
            add(
                name,
                [
                    CELOverload(
                        id, isMember: true, [CELURL.type], result,
                        .unary {
                            guard case .opaque(let value as CELURL) = $0 else { return .noSuchOverload(name) }
                            return part(value)
                        })
                ])
        }
    }
}
