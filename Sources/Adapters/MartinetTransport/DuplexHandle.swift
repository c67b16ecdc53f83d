import NIOCore
import NIOHTTP2
import Synchronization

/// A stream as others hold it: what they send is gathered here and goes out together, with one hop to the event loop.
final class DuplexHandle: DuplexStream {
    enum Item {
        case head([(String, String)], end: Bool)
        case data([UInt8])
        case finish([(String, String)])
        case reset
    }

    private struct State {
        var items: [Item] = []
        var scheduled = false
        var pending = 0
        var closed = false
    }

    private let connection: NIOLoopBound<DuplexConnection>
    private let state = Mutex(State())
    /// Of the event loop alone, as the connection is.
    let id: NIOLoopBoundBox<HTTP2StreamID?>

    init(connection: DuplexConnection, id: HTTP2StreamID?) {
        self.connection = NIOLoopBound(connection, eventLoop: connection.eventLoop)
        self.id = NIOLoopBoundBox(id, eventLoop: connection.eventLoop)
    }

    /// For a stream that is opened from any thread: its number comes with its head.
    init(connection: NIOLoopBound<DuplexConnection>) {
        self.connection = connection
        id = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: connection.eventLoop)
    }

    func begin(_ status: Int, _ headers: [(String, String)]) {
        put(.head([(":status", String(status))] + headers, end: false), bytes: 0)
    }
    func send(_ bytes: [UInt8]) { put(.data(bytes), bytes: bytes.count) }
    func finish(_ trailers: [(String, String)]) { put(.finish(trailers), bytes: 0) }
    func reset() { put(.reset, bytes: 0) }
    var pendingBytes: Int { state.withLock { $0.pending } }

    func put(_ item: Item, bytes: Int) {
        let wake = state.withLock { state in
            guard !state.closed else { return false }
            state.items.append(item)
            state.pending += bytes
            defer { state.scheduled = true }
            return !state.scheduled
        }
        guard wake else { return }
        connection.eventLoop.execute { [self] in connection.value.drain(self) }
    }

    func take() -> [Item] {
        state.withLock { state in
            state.scheduled = false
            defer { state.items = [] }
            return state.items
        }
    }

    /// The connection has taken so many bytes; true where nothing more is pending.
    func taken(_ bytes: Int) -> Bool {
        state.withLock { state in
            state.pending -= bytes
            return state.pending == 0 && !state.closed
        }
    }

    func close() {
        state.withLock { state in
            state.closed = true
            state.items = []
            state.pending = 0
        }
    }
}
