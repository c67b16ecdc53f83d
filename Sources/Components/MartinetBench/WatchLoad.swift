import NIOCore
import Synchronization

/// Watches that count what they are told, and note when.
final class WatchLoad: LoadSource {
    private struct State {
        var toOpen: Int
        var opened = 0
        var events = 0
        var lastEvent = 0
        /// When the event with a resourceVersion came; kept only where there is one watcher.
        var arrived: [Int: Int] = [:]
        var rest: [UInt8] = []
        var broken: String?
        var refused: Int?
    }
    private let target: String
    private let notesTimes: Bool
    private let state: Mutex<State>

    /// - Parameter target: the path and query of the watch.
    init(target: String, watchers: Int, notesTimes: Bool) {
        self.target = target
        self.notesTimes = notesTimes
        state = Mutex(State(toOpen: watchers))
    }

    /// How many streams are open, and how many events have come on them.
    var progress: (opened: Int, events: Int, lastEvent: Int) { state.withLock { ($0.opened, $0.events, $0.lastEvent) } }
    var arrived: [Int: Int] { state.withLock { $0.arrived } }

    func check() throws(BenchError) {
        let (broken, refused) = state.withLock { ($0.broken, $0.refused) }
        if let broken { throw BenchError("watch: \(broken)") }
        if let refused { throw BenchError("watch: the server answered \(refused)") }
    }

    func next() -> LoadRequest? {
        state.withLock { state in
            guard state.toOpen > 0 else { return nil }
            state.toOpen -= 1
            return LoadRequest(method: "GET", target: target, ticket: state.toOpen)
        }
    }

    func head(_ ticket: Int, status: Int) {
        state.withLock { state in
            if status == 200 { state.opened += 1 } else { state.refused = status }
        }
    }

    func body(_ ticket: Int, _ bytes: ByteBuffer) {
        let now = nanoseconds()
        state.withLock { state in
            // An event is a line.
            let lines = bytes.readableBytesView.reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
            state.events += lines
            if lines > 0 { state.lastEvent = now }
            guard notesTimes else { return }
            state.rest += bytes.readableBytesView
            while let end = state.rest.firstIndex(of: 10) {
                if let revision = resourceVersion(in: state.rest[..<end]) { state.arrived[revision] = now }
                state.rest.removeSubrange(...end)
            }
        }
    }

    func end(_ ticket: Int) {}

    func broken(_ why: String) { state.withLock { $0.broken = $0.broken ?? why } }
}

/// The first resourceVersion in an object's JSON, which is its own.
func resourceVersion(in json: some Sequence<UInt8>) -> Int? {
    let text = String(decoding: Array(json), as: UTF8.self)
    guard let field = text.firstRange(of: "\"resourceVersion\":\"") else { return nil }
    return Int(text[field.upperBound...].prefix { $0 != "\"" })
}

/// One writer, one write at a time, each a moment after the answer to the one before.
final class PacedWriter: LoadSource {
    struct Write: Sendable {
        var sent = 0
        var replied = 0
        var revision = 0
        var status = 0
    }
    private struct State {
        var writes: [Write] = []
        var isFree = false
        var body: [UInt8] = []
        var broken: String?
    }
    private let state = Mutex(State())
    private let make: @Sendable (Int) -> LoadRequest

    init(make: @escaping @Sendable (Int) -> LoadRequest) { self.make = make }

    var writes: [Write] { state.withLock { $0.writes } }
    var isReady: Bool { state.withLock { !$0.isFree && ($0.writes.last?.replied ?? 1) != 0 } }
    var failure: String? {
        state.withLock {
            $0.broken ?? $0.writes.first { $0.replied != 0 && $0.status >= 300 }.map { "status \($0.status)" }
        }
    }

    /// Allows one more write; the connection is to be kicked.
    func allow() { state.withLock { $0.isFree = true } }

    func next() -> LoadRequest? {
        let number = state.withLock { state -> Int? in
            guard state.isFree else { return nil }
            state.isFree = false
            return state.writes.count
        }
        guard let number else { return nil }
        let request = make(number)
        state.withLock {
            $0.writes.append(Write(sent: nanoseconds()))
            $0.body = []
        }
        return request
    }

    func head(_ ticket: Int, status: Int) {
        state.withLock { state in
            guard !state.writes.isEmpty else { return }
            state.writes[state.writes.count - 1].status = status
        }
    }

    func body(_ ticket: Int, _ bytes: ByteBuffer) { state.withLock { $0.body += bytes.readableBytesView } }

    func end(_ ticket: Int) {
        let now = nanoseconds()
        state.withLock { state in
            guard !state.writes.isEmpty else { return }
            let last = state.writes.count - 1
            state.writes[last].replied = now
            state.writes[last].revision = resourceVersion(in: state.body) ?? 0
        }
    }

    func broken(_ why: String) { state.withLock { $0.broken = $0.broken ?? why } }
}
