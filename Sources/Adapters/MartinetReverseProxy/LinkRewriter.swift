/// Gives what an answer links to the path under which the client sees it.
///
/// Source: `Transport` of upstream's `apimachinery/pkg/util/proxy`.
struct LinkRewriter: Sendable {
    let scheme: String
    let host: String
    let prefix: String
    /// Where the answer comes from.
    let source: String
    /// What the client asked for in its host field.
    let requested: String

    /// A link as the client must follow it; nil where it stays as it is.
    func rewrite(_ link: String) -> String? {
        let parts = LinkParts(link)
        let isElsewhere = !parts.host.isEmpty && parts.host != source && parts.host != requested
        guard !isElsewhere, parts.path.hasPrefix("/") else { return nil }
        var result = parts
        if !(parts.host == requested && scheme.isEmpty && host.isEmpty) {
            (result.scheme, result.host) = (scheme, host)
        }
        if !parts.path.hasPrefix(prefix) { result.path = prefix + parts.path }
        let text = result.text
        return text == link ? nil : text
    }
}

/// A url in its parts; whatever it is, together they are the same text again.
private struct LinkParts {
    var scheme = ""
    var host = ""
    var path: String
    let tail: String

    init(_ link: String) {
        var rest = Substring(link)
        if let colon = rest.firstIndex(where: { ":/?#".contains($0) }), rest[colon] == ":",
            rest.first?.isLetter == true
        {
            scheme = String(rest[..<colon])
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
            host = String(rest[..<end])
            rest = rest[end...]
        }
        let end = rest.firstIndex { $0 == "?" || $0 == "#" } ?? rest.endIndex
        path = String(rest[..<end])
        tail = String(rest[end...])
    }

    var text: String {
        (scheme.isEmpty ? "" : "\(scheme):") + (host.isEmpty ? "" : "//\(host)") + path + tail
    }
}
