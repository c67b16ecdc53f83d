import NIOHTTP2

/// Notices that `NIOHTTP2Handler` gave its connection up: it says so to the peer, with GOAWAY, and not to its neighbours.
final class ConnectionFate: NIOHTTP2FrameDelegate {
    private(set) var isSealed = false

    func wroteFrame(_ frame: HTTP2Frame) {
        if case .goAway(_, let code, _) = frame.payload, code != .noError { isSealed = true }
    }
}
