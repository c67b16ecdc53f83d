import MartinetTransport
import Synchronization

/// Port forwards over WebSocket channels: for the n-th port of the query, 2n carries data and 2n+1 errors, and both
/// begin with the port in two bytes, the low one first. One connection for each port, and no half close.
final class ChannelPortForward: Sendable {
    private let streams: any ContainerStreams
    private let target: ContainerTarget
    private let ports: [UInt16]
    private let socket: any WebSocketConnection
    private let codec: ChannelCodec
    private let keepAlive: KeepAlive
    /// What came before the pod's side was connected is held here: reading starts when all of them are.
    private let state: Mutex<(pipes: [(any ContainerPipe)?], waiting: Int, over: Bool)>

    init(
        _ streams: any ContainerStreams, _ target: ContainerTarget, _ ports: [UInt16],
        _ socket: any WebSocketConnection, _ keepAlive: KeepAlive
    ) {
        self.streams = streams
        self.target = target
        self.ports = ports
        self.socket = socket
        self.keepAlive = keepAlive
        codec = ChannelCodec(subprotocol: socket.subprotocol)
        state = Mutex((Array(repeating: nil, count: ports.count), ports.count, false))
    }

    func start() {
        for (index, port) in ports.enumerated() {
            let prefix = [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)]
            send(index * 2, prefix)
            send(index * 2 + 1, prefix)
        }
        socket.onWritable { [weak self] in self?.resume() }
        keepAlive.start { [weak socket] in
            socket?.ping([])
            return socket != nil
        }
        for (index, port) in ports.enumerated() {
            streams.portForward(namespace: target.namespace, pod: target.pod, port: port) { [self] result in
                connected(index, result)
            }
        }
    }

    private func connected(_ index: Int, _ result: Result<any ContainerPipe, StreamRefusal>) {
        var pipe: (any ContainerPipe)?
        switch result {
        case .success(let opened): pipe = opened
        case .failure(let refusal): tell(index, refusal.message)
        }
        let isLast = state.withLock { state in
            state.pipes[index] = pipe
            state.waiting -= 1
            return state.waiting == 0
        }
        guard isLast else { return }
        socket.start(onMessage: { self.received($0) }, onClose: { _, _ in self.gone() })
        for (index, pipe) in state.withLock({ $0.pipes }).enumerated() { if let pipe { begin(index, pipe) } }
    }

    private func begin(_ index: Int, _ pipe: any ContainerPipe) {
        pipe.onWritable { [socket] in socket.setReading(true) }
        pipe.start(
            onBytes: { [self] bytes in
                for start in stride(from: 0, to: bytes.count, by: 64 << 10) {
                    send(index * 2, bytes[start..<min(start + 64 << 10, bytes.count)])
                }
                guard !socket.isWritable else { return }
                pipe.setReading(false)
                if socket.isWritable { pipe.setReading(true) }
            },
            onEnd: { [self] message in
                if let message { tell(index, message) }
                let isOver = state.withLock { state in
                    state.pipes[index] = nil
                    return state.pipes.allSatisfy { $0 == nil }
                }
                socket.setReading(true)
                if isOver { socket.close(code: 1000, reason: "") }
            })
    }

    private func received(_ message: WebSocketMessage) {
        let bytes =
            switch message {
            case .binary(let bytes): bytes
            case .text(let text): Array(text.utf8)
            }
        guard let (channel, payload) = codec.decode(bytes), channel % 2 == 0, Int(channel / 2) < ports.count,
            let pipe = state.withLock({ $0.pipes[Int(channel / 2)] })
        else { return }
        pipe.write(payload)
        guard !pipe.isWritable else { return }
        socket.setReading(false)
        if pipe.isWritable { socket.setReading(true) }
    }

    private func resume() { for pipe in state.withLock({ $0.pipes }) { pipe?.setReading(true) } }

    private func gone() {
        keepAlive.stop()
        let pipes = state.withLock { state in
            defer {
                state.over = true
                state.pipes = Array(repeating: nil, count: ports.count)
            }
            return state.pipes
        }
        for pipe in pipes { pipe?.close() }
    }

    private func tell(_ index: Int, _ message: String) {
        send(
            index * 2 + 1,
            Array("error forwarding port \(ports[index]) to pod \(target.pod): \(message)".utf8))
    }

    private func send(_ channel: Int, _ bytes: some Collection<UInt8>) {
        switch codec.encode(UInt8(truncatingIfNeeded: channel), bytes) {
        case .text(let text): socket.send(.text(text))
        case .binary(let bytes): socket.send(.binary(bytes))
        }
    }
}
