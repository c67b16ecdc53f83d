import MartinetTransport

/// One member of an `Accept` header: a media range with its parameters and its weight (RFC 9110, section 12.5.1).
struct AcceptClause {
    /// In lower case, such as `application/json` or `*/*`.
    let media: String
    let parameters: [String: String]
    private let quality: Double

    /// What is accepted, the best first: by weight, then what is named before what is a pattern, then as it was written.
    /// A clause whose weight is 0 or no weight accepts nothing. Without a header everything is accepted.
    static func all(_ headers: HTTPHeaderList) -> [AcceptClause] {
        let texts = headers.tokens("accept")
        let clauses = (texts.isEmpty ? ["*/*"] : texts).compactMap(AcceptClause.init)
        return clauses.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.quality != b.quality { return a.quality > b.quality }
            if a.wildcards != b.wildcards { return a.wildcards < b.wildcards }
            return left.offset < right.offset
        }.map(\.element)
    }

    private init?(_ text: String) {
        let parts = text.split(separator: ";").map { $0.trimmingBlanks }
        guard let media = parts.first?.lowercased(), !media.isEmpty else { return nil }
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { parameters[sides[0].lowercased().trimmingBlanks] = sides[1].trimmingBlanks }
        }
        guard let quality = AcceptClause.weight(parameters["q"] ?? "1"), quality > 0 else { return nil }
        (self.media, self.parameters, self.quality) = (media, parameters, quality)
    }

    /// From 0 to 1 in digits; nil for what is no weight.
    static func weight(_ text: String) -> Double? {
        guard text.utf8.count <= 8, text.utf8.allSatisfy({ $0 == 46 || ($0 >= 48 && $0 <= 57) }),
            let number = Double(text), number <= 1
        else { return nil }
        return number
    }

    private var wildcards: Int { media == "*/*" ? 2 : media.hasSuffix("/*") ? 1 : 0 }

    /// Whether an answer of this media type is accepted.
    func matches(_ type: String) -> Bool {
        if media == type || media == "*/*" { return true }
        return media.hasSuffix("/*") && type.hasPrefix(media.dropLast())
    }

    /// Whether the answer may be gzip (RFC 9110, section 12.5.3).
    static func acceptsGzip(_ headers: HTTPHeaderList) -> Bool {
        guard headers["accept-encoding"] != nil else { return false }
        return headers.tokens("accept-encoding").contains { token in
            let parts = token.split(separator: ";").map { $0.trimmingBlanks.lowercased() }
            guard parts.first == "gzip" || parts.first == "*" else { return false }
            guard parts.count > 1 else { return true }
            let weight = parts[1].hasPrefix("q=") ? weight(String(parts[1].dropFirst(2))) : nil
            return weight ?? 0 > 0
        }
    }
}
