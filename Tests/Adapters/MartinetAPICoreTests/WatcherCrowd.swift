import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetStore
import Synchronization

/// Many watchers, a part of them at once: each watches for a while, goes, and comes again from where it was, until its lives
/// are used up; then the next one takes its place.
final class WatcherCrowd: Sendable {
    private struct State {
        var numbers: SeededNumbers
        var started = 0
        var isClosing = false
        var done: [CrowdWatcher] = []
        var alive: [Int: CrowdWatcher] = [:]
        var sessions = 0
    }
    private let world: WatchWorld
    private let total: Int
    private let atOnce: Int
    private let executors: [any SerialExecutorPort]
    private let state: Mutex<State>

    init(world: WatchWorld, seed: UInt64, total: Int, atOnce: Int) {
        self.world = world
        self.total = total
        self.atOnce = atOnce
        executors = (0..<4).map { world.runtime.executor(named: "model.watch.\($0)") }
        state = Mutex(State(numbers: SeededNumbers(state: seed)))
    }

    var counts: (sessions: Int, events: Int) {
        state.withLock { state in (state.sessions, state.done.reduce(0) { $0 + $1.seen.count }) }
    }

    func start() { for _ in 0..<atOnce { startOne() } }

    private func startOne() {
        let watcher = state.withLock { state -> CrowdWatcher? in
            guard state.started < total else { return nil }
            let number = state.started
            state.started += 1
            let namespace = Int.random(in: 0..<8, using: &state.numbers)
            let app = Int.random(in: 0..<6, using: &state.numbers)
            // Some begin with what is there, the others at a revision that is kept, early ones among them.
            let now = world.store.revision.value
            let part = WatchedPart(
                namespace: namespace < 4 ? WatchWorld.namespaces[namespace] : nil,
                app: app < 3 ? WatchWorld.apps[app] : nil)
            let watcher = CrowdWatcher(
                number: number, part: part,
                from: Bool.random(using: &state.numbers)
                    ? nil : Int64.random(in: 1...max(1, now), using: &state.numbers),
                lives: Int.random(in: 1...3, using: &state.numbers),
                patience: Int.random(in: 5...60, using: &state.numbers), executor: executors[number % 4])
            state.alive[number] = watcher
            return watcher
        }
        if let watcher { watcher.open(self, world) }
    }

    func sessionBegan() { state.withLock { $0.sessions += 1 } }
    var isClosing: Bool { state.withLock { $0.isClosing } }

    func isDone(_ watcher: CrowdWatcher) {
        state.withLock { state in
            state.alive[watcher.number] = nil
            state.done.append(watcher)
        }
        startOne()
    }

    /// Lets whoever is left see all there is, then compares everybody with the model.
    func finish(_ model: WatchWorld.Model) async -> [String] {
        state.withLock { $0.isClosing = true }
        let deadline = world.runtime.monotonic() + .seconds(30)
        let judge = world.runtime.executor(named: "model.judge")
        var isOver = false
        while !isOver, world.runtime.monotonic() < deadline {
            isOver = await withCheckedContinuation { continuation in
                judge.submit(after: .milliseconds(10)) {
                    let (alive, started) = self.state.withLock { (Array($0.alive.values), $0.started) }
                    for watcher in alive where watcher.hasSeenAll(model) { watcher.leave(self) }
                    continuation.resume(returning: alive.isEmpty && started == self.total)
                }
            }
        }
        return await withCheckedContinuation { continuation in
            judge.submit { continuation.resume(returning: self.problems(model)) }
        }
    }

    private func problems(_ model: WatchWorld.Model) -> [String] {
        let (done, alive) = state.withLock { ($0.done, Array($0.alive.values)) }
        return alive.map { "watcher \($0.number) has not seen all: \($0.problem(model) ?? "")" }
            + done.compactMap { watcher in watcher.problem(model).map { "watcher \(watcher.number): \($0)" } }
    }
}

/// One watcher, through all its watches: what it has seen is one sequence.
final class CrowdWatcher: Sendable {
    private struct State {
        var lives: Int
        /// Of which watch events are taken.
        var session = 0
        var inSession = 0
        var watch: RegistryWatch?
        /// What was there at first, until the mark of its end.
        var initial: [String] = []
        var start: Int64?
        var last: Int64
        var seen: [String] = []
        var isOver = false
        /// How many events there are for it, once nothing is written any more.
        var needed: (start: Int64, count: Int)?
    }
    let number: Int
    private let part: WatchedPart
    private let from: Int64?
    private let patience: Int
    private let executor: any SerialExecutorPort
    private let state: Mutex<State>

    init(
        number: Int, part: WatchedPart, from: Int64?, lives: Int, patience: Int, executor: any SerialExecutorPort
    ) {
        self.number = number
        self.part = part
        self.from = from
        self.patience = patience
        self.executor = executor
        state = Mutex(State(lives: lives, start: from, last: from ?? 0))
    }

    var seen: [String] { state.withLock { $0.seen } }

    func open(_ crowd: WatcherCrowd, _ world: WatchWorld) {
        let (session, last) = state.withLock { state in
            state.session += 1
            state.inSession = 0
            if state.start == nil { state.initial = [] }
            return (state.session, state.start == nil ? nil : state.last)
        }
        crowd.sessionBegan()
        var request = APIRequest(
            .watch, ResourceName(version: "v1", plural: "configmaps", namespace: part.namespace))
        if let app = part.app { request.options.labelSelector = "app=\(app)" }
        request.options.allowWatchBookmarks = true
        request.options.resourceVersion = last.map(String.init) ?? ""
        do {
            let watch = try world.registry.watch(request, as: .admin, on: executor) { events in
                if self.take(events, session) { self.next(crowd, world, session) }
            }
            let isLate = state.withLock { state in
                if state.session == session { state.watch = watch }
                return state.session != session
            }
            if isLate { watch.cancel() }
        } catch {
            state.withLock { $0.seen.append("refused: \(error)") }
            leave(crowd)
        }
    }

    /// Whether the watch is over: it ended, or the watcher has had enough of it.
    private func take(_ events: [WatchEvent], _ session: Int) -> Bool {
        state.withLock { state in
            guard state.session == session, !state.isOver else { return false }
            for event in events {
                state.inSession += 1
                switch event {
                case .added(let object): note("ADDED", object, &state)
                case .modified(let object): note("MODIFIED", object, &state)
                case .deleted(let object): note("DELETED", object, &state)
                case .bookmark(let revision, _):
                    state.start = state.start ?? revision.value
                    state.last = max(state.last, revision.value)
                case .ended: return true
                }
                // In the midst of what is there first nobody can go and come again.
                if state.start != nil, state.inSession >= patience { return true }
            }
            return false
        }
    }

    private func note(_ type: String, _ object: CachedObject, _ state: inout State) {
        // What was written is decoded for what is gone only: the other objects are the store's bytes.
        let version = type == "DELETED" ? object.object.metadata.resourceVersion : String(object.revision.value)
        let text = "\(type) \(object.namespace)/\(object.name) \(version)"
        guard state.start != nil else { return state.initial.append(text) }
        state.seen.append(text)
        state.last = object.revision.value
    }

    private func next(_ crowd: WatcherCrowd, _ world: WatchWorld, _ session: Int) {
        let goesOn = state.withLock { state -> Bool in
            state.session += 1
            state.watch?.cancel()
            state.watch = nil
            state.lives -= 1
            return state.lives > 0 || crowd.isClosing
        }
        if goesOn { open(crowd, world) } else { leave(crowd) }
    }

    func leave(_ crowd: WatcherCrowd) {
        let isFirst = state.withLock { state in
            defer { state.isOver = true }
            state.watch?.cancel()
            return !state.isOver
        }
        if isFirst { crowd.isDone(self) }
    }

    func hasSeenAll(_ model: WatchWorld.Model) -> Bool {
        let (start, count, known) = state.withLock { ($0.start, $0.seen.count, $0.needed) }
        guard let start else { return false }
        let needed = known?.start == start ? known?.count ?? 0 : model.view(of: part, after: start).events.count
        state.withLock { $0.needed = (start, needed) }
        return count >= needed
    }

    /// Where what was seen is not the beginning of what there was to see.
    func problem(_ model: WatchWorld.Model) -> String? {
        let (start, initial, seen) = state.withLock { ($0.start, $0.initial, $0.seen) }
        guard let start else { return "it never saw the end of what is there first" }
        let expected = model.view(of: part, after: start)
        if from == nil, initial.sorted() != expected.state {
            return "at \(start) it found \(initial.sorted()), expected \(expected.state)"
        }
        guard seen.count <= expected.events.count else { return "it saw more than there was: \(seen.suffix(3))" }
        for (index, pair) in zip(seen, expected.events).enumerated() where pair.0 != pair.1 {
            return "event \(index) after \(start) is \(pair.0), expected \(pair.1)"
        }
        return nil
    }
}
