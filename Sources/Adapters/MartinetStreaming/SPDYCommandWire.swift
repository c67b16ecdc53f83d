import MartinetBase
import MartinetSPDY
import MartinetTransport
import Synchronization

/// Exec and attach over SPDY/3.1: a stream for each of error, stdin, stdout, stderr and, from v3 on, resize, named by
/// the header `streamType`.
final class SPDYCommandWire: CommandWire {
    private struct State {
        var streams: [String: SPDYStream] = [:]
        var ready: (@Sendable (SPDYCommandWire) -> Void)?
        var onInput: (@Sendable (CommandInput) -> Void)?
        var gone = false
        var sizes = TerminalSizes()
    }

    private let connection: SPDYConnection
    private let version: Int
    private let wanted: Set<String>
    private let state: Mutex<State>

    /// Calls back once all the streams that the request asks for are there; not at all where they do not come within 30
    /// s or the client goes.
    static func open(
        _ pipe: any BytePipe, _ streams: StandardStreams, _ name: String?, _ executor: any SerialExecutorPort,
        _ ready: @escaping @Sendable (SPDYCommandWire) -> Void
    ) {
        let wire = SPDYCommandWire(SPDYConnection(pipe, executor), streams, name, ready)
        let timer = executor.submit(after: .seconds(30)) { [weak wire] in wire?.expire() }
        wire.connection.start(
            onStream: { wire.take($0, timer) },
            onGone: {
                timer.cancel()
                wire.gone()
            })
    }

    private init(
        _ connection: SPDYConnection, _ streams: StandardStreams, _ name: String?,
        _ ready: @escaping @Sendable (SPDYCommandWire) -> Void
    ) {
        self.connection = connection
        version = name?.hasPrefix("v") == true ? name?.utf8.dropFirst().first.map { Int($0) - 48 } ?? 1 : 1
        var wanted: Set<String> = ["error"]
        if streams.input { wanted.insert("stdin") }
        if streams.output { wanted.insert("stdout") }
        if streams.errors { wanted.insert("stderr") }
        if streams.tty, version >= 3 { wanted.insert("resize") }
        self.wanted = wanted
        state = Mutex(State(ready: ready))
    }

    private func take(_ stream: SPDYStream, _ timer: any TimerPort) -> (@Sendable () -> Void)? {
        guard let type = stream.headers["streamtype"], wanted.contains(type) else { return nil }
        enum Next { case refuse, wait, ready((@Sendable (SPDYCommandWire) -> Void)?) }
        let next: Next = state.withLock { state in
            guard state.streams[type] == nil else { return .refuse }
            state.streams[type] = stream
            guard state.streams.count == wanted.count else { return .wait }
            defer { state.ready = nil }
            return .ready(state.ready)
        }
        switch next {
        case .refuse: return nil
        case .wait: return {}
        case .ready(let ready):
            timer.cancel()
            return { ready?(self) }
        }
    }

    private func expire() {
        guard state.withLock({ $0.ready != nil }) else { return }
        connection.close()
    }

    private func gone() {
        let onInput = state.withLock { state in
            state.gone = true
            state.ready = nil
            defer { state.onInput = nil }
            return state.onInput
        }
        onInput?(.gone)
    }

    func start(_ onInput: @escaping @Sendable (CommandInput) -> Void) {
        let (input, resize, gone) = state.withLock { state in
            if !state.gone { state.onInput = onInput }
            return (state.streams["stdin"], state.streams["resize"], state.gone)
        }
        input?.start(onData: { onInput(.bytes($0)) }, onEnd: { if !$0 { onInput(.inputClosed) } })
        resize?.start(
            onData: { [self] bytes in
                for size in state.withLock({ $0.sizes.feed(bytes) }) {
                    onInput(.resize(width: size.width, height: size.height))
                }
            }, onEnd: { _ in })
        if gone { onInput(.gone) }
    }

    func write(_ output: ContainerOutput, _ bytes: [UInt8]) {
        state.withLock { $0.streams[output == .stdout ? "stdout" : "stderr"] }?.write(bytes)
    }

    func finish(_ status: CommandStatus) {
        let streams = state.withLock { $0.streams }
        streams["error"]?.write(version >= 4 ? status.json : Array(status.text.utf8))
        for name in ["stdout", "stderr", "error"] { streams[name]?.finish() }
        connection.close()
    }

    var isWritable: Bool { connection.isWritable }
    func onWritable(_ callback: @escaping @Sendable () -> Void) { connection.onWritable(callback) }
    func setReading(_ reading: Bool) { connection.setReading(reading) }
    func ping() { connection.ping() }
}
