import MartinetEtcdMessages
import MartinetTransport
import Synchronization

/// One request and one response on a stream of their own; answered once.
final class UnaryCall: Sendable {
    private struct State {
        var framing = GRPCFraming(messageMax: EtcdClient.messageMax)
        var message: [UInt8]?
        var stream: (any DuplexStream)?
        var answer: EtcdClient.Answer<[UInt8]>?
    }

    private let state: Mutex<State>

    init(_ answer: @escaping EtcdClient.Answer<[UInt8]>) { state = Mutex(State(answer: answer)) }

    func start(_ peer: DuplexPeer, _ path: String, _ headers: [(String, String)], _ bytes: [UInt8]) {
        let stream = peer.open(
            path: path, headers: headers,
            DuplexEvents(
                data: { [self] in data($0) },
                end: { [self] trailers in
                    end(GRPCStatus(status: trailers["grpc-status"], message: trailers["grpc-message"]))
                },
                closed: { [self] error in
                    end(GRPCStatus(.unavailable, error.map { "\($0)" } ?? "the stream ended without an answer"))
                }))
        state.withLock { if $0.answer != nil { $0.stream = stream } }
        stream.send(bytes)
        stream.finish([])
    }

    func timedOut() {
        let stream = state.withLock { $0.stream }
        end(GRPCStatus(.deadlineExceeded, "no answer in time"))
        stream?.reset()
    }

    private func data(_ bytes: [UInt8]) {
        let failure: GRPCStatus? = state.withLock { state in
            state.framing.append(bytes)
            do throws(GRPCStatus) {
                if let message = try state.framing.next() { state.message = message }
                return nil
            } catch { return error }
        }
        if let failure { end(failure) }
    }

    private func end(_ status: GRPCStatus) {
        let (answer, message) = state.withLock { state in
            defer {
                state.answer = nil
                state.stream = nil
            }
            return (state.answer, state.message)
        }
        guard let answer else { return }
        if status.code == .ok, let message { return answer(.success(message)) }
        let told = status.code == .ok ? GRPCStatus(.internal, "an answer without a message") : status
        answer(.failure(EtcdCallError(status: told, isUnsent: false)))
    }
}
