import MartinetAPI
package import MartinetAuthorization
import MartinetBase
import MartinetClient
package import MartinetFlowControl
import MartinetSchema
import Synchronization

/// Where requests from outside pass: drives `FlowControl` by the clock, and follows its configuration in the store.
package final class FlowGate: Sendable {
    package static let group = "flowcontrol.apiserver.k8s.io"

    /// A request that is under way. `leave` is to be called once, when its answer is sent.
    package struct Pass: Sendable {
        /// Which schema and level it belongs to, as clients may read (`X-Kubernetes-PF-…`).
        package let headers: [(String, String)]
        fileprivate let gate: FlowGate
        fileprivate let ticket: FlowControl.Ticket?

        package func leave() { if let ticket { gate.leave(ticket) } }
    }

    package enum Entry: Sendable {
        case pass(Pass)
        /// There is no room for it, or it has waited for too long.
        case refused
    }

    private struct Waiter: Sendable {
        let match: FlowControl.Match
        let timer: any TimerPort
        let go: @Sendable (Entry) -> Void
    }

    private struct State: Sendable {
        var control: FlowControl
        var schemas: [String: FlowSchema] = [:]
        var levels: [String: PriorityLevel] = [:]
        var waiting: [FlowControl.Ticket: Waiter] = [:]
        /// The pass of those whom nothing holds back.
        var exempt: [(String, String)] = []
        var lends = false
        var onChange: (@Sendable () -> Void)?
    }

    private let runtime: any Runtime
    private let executor: any SerialExecutorPort
    private let state: Mutex<State>

    /// As upstream's: a quarter of the minute that a request may take.
    private static let patience = Duration.seconds(15)
    private static let period = Duration.seconds(10)

    init(runtime: any Runtime, seats: Int) {
        self.runtime = runtime
        executor = runtime.executor(named: "martinet.apiserver.flows")
        state = Mutex(State(control: FlowControl(seats: seats)))
    }

    // MARK: - Following the store

    func changed(_ object: Object) { configure(object, isThere: true) }
    func removed(_ object: Object) { configure(object, isThere: false) }

    private func configure(_ object: Object, isThere: Bool) {
        let name = object.metadata.name
        let started = state.withLock { state in
            if object.type.name.hasSuffix(".FlowSchema") {
                state.schemas[name] = isThere ? FlowSchema(object) : nil
            } else {
                state.levels[name] = isThere ? PriorityLevel(object) : nil
            }
            let now = runtime.monotonic()
            let tickets = state.control.configure(Array(state.schemas.values), Array(state.levels.values), at: now)
            state.exempt = FlowGate.headers(state.schemas["exempt"]?.uid, state.levels["exempt"]?.uid)
            return FlowGate.take(tickets, from: &state)
        }
        start(started)
        state.withLock { $0.onChange }?()
    }

    /// Is called after each change of the configuration, on the store's thread.
    func onChange(_ callback: @escaping @Sendable () -> Void) { state.withLock { $0.onChange = callback } }

    /// Which schemas lead to no level.
    var dangling: Set<String> {
        state.withLock { state in
            Set(state.schemas.values.filter { state.levels[$0.priorityLevel] == nil }.map(\.name))
        }
    }

    package var report: [FlowControl.LevelReport] { state.withLock { $0.control.report } }

    // MARK: - Passing

    /// Calls `go` at once, or later on an executor of its own, with a pass or without one.
    ///
    /// - Parameter work: what the request is thought to cost; looked up only for those that may have to wait.
    package func enter(
        _ request: AccessRequest, _ work: @autoclosure () -> Work, _ go: @escaping @Sendable (Entry) -> Void
    ) {
        if request.groups.contains(Authorizer.masters) {
            return go(.pass(Pass(headers: state.withLock { $0.exempt }, gate: self, ticket: nil)))
        }
        let work = work()
        let (entry, started) = state.withLock { state -> (Entry?, [(Waiter, Pass)]) in
            guard let match = state.control.match(request) else { return (.refused, []) }
            let (arrival, tickets) = state.control.arrive(request, match, work, at: runtime.monotonic())
            let started = FlowGate.take(tickets, from: &state).map { ($0.0, pass($0.0.match, $0.1)) }
            switch arrival {
            case .execute(let ticket): return (.pass(pass(match, ticket)), started)
            case .reject: return (.refused, started)
            case .wait(let ticket):
                let timer = executor.submit(after: FlowGate.patience) { [weak self] in self?.giveUp(ticket) }
                state.waiting[ticket] = Waiter(match: match, timer: timer, go: go)
                return (nil, started)
            }
        }
        run(started)
        lend()
        if let entry { go(entry) }
    }

    private func pass(_ match: FlowControl.Match, _ ticket: FlowControl.Ticket) -> Pass {
        Pass(headers: FlowGate.headers(match.schema.uid, match.level.uid), gate: self, ticket: ticket)
    }

    private static func headers(_ schema: String?, _ level: String?) -> [(String, String)] {
        [("x-kubernetes-pf-flowschema-uid", schema ?? ""), ("x-kubernetes-pf-prioritylevel-uid", level ?? "")]
    }

    private func leave(_ ticket: FlowControl.Ticket) {
        let (aftermath, started) = state.withLock { state in
            let (aftermath, tickets) = state.control.finish(ticket, at: runtime.monotonic())
            return (aftermath, FlowGate.take(tickets, from: &state))
        }
        start(started)
        guard let aftermath else { return }
        executor.submit(after: aftermath) { [weak self] in
            guard let self else { return }
            start(
                state.withLock { state in
                    FlowGate.take(state.control.release(ticket, at: runtime.monotonic()), from: &state)
                })
        }
    }

    private func giveUp(_ ticket: FlowControl.Ticket) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.control.giveUp(ticket, at: runtime.monotonic()) else { return nil }
            return state.waiting.removeValue(forKey: ticket)
        }
        waiter?.go(.refused)
    }

    private static func take(
        _ tickets: [FlowControl.Ticket], from state: inout State
    ) -> [(Waiter, FlowControl.Ticket)] {
        tickets.compactMap { ticket in state.waiting.removeValue(forKey: ticket).map { ($0, ticket) } }
    }

    private func start(_ started: [(Waiter, FlowControl.Ticket)]) {
        run(started.map { ($0.0, pass($0.0.match, $0.1)) })
    }

    /// Requests whose turn it is start on the gate's own executor: whoever made room has an answer to send.
    private func run(_ started: [(Waiter, Pass)]) {
        for (waiter, pass) in started {
            waiter.timer.cancel()
            executor.submit { waiter.go(.pass(pass)) }
        }
    }

    // MARK: - Lending

    /// Seats are lent anew every 10 seconds while there are requests, and a while longer, until nothing is borrowed.
    private func lend() {
        let begins = state.withLock { state in
            defer { state.lends = true }
            return !state.lends
        }
        if begins { executor.submit(after: FlowGate.period) { [weak self] in self?.adjust() } }
    }

    private func adjust() {
        let (started, goesOn) = state.withLock { state in
            let tickets = state.control.adjust(at: runtime.monotonic())
            state.lends = !state.control.isAtRest
            return (FlowGate.take(tickets, from: &state), state.lends)
        }
        start(started)
        if goesOn { executor.submit(after: FlowGate.period) { [weak self] in self?.adjust() } }
    }
}
