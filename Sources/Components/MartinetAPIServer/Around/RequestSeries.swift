import MartinetMetrics
import Synchronization

/// What is counted of all requests of one kind.
final class RequestSeries: Sendable {
    struct Key: Hashable, Sendable {
        var verb: String
        var group = ""
        var version = ""
        var resource = ""
        var subresource = ""
        var scope = Scope.none
        var isDryRun = false

        /// Of what tells most of them apart: it is asked for with each request.
        func hash(into hasher: inout Hasher) {
            hasher.combine(resource)
            hasher.combine(verb)
        }

        enum Scope: String, Sendable { case none = "", cluster, namespace, resource }
    }

    struct State: Sendable {
        var codes: [(code: Int, count: UInt64)] = []
        var durations = Histogram.Snapshot(bounds: RequestMetrics.durationBounds)
        /// Of reads alone.
        var sizes: Histogram.Snapshot?
        var longRunning = 0
    }

    let key: Key
    let isWrite: Bool
    private let state: Mutex<State>

    init(_ key: Key) {
        self.key = key
        isWrite = RequestMetrics.writes.contains(key.verb)
        var state = State()
        if RequestMetrics.reads.contains(key.verb) {
            state.sizes = Histogram.Snapshot(bounds: RequestMetrics.sizeBounds)
        }
        self.state = Mutex(state)
    }

    var current: State { state.withLock { $0 } }

    func longRunning(_ change: Int) { state.withLock { $0.longRunning += change } }

    /// - Parameter code: of HTTP; 0 where no answer was given.
    func ended(code: Int, seconds: Double, bytes: Int) {
        state.withLock { state in
            if let index = state.codes.firstIndex(where: { $0.code == code }) {
                state.codes[index].count &+= 1
            } else {
                // Those of proxied servers are chosen by others.
                let known = state.codes.count < RequestMetrics.codesMax ? code : 0
                if let index = state.codes.firstIndex(where: { $0.code == known }) {
                    state.codes[index].count &+= 1
                } else {
                    state.codes.append((known, 1))
                }
            }
            state.durations.observe(seconds)
            if state.sizes != nil { state.sizes?.observe(Double(bytes)) }
        }
    }
}
