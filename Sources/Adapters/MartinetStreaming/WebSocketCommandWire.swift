import MartinetTransport
import Synchronization

/// Exec and attach over WebSocket: channel 0 is the input, 1 and 2 the outputs, 3 the status, 4 the terminal's size,
/// and 255, in v5, half-closes the channel it names (KEP-4006).
final class WebSocketCommandWire: CommandWire {
    private let socket: any WebSocketConnection
    private let codec: ChannelCodec
    private let version: Int
    private let sizes = Mutex(TerminalSizes())
    private let finished = Mutex(false)

    /// `streams` says which channel is told, by an empty message, that the connection stands.
    init(_ socket: any WebSocketConnection, _ streams: StandardStreams) {
        self.socket = socket
        codec = ChannelCodec(subprotocol: socket.subprotocol)
        let name = socket.subprotocol ?? ""
        version = name.hasPrefix("v5.") ? 5 : name.hasPrefix("v4.") ? 4 : 1
        send(streams.output ? 1 : streams.errors ? 2 : 3, [])
    }

    func start(_ onInput: @escaping @Sendable (CommandInput) -> Void) {
        socket.start(
            onMessage: { [self] in received($0, onInput) },
            onClose: { _, _ in onInput(.gone) })
    }

    private func received(_ message: WebSocketMessage, _ onInput: @Sendable (CommandInput) -> Void) {
        guard !finished.withLock({ $0 }) else { return }
        let bytes =
            switch message {
            case .binary(let bytes): bytes
            case .text(let text): Array(text.utf8)
            }
        guard !bytes.isEmpty else { return }
        if version == 5, bytes[0] == 255 {
            guard bytes.count == 2, bytes[1] <= 4 else {
                return socket.close(code: 1002, reason: "a close signal names no channel")
            }
            if bytes[1] == 0 { onInput(.inputClosed) }
            return
        }
        guard let (channel, payload) = codec.decode(bytes) else {
            return socket.close(code: 1007, reason: "a message is no base64")
        }
        switch channel {
        case 0: onInput(.bytes(payload))
        case 4:
            for size in sizes.withLock({ $0.feed(payload) }) {
                onInput(.resize(width: size.width, height: size.height))
            }
        // Other channels are ours to write, or unknown: passed over, as upstream does.
        default: break
        }
    }

    func write(_ output: ContainerOutput, _ bytes: [UInt8]) {
        guard bytes.count > 64 << 10 else { return send(output.rawValue, bytes) }
        for start in stride(from: 0, to: bytes.count, by: 64 << 10) {
            send(output.rawValue, bytes[start..<min(start + 64 << 10, bytes.count)])
        }
    }

    func finish(_ status: CommandStatus) {
        if version >= 4 {
            send(3, status.json)
        } else if !status.isSuccess {
            send(3, Array(status.text.utf8))
        }
        finished.withLock { $0 = true }
        // What the client still sends is read and dropped: closing over unread bytes would reset the connection, and
        // the client would lose the end of the output.
        socket.setReading(true)
        socket.close(code: 1000, reason: "")
    }

    var isWritable: Bool { socket.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { socket.onWritable(callback) }
    func setReading(_ reading: Bool) { if reading || !finished.withLock({ $0 }) { socket.setReading(reading) } }
    func ping() { socket.ping([]) }

    private func send(_ channel: UInt8, _ bytes: some Collection<UInt8>) {
        switch codec.encode(channel, bytes) {
        case .text(let text): socket.send(.text(text))
        case .binary(let bytes): socket.send(.binary(bytes))
        }
    }
}
