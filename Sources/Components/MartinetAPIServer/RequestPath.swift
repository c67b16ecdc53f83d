import MartinetClient

/// What the path of a request leads to.
enum RequestPath: Equatable {
    case resource(ResourceName)
    /// `/api/V/watch/…` and `/apis/G/V/watch/…`: how a watch was asked for before there was a parameter for it.
    case watch(ResourceName)
    /// Everything that is no resource: discovery, OpenAPI, health, version. Decoded, without a slash at its end.
    case other(String)

    /// Nil where the path is not validly encoded.
    init?(_ path: String) {
        guard let decoded = RequestPath.segments(path),
            decoded.prefix(ProxyPath.ownSegments(decoded)).allSatisfy(RequestPath.isSegment)
        else { return nil }
        var segments = decoded
        // The word comes behind the version, and something must come behind it.
        let word = decoded.first == "apis" ? 3 : 2
        let isWatch = decoded.count > word + 1 && decoded[word] == "watch" && decoded[0].hasPrefix("api")
        if isWatch { segments.remove(at: word) }
        guard let name = RequestPath.resource(segments) else {
            self = .other("/" + decoded.joined(separator: "/"))
            return
        }
        self = isWatch ? .watch(name) : .resource(name)
    }

    /// Whether a segment can be part of a key and of a message: no object is called so, and none is to be found so.
    private static func isSegment(_ text: String) -> Bool {
        text != "." && text != ".." && !text.utf8.contains { $0 == 47 || $0 < 32 || $0 == 127 }
    }

    /// The decoded segments of a path; empty ones are dropped.
    static func segments(_ path: String) -> [String]? {
        var segments: [String] = []
        // By bytes: splitting by characters costs more than answering.
        for segment in path.utf8.split(separator: 47) {
            guard let decoded = percentDecoded(Substring(segment), plusIsSpace: false) else { return nil }
            segments.append(decoded)
        }
        return segments
    }

    /// `/api/V/…` and `/apis/G/V/…` with at least a plural behind them.
    private static func resource(_ segments: [String]) -> ResourceName? {
        var rest = segments[...]
        var name: ResourceName
        switch rest.first {
        case "api":
            guard rest.count > 2 else { return nil }
            name = ResourceName(version: rest[1], plural: "")
            rest = rest.dropFirst(2)
        case "apis":
            guard rest.count > 3 else { return nil }
            name = ResourceName(group: rest[1], version: rest[2], plural: "")
            rest = rest.dropFirst(3)
        default: return nil
        }
        // `namespaces/NAME/PLURAL`, but `namespaces/NAME` and its own subresources are about the namespace.
        if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
            name.namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        let parts = Array(rest)
        name.plural = parts[0]
        if parts.count > 1 { name.name = parts[1] }
        if parts.count > 2 { name.subresource = parts[2] }
        // A proxy takes the rest of the path itself; nothing else is that deep.
        return parts.count > 3 && name.subresource != "proxy" ? nil : name
    }
}

/// Decodes `%XX`, and `+` as a blank in queries (RFC 3986, section 2.1). Nil where an escape is broken or the result is no
/// UTF-8.
func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
    guard text.utf8.contains(where: { $0 == 37 || (plusIsSpace && $0 == 43) }) else { return String(text) }
    var out: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
        if byte == 37 {
            guard let high = bytes.popFirst().flatMap(hexValue), let low = bytes.popFirst().flatMap(hexValue) else {
                return nil
            }
            out.append(high << 4 | low)
        } else {
            out.append(byte == 43 && plusIsSpace ? 32 : byte)
        }
    }
    return String(validating: out, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}
