import MartinetEtcdMessages
import MartinetTransport
import Synchronization

/// One watch on a stream of its own. Tells what comes on the connection's event loop, in order, and its end once.
final class WatchStream: Sendable {
    enum News: Sendable {
        case created
        /// Whole revisions, in order.
        case events([EtcdEvent])
        /// Everything up to here has been told.
        case progress(Int64)
        /// Events after the start are gone; the oldest revision that can be read.
        case compacted(Int64)
        case ended(GRPCStatus)
    }

    private struct State {
        var framing = GRPCFraming(messageMax: EtcdClient.messageMax)
        /// Fragments of what is not whole yet.
        var parts: [EtcdEvent] = []
        var stream: (any DuplexStream)?
        var peer: DuplexPeer?
        var isOver = false
    }

    private let client: EtcdClient
    private let tell: @Sendable (News) -> Void
    private let state = Mutex(State())

    /// - Parameter from: the first revision that is told of.
    init(_ client: EtcdClient, _ range: KeyRange, from: Int64, tell: @escaping @Sendable (News) -> Void) {
        self.client = client
        self.tell = tell
        var create = WatchCreateRequest()
        create.key = range.start
        create.end = range.end
        create.startRevision = from
        create.wantsPrevious = true
        create.progressNotify = true
        create.fragment = true
        var request = WatchRequest()
        request.create = create
        let bytes = GRPCFraming.frame(request.encoded)
        // A member that has lost its leader ends the stream, rather than keep a watch that sees nothing.
        client.open(EtcdMethod.watch, headers: [("hasleader", "true")]) { [self] result in
            switch result {
            case .failure(let error): end(error.status)
            case .success(let (peer, headers)):
                let stream = peer.open(
                    path: EtcdMethod.watch, headers: headers,
                    DuplexEvents(
                        data: { [self] in data($0) },
                        end: { [self] in end(GRPCStatus(status: $0["grpc-status"], message: $0["grpc-message"])) },
                        closed: { [self] error in
                            end(GRPCStatus(.unavailable, error.map { "\($0)" } ?? "the watch ended"))
                        }))
                let isOver = state.withLock { state in
                    state.stream = stream
                    state.peer = peer
                    return state.isOver
                }
                if isOver { stream.reset() } else { stream.send(bytes) }
            }
        }
    }

    /// Asks how far the watch is; answered by `.progress`.
    func askProgress() {
        var request = WatchRequest()
        request.progress = WatchProgressRequest()
        state.withLock { $0.stream }?.send(GRPCFraming.frame(request.encoded))
    }

    /// Ends it without telling.
    func cancel() {
        let stream = state.withLock { state in
            state.isOver = true
            defer { state.stream = nil }
            return state.stream
        }
        stream?.reset()
    }

    private func data(_ bytes: [UInt8]) {
        var news: [News] = []
        var failure: GRPCStatus?
        state.withLock { state in
            guard !state.isOver else { return }
            state.framing.append(bytes)
            do throws(GRPCStatus) {
                while let message = try state.framing.next() {
                    do throws(EtcdMessageError) {
                        WatchStream.read(try WatchResponse(decoding: message), &state.parts, &news, &failure)
                    } catch { failure = GRPCStatus(.internal, "\(error)") }
                }
            } catch { failure = error }
        }
        for item in news { tell(item) }
        if let failure { end(failure) }
    }

    private static func read(
        _ response: WatchResponse, _ parts: inout [EtcdEvent], _ news: inout [News], _ failure: inout GRPCStatus?
    ) {
        if response.created { news.append(.created) }
        if response.canceled {
            if response.compactRevision > 0 { news.append(.compacted(response.compactRevision)) }
            failure = failure ?? GRPCStatus(.cancelled, response.cancelReason)
            return
        }
        parts += response.events
        if response.fragment { return }
        if !parts.isEmpty {
            news.append(.events(parts))
            parts = []
        } else if !response.created, let revision = response.header?.revision {
            news.append(.progress(revision))
        }
    }

    private func end(_ status: GRPCStatus) {
        let (first, stream, peer) = state.withLock { state in
            defer {
                state.isOver = true
                state.stream = nil
            }
            return (!state.isOver, state.stream, state.peer)
        }
        guard first else { return }
        stream?.reset()
        // A member without a leader, or one that is about to end: the next watch goes to another.
        if let peer, status.code == .unavailable || status.code == .internal { client.leave(peer) }
        tell(.ended(status))
    }
}
