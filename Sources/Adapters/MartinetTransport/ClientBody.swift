import Synchronization

/// A response's body as it comes, for one reader. Dropping it gives the request up.
package struct ClientBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    let queue: BodyQueue

    package func makeAsyncIterator() -> Iterator { Iterator(queue: queue) }

    package struct Iterator: AsyncIteratorProtocol {
        let queue: BodyQueue
        package mutating func next() async throws -> [UInt8]? { try await queue.next() }
    }
}

/// Between the event loop that reads a response and the task that consumes it: holds at most a little more than `mark` bytes.
final class BodyQueue: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var first = 0
        var bytes = 0
        var held = false
        var ended = false
        var failure: TransportError?
        var waiter: CheckedContinuation<[UInt8]?, any Error>?
        var call: ClientCall?
    }

    private static let mark = 1 << 20
    private let state = Mutex(State())

    deinit { state.withLock { $0.call }?.cancel() }

    func attach(_ call: ClientCall) { state.withLock { if !$0.ended { $0.call = call } } }

    func push(_ bytes: [UInt8]) {
        typealias Next = (waiter: CheckedContinuation<[UInt8]?, any Error>?, hold: ClientCall?)
        let next: Next = state.withLock { state in
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, nil)
            }
            state.pieces.append(bytes)
            state.bytes += bytes.count
            guard state.bytes >= BodyQueue.mark, !state.held else { return (nil, nil) }
            state.held = true
            return (nil, state.call)
        }
        next.waiter?.resume(returning: bytes)
        next.hold?.setReading(false)
    }

    func end(_ error: TransportError?) {
        let waiter = state.withLock { state in
            state.ended = true
            state.failure = error
            state.call = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        guard let waiter else { return }
        if let error { waiter.resume(throwing: error) } else { waiter.resume(returning: nil) }
    }

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Outcome { case piece([UInt8], resume: ClientCall?), end(TransportError?), wait }
                let outcome: Outcome = state.withLock { state in
                    if state.first < state.pieces.count {
                        let piece = state.pieces[state.first]
                        state.first += 1
                        if state.first == state.pieces.count {
                            state.pieces.removeAll(keepingCapacity: true)
                            state.first = 0
                        }
                        state.bytes -= piece.count
                        guard state.held, state.bytes < BodyQueue.mark / 2 else { return .piece(piece, resume: nil) }
                        state.held = false
                        return .piece(piece, resume: state.call)
                    }
                    if state.ended { return .end(state.failure) }
                    if state.waiter != nil { return .end(TransportError(.invalid, "the body has another reader")) }
                    state.waiter = continuation
                    return .wait
                }
                switch outcome {
                case .piece(let piece, let call):
                    continuation.resume(returning: piece)
                    call?.setReading(true)
                case .end(let error?): continuation.resume(throwing: error)
                case .end(nil): continuation.resume(returning: nil)
                case .wait: break
                }
            }
        } onCancel: {
            state.withLock { $0.call }?.cancel()
        }
    }
}
