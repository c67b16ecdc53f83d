import MartinetToolPorts

/// One part of a path, percent-encoded, so that no name can name another path.
enum PathPart {
    static func encode(_ text: String) -> String { SessionRequest.encode(text) }
}
