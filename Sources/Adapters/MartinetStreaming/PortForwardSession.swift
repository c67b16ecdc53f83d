import MartinetBase
import MartinetSPDY
import Synchronization

/// Port forwards over one SPDY connection: each is a stream for data and one for errors, of the same `requestID` and
/// `port`.
final class PortForwardSession: Sendable {
    private struct Pair {
        var data: SPDYStream?
        var error: SPDYStream?
        var timer: (any TimerPort)?
    }

    private struct State {
        var pairs: [String: Pair] = [:]
        var next = 0
        var pipes: [Int: any ContainerPipe] = [:]
        var over = false
    }

    private let streams: any ContainerStreams
    private let target: ContainerTarget
    private let connection: SPDYConnection
    private let executor: any SerialExecutorPort
    private let keepAlive: KeepAlive
    private let state = Mutex(State())

    init(
        _ streams: any ContainerStreams, _ target: ContainerTarget, _ connection: SPDYConnection,
        _ executor: any SerialExecutorPort
    ) {
        self.streams = streams
        self.target = target
        self.connection = connection
        self.executor = executor
        keepAlive = KeepAlive(executor)
    }

    func start() {
        connection.onWritable { [weak self] in self?.resume() }
        connection.start(onStream: { self.take($0) }, onGone: { self.gone() })
        keepAlive.start { [weak connection] in
            connection?.ping()
            return connection != nil
        }
    }

    private func take(_ stream: SPDYStream) -> (@Sendable () -> Void)? {
        guard let text = stream.headers["port"], let port = UInt16(text), port > 0,
            let type = stream.headers["streamtype"], type == "data" || type == "error"
        else { return nil }
        // Clients from before request ids open the two one after the other, the error stream first.
        let identity =
            stream.headers["requestid"].flatMap { $0.isEmpty ? nil : $0 }
            ?? "stream \(type == "error" ? stream.id : stream.id &- 2)"
        enum Next { case refuse, wait(isNew: Bool), run(SPDYStream, SPDYStream, (any TimerPort)?) }
        let next: Next = state.withLock { state in
            guard !state.over else { return .refuse }
            let isNew = state.pairs[identity] == nil
            var pair = state.pairs[identity] ?? Pair()
            guard (type == "data" ? pair.data : pair.error) == nil else { return .refuse }
            if type == "data" { pair.data = stream } else { pair.error = stream }
            guard let data = pair.data, let error = pair.error else {
                state.pairs[identity] = pair
                return .wait(isNew: isNew)
            }
            state.pairs[identity] = nil
            return .run(data, error, pair.timer)
        }
        switch next {
        case .refuse: return nil
        case .wait(let isNew):
            if isNew {
                let timer = executor.submit(after: .seconds(30)) { [weak self] in self?.expire(identity) }
                state.withLock { $0.pairs[identity]?.timer = timer }
            }
        case .run(let data, let error, let timer):
            timer?.cancel()
            return { self.forward(port, data, error) }
        }
        return {}
    }

    private func expire(_ identity: String) {
        guard let pair = state.withLock({ $0.pairs.removeValue(forKey: identity) }) else { return }
        pair.error?.write(Array("request \(identity): timed out waiting for streams".utf8))
        pair.error?.finish()
        pair.data?.reset()
    }

    private func forward(_ port: UInt16, _ data: SPDYStream, _ error: SPDYStream) {
        // Nothing is expected on the error stream; an end of it means nothing.
        error.start(onData: { _ in }, onEnd: { _ in })
        streams.portForward(namespace: target.namespace, pod: target.pod, port: port) { [self] result in
            switch result {
            case .failure(let refusal):
                fail("error forwarding port \(port) to pod \(target.pod): \(refusal.message)", data, error)
            case .success(let pipe): splice(port, data, error, pipe)
            }
        }
    }

    private func fail(_ message: String, _ data: SPDYStream, _ error: SPDYStream) {
        error.write(Array(message.utf8))
        error.finish()
        data.finish()
        // The client reads the message before it learns that the streams are over; then it may open others.
        data.reset()
    }

    private func splice(_ port: UInt16, _ data: SPDYStream, _ error: SPDYStream, _ pipe: any ContainerPipe) {
        let number: Int? = state.withLock { state in
            guard !state.over else { return nil }
            state.next += 1
            state.pipes[state.next] = pipe
            return state.next
        }
        guard let number else { return pipe.close() }
        pipe.onWritable { [connection] in connection.setReading(true) }
        data.start(
            onData: { [connection] bytes in
                pipe.write(bytes)
                guard !pipe.isWritable else { return }
                connection.setReading(false)
                if pipe.isWritable { connection.setReading(true) }
            },
            onEnd: { [self] isReset in
                guard isReset else { return pipe.closeWriting() }
                drop(number)
                pipe.close()
                connection.setReading(true)
            })
        pipe.start(
            onBytes: { [connection] bytes in
                data.write(bytes)
                guard !connection.isWritable else { return }
                pipe.setReading(false)
                if connection.isWritable { pipe.setReading(true) }
            },
            onEnd: { [self] message in
                drop(number)
                connection.setReading(true)
                if let message {
                    return fail("error forwarding port \(port) to pod \(target.pod): \(message)", data, error)
                }
                data.finish()
                error.finish()
            })
    }

    private func drop(_ number: Int) { _ = state.withLock { $0.pipes.removeValue(forKey: number) } }

    private func resume() {
        for pipe in state.withLock({ Array($0.pipes.values) }) { pipe.setReading(true) }
    }

    private func gone() {
        keepAlive.stop()
        let (pipes, timers) = state.withLock { state in
            defer {
                state.over = true
                state.pipes = [:]
                state.pairs = [:]
            }
            return (Array(state.pipes.values), state.pairs.values.compactMap(\.timer))
        }
        for timer in timers { timer.cancel() }
        for pipe in pipes { pipe.close() }
    }
}
