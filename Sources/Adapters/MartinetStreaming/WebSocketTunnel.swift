import MartinetTransport
import Synchronization

/// The bytes of another protocol inside of a WebSocket's binary messages, whose borders mean nothing (KEP-4006).
final class WebSocketTunnel: BytePipe {
    private struct State {
        var onClose: (@Sendable () -> Void)?
        var onEnd: (@Sendable () -> Void)?
        var ended = false
        var done = false
    }

    private let socket: any WebSocketConnection
    private let state = Mutex(State())

    init(_ socket: any WebSocketConnection) { self.socket = socket }

    func start(onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable () -> Void) {
        state.withLock { $0.onEnd = onEnd }
        socket.start(
            onMessage: { [self] message in
                switch message {
                case .binary(let bytes): if !bytes.isEmpty { onBytes(bytes) }
                case .text: socket.close(code: 1003, reason: "a tunnel takes binary messages alone")
                }
            },
            onClose: { [self] _, _ in ended() })
    }

    func setReading(_ reading: Bool) { socket.setReading(reading) }
    func write(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || socket.send(.binary(bytes)) }
    func write(slices: [ArraySlice<UInt8>]) -> Bool { write(Array(slices.joined())) }
    var pending: Int { socket.pending }
    var isWritable: Bool { socket.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { socket.onWritable(callback) }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        let ended = state.withLock { state in
            if !state.ended { state.onClose = callback }
            return state.ended
        }
        if ended { callback() }
    }

    func end() {
        state.withLock { $0.done = true }
        socket.close(code: 1000, reason: "")
    }

    func abort() { socket.close(code: 1011, reason: "the tunnel broke") }

    private func ended() {
        let (onEnd, onClose) = state.withLock { state in
            defer {
                state.ended = true
                state.onEnd = nil
                state.onClose = nil
            }
            return (state.onEnd, state.done ? nil : state.onClose)
        }
        onEnd?()
        onClose?()
    }
}
