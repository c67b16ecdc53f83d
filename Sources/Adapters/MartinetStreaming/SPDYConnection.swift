import MartinetBase
import MartinetSPDY
import MartinetTransport
import Synchronization

/// The server's end of a SPDY/3.1 connection, as Kubernetes' clients speak it: they open streams, and nobody counts
/// windows (moby/spdystream ignores WINDOW_UPDATE), so that a stream that is not read holds back the whole connection.
final class SPDYConnection: Sendable {
    /// Streams at once. Port forwards open two for each connection.
    static let streamsMax = 2000

    /// Nil refuses a new stream; else what comes back runs once the client has been told that it stands. What is
    /// written before would reach the client ahead of the reply, and it would not know the stream.
    typealias Taker = @Sendable (SPDYStream) -> (@Sendable () -> Void)?

    private struct State: ~Copyable {
        var decoder = SPDYDecoder()
        var encoder = SPDYEncoder()
        var streams: [UInt32: SPDYStream] = [:]
        var last: UInt32 = 0
        var pings: UInt32 = 2
        var closing = false
        var onStream: Taker?
        var onGone: (@Sendable () -> Void)?
    }

    private let pipe: any BytePipe
    private let executor: any SerialExecutorPort
    private let state = Mutex(State())

    init(_ pipe: any BytePipe, _ executor: any SerialExecutorPort) {
        self.pipe = pipe
        self.executor = executor
    }

    /// Starts reading. Both are called on the event loop; `onGone` once.
    func start(onStream: @escaping Taker, onGone: @escaping @Sendable () -> Void) {
        state.withLock {
            $0.onStream = onStream
            $0.onGone = onGone
        }
        pipe.onClose { [self] in gone() }
        pipe.start(onBytes: { [self] in received($0) }, onEnd: { [self] in gone() })
    }

    var isWritable: Bool { pipe.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { pipe.onWritable(callback) }
    func setReading(_ reading: Bool) { if reading || !state.withLock({ $0.closing }) { pipe.setReading(reading) } }

    func ping() {
        let id = state.withLock { state in
            state.pings = state.pings >= 0x7FFF_FFFE ? 2 : state.pings + 2
            return state.pings
        }
        send(.ping(id))
    }

    /// Says goodbye after what is queued. The client closes; where it does not, this end does after 5 s. Until then
    /// what it sends is read and dropped: closing over unread bytes would reset the connection and lose the end of the
    /// output.
    func close() {
        let last: UInt32? = state.withLock { state in
            guard !state.closing else { return nil }
            state.closing = true
            state.streams = [:]
            return state.last
        }
        guard let last else { return }
        send(.goAway(lastGood: last, status: 0))
        pipe.setReading(true)
        executor.submit(after: .seconds(5)) { [pipe] in pipe.end() }
    }

    // MARK: For the streams

    func send(_ frame: SPDYFrame) {
        // Only replies have header blocks, and only the event loop sends them: what is encoded in order is sent in
        // order.
        let bytes: [UInt8]? = state.withLock { state in try? state.encoder.encode(frame) }
        if let bytes { pipe.write(bytes) }
    }

    func send(data: [UInt8], on id: UInt32) {
        for start in stride(from: 0, to: data.count, by: 64 << 10) {
            let piece = data[start..<min(start + 64 << 10, data.count)]
            pipe.write(slices: [SPDYEncoder.dataHead(id: id, fin: false, count: piece.count)[...], piece])
        }
    }

    func forget(_ id: UInt32) { _ = state.withLock { $0.streams.removeValue(forKey: id) } }

    // MARK: On the event loop

    private func received(_ bytes: [UInt8]) {
        var frames: [SPDYFrame] = []
        let error: SPDYError? = state.withLock { state in
            guard !state.closing else { return nil }
            var decoded: [SPDYFrame] = []
            defer { frames = decoded }
            do throws(SPDYError) {
                try state.decoder.feed(bytes, &decoded)
                return nil
            } catch { return error }
        }
        for frame in frames { handle(frame) }
        guard error != nil else { return }
        send(.goAway(lastGood: state.withLock { $0.last }, status: 1))
        pipe.end()
        gone()
    }

    private func handle(_ frame: SPDYFrame) {
        switch frame {
        case .synStream(let id, _, _, let fin, let unidirectional, let headers):
            open(id, fin: fin, unidirectional: unidirectional, headers)
        case .data(let id, let fin, let bytes):
            guard let stream = state.withLock({ $0.streams[id] }) else { return }
            stream.received(bytes, fin: fin)
        case .headers(let id, let fin, _), .synReply(let id, let fin, _):
            if fin { state.withLock { $0.streams[id] }?.received([], fin: true) }
        case .reset(let id, _): state.withLock { $0.streams.removeValue(forKey: id) }?.wasReset()
        // Even numbers are answers to ours.
        case .ping(let id): if id % 2 == 1 { send(.ping(id)) }
        case .goAway: break
        case .settings, .windowUpdate: break
        }
    }

    private func open(_ id: UInt32, fin: Bool, unidirectional: Bool, _ headers: SPDYHeaders) {
        enum Next { case take(Taker?, SPDYStream), refuse(UInt32), ignore }
        let next: Next = state.withLock { state in
            guard !state.closing else { return .ignore }
            guard id % 2 == 1, id > state.last else { return .refuse(SPDYFrame.ResetStatus.protocolError) }
            state.last = id
            guard state.streams.count < SPDYConnection.streamsMax else {
                return .refuse(SPDYFrame.ResetStatus.refusedStream)
            }
            let stream = SPDYStream(id: id, headers: headers, connection: self, isReadOnly: unidirectional)
            state.streams[id] = stream
            return .take(state.onStream, stream)
        }
        switch next {
        case .ignore: break
        case .refuse(let status): send(.reset(id: id, status: status))
        case .take(let onStream, let stream):
            guard let standing = onStream?(stream) else {
                forget(id)
                return send(.reset(id: id, status: SPDYFrame.ResetStatus.refusedStream))
            }
            send(.synReply(id: id, fin: false, SPDYHeaders()))
            standing()
            if fin { stream.received([], fin: true) }
        }
    }

    private func gone() {
        let (streams, onGone) = state.withLock { state in
            defer {
                state.closing = true
                state.streams = [:]
                state.onStream = nil
                state.onGone = nil
            }
            return (Array(state.streams.values), state.onGone)
        }
        for stream in streams { stream.wasReset() }
        pipe.end()
        onGone?()
    }
}
