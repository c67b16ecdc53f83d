import NIOCore
import Synchronization

/// Counts open connections and stops the listeners' accepting while there are as many as allowed.
final class ConnectionGate: Sendable {
    private struct State {
        var open = 0
        var held: [@Sendable () -> Void] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var open: Int { state.withLock { $0.open } }

    func entered() { state.withLock { $0.open += 1 } }

    func left() {
        let resume = state.withLock { state in
            state.open -= 1
            guard state.open < limit else { return [] as [@Sendable () -> Void] }
            defer { state.held = [] }
            return state.held
        }
        for work in resume { work() }
    }

    /// Whether a listener may accept; where not, `resume` is called once it may.
    func mayAccept(orElse resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.open >= limit else { return true }
            state.held.append(resume)
            return false
        }
    }
}

/// Sits in a listener's pipeline and holds its `accept` back.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let gate: ConnectionGate
    init(gate: ConnectionGate) { self.gate = gate }

    func read(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let resume: @Sendable () -> Void = { [eventLoop = context.eventLoop] in
            eventLoop.execute { if bound.value.channel.isActive { bound.value.read() } }
        }
        if gate.mayAccept(orElse: resume) { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        gate.entered()
        channel.closeFuture.whenComplete { [gate] _ in gate.left() }
        context.fireChannelRead(data)
    }
}
