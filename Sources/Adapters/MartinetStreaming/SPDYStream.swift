import MartinetSPDY
import Synchronization

/// One stream of a SPDY connection that the client opened.
final class SPDYStream: Sendable {
    private struct State {
        var remoteDone = false
        var localDone: Bool
        var early: [[UInt8]] = []
        var earlyBytes = 0
        var isHeld = false
        var onData: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable (_ isReset: Bool) -> Void)?
        var ended: Bool?
    }

    /// What may come before somebody takes it; then the connection is held back.
    private static let earlyBytesMax = 256 << 10

    let id: UInt32
    let headers: SPDYHeaders
    private let connection: SPDYConnection
    private let state: Mutex<State>

    init(id: UInt32, headers: SPDYHeaders, connection: SPDYConnection, isReadOnly: Bool) {
        self.id = id
        self.headers = headers
        self.connection = connection
        state = Mutex(State(localDone: isReadOnly))
    }

    /// Delivery begins, with what came before. `onEnd` is called once.
    func start(
        onData: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (_ isReset: Bool) -> Void
    ) {
        let (early, ended) = state.withLock { state in
            defer { state.early = [] }
            state.onData = onData
            if state.ended == nil { state.onEnd = onEnd }
            return (state.early, state.ended)
        }
        for bytes in early { onData(bytes) }
        letGo()
        if let ended { onEnd(ended) }
    }

    func write(_ bytes: [UInt8]) {
        let go = state.withLock { !$0.localDone }
        if go, !bytes.isEmpty { connection.send(data: bytes, on: id) }
    }

    /// Nothing more is written.
    func finish() {
        let (go, isOver) = state.withLock { state in
            defer { state.localDone = true }
            return (!state.localDone, state.remoteDone)
        }
        guard go else { return }
        connection.send(.data(id: id, fin: true, []))
        if isOver { connection.forget(id) }
    }

    func reset() {
        let go = state.withLock { state in
            defer {
                state.localDone = true
                state.remoteDone = true
            }
            return !(state.localDone && state.remoteDone)
        }
        letGo()
        connection.forget(id)
        if go { connection.send(.reset(id: id, status: SPDYFrame.ResetStatus.cancel)) }
    }

    // MARK: For the connection, on the event loop

    func received(_ bytes: [UInt8], fin: Bool) {
        let (onData, isOver) = state.withLock { state in
            guard !state.remoteDone else { return (nil as (@Sendable ([UInt8]) -> Void)?, false) }
            if state.onData == nil, !bytes.isEmpty {
                state.early.append(bytes)
                state.earlyBytes += bytes.count
                if state.earlyBytes > SPDYStream.earlyBytesMax { state.isHeld = true }
            }
            if fin { state.remoteDone = true }
            return (state.onData, fin && state.localDone)
        }
        if !bytes.isEmpty { onData?(bytes) }
        if state.withLock({ $0.isHeld }) { connection.setReading(false) }
        if isOver { connection.forget(id) }
        if fin { end(isReset: false) }
    }

    func wasReset() {
        state.withLock { state in
            state.localDone = true
            state.remoteDone = true
        }
        letGo()
        end(isReset: true)
    }

    private func letGo() {
        let held = state.withLock { state in
            defer {
                state.isHeld = false
                if state.remoteDone { state.early = [] }
            }
            return state.isHeld
        }
        if held { connection.setReading(true) }
    }

    private func end(isReset: Bool) {
        let callback: (@Sendable (Bool) -> Void)? = state.withLock { state in
            guard state.ended == nil else { return nil }
            state.ended = isReset
            defer {
                if state.onEnd != nil { state.onData = { _ in } }
                state.onEnd = nil
            }
            return state.onEnd
        }
        callback?(isReset)
    }
}
