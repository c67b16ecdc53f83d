import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// The measured operations against one server, in namespaces of their own.
final class BenchSession: Sendable {
    let target: LoadTarget
    let options: BenchOptions
    private let group: MultiThreadedEventLoopGroup
    private let namespace: String
    /// Object names below this number are there.
    private let created = Atomic<Int>(0)
    private let round = Atomic<Int>(1)
    private let deleted = Atomic<Int>(0)
    /// How fast objects were created; 0 where that was not measured.
    private let createsPerSecond = Atomic<Int>(0)
    private let filled = Mutex<[String: Int]>([:])
    /// Where an own server notes when each revision was committed; nil for others.
    private let commits: String?

    init(
        _ target: LoadTarget, _ options: BenchOptions, _ group: MultiThreadedEventLoopGroup, tag: String,
        commits: String?
    ) {
        self.target = target
        self.options = options
        self.group = group
        self.commits = commits
        namespace = "bench-\(tag)"
    }

    private var listNamespace: String { namespace + "-list" }
    private var watchNamespace: String { namespace + "-watch" }
    private var memoryNamespace: String { namespace + "-memory" }
    private var namespaces: [String] { [namespace, listNamespace, watchNamespace, memoryNamespace] }

    private func collection(_ namespace: String) -> String {
        "/api/v1/namespaces/\(namespace)/\(options.kind.rawValue)"
    }
    private static func name(_ number: Int) -> String { "object-\(number)" }

    /// Makes the namespaces.
    func prepare() async throws {
        for name in namespaces {
            let body = Array(#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#.utf8)
            try await once(
                LoadRequest(method: "POST", target: "/api/v1/namespaces", contentType: "application/json", body: body))
        }
    }

    /// Leaves nothing behind on a server that was there before. Its own controllers empty the namespaces.
    func cleanUp() async {
        for name in namespaces {
            try? await once(LoadRequest(method: "DELETE", target: "/api/v1/namespaces/\(name)"))
        }
    }

    private func once(_ request: LoadRequest) async throws {
        let asked = Atomic<Bool>(false)
        let run = LoadRun(accepted: { $0 < 300 }) {
            asked.exchange(true, ordering: .relaxed) ? nil : request
        }
        _ = try await run.run(
            "\(request.method) \(request.target)", target, group, connections: 1, concurrency: 1, warm: 0, time: nil)
    }

    /// Measures one operation.
    func measure(_ operation: BenchOptions.Operation) async throws -> [Figures] {
        switch operation {
        case .create: return [try await create()]
        case .get: return [try await get()]
        case .update: return [try await update()]
        case .patch: return [try await patch()]
        case .delete: return [try await delete()]
        case .list: return try await list()
        case .fanout: return [try await fanout()]
        case .latency: return try await latency()
        case .memory: return try await memory()
        }
    }

    private func timed(
        _ operation: String, concurrency: Int? = nil, _ accepted: @escaping @Sendable (Int) -> Bool = { $0 < 300 },
        _ make: @escaping @Sendable () -> LoadRequest?
    ) async throws -> Figures {
        let places = concurrency ?? options.concurrency
        return try await LoadRun(accepted: accepted, make: make).run(
            operation, target, group, connections: min(options.connections, places), concurrency: places,
            warm: 300_000_000, time: options.seconds * 1_000_000_000)
    }

    private func create() async throws -> Figures {
        let path = collection(namespace)
        let figures = try await timed("create") { [options, self] in
            let number = created.add(1, ordering: .relaxed).oldValue
            return LoadRequest(
                method: "POST", target: path, contentType: "application/json",
                body: options.kind.json(name: Self.name(number), size: options.size, round: 0))
        }
        createsPerSecond.store(figures.count / options.seconds, ordering: .relaxed)
        return figures
    }

    /// Makes sure that there is something to read and change.
    private func seed() async throws {
        let present = created.load(ordering: .relaxed)
        guard present < 1000 else { return }
        filled.withLock { $0[namespace] = present }
        try await fill(namespace, 1000)
        created.store(1000, ordering: .relaxed)
    }

    /// Objects in turn, in steps that are prime to how many there are often enough to look random.
    private func existing(_ turn: Int) -> Int {
        let low = deleted.load(ordering: .relaxed)
        return low + (turn &* 7919) % max(1, created.load(ordering: .relaxed) - low)
    }

    private func get() async throws -> Figures {
        try await seed()
        let path = collection(namespace)
        return try await timed("get") { [self] in
            LoadRequest(
                method: "GET", target: "\(path)/\(Self.name(existing(round.add(1, ordering: .relaxed).oldValue)))")
        }
    }

    private func update() async throws -> Figures {
        try await seed()
        let path = collection(namespace)
        return try await timed("update") { [options, self] in
            let turn = round.add(1, ordering: .relaxed).oldValue
            let name = Self.name(existing(turn))
            return LoadRequest(
                method: "PUT", target: "\(path)/\(name)", contentType: "application/json",
                body: options.kind.json(name: name, size: options.size, round: turn))
        }
    }

    private func patch() async throws -> Figures {
        try await seed()
        let path = collection(namespace)
        return try await timed("patch") { [options, self] in
            let turn = round.add(1, ordering: .relaxed).oldValue
            let patch = options.kind.patch(round: turn)
            return LoadRequest(
                method: "PATCH", target: "\(path)/\(Self.name(existing(turn)))", contentType: patch.contentType,
                body: patch.body)
        }
    }

    private func delete() async throws -> Figures {
        // More than can be deleted in the time: nowhere does it take a third of what creating takes.
        let known = createsPerSecond.load(ordering: .relaxed)
        let rate = known > 0 ? 3 * known : 8000
        let wanted = deleted.load(ordering: .relaxed) + rate * (options.seconds + 1)
        let present = created.load(ordering: .relaxed)
        if present < wanted {
            filled.withLock { $0[namespace] = present }
            try await fill(namespace, wanted)
            created.store(wanted, ordering: .relaxed)
        }
        let path = collection(namespace)
        return try await timed("delete") { [self] in
            let number = deleted.add(1, ordering: .relaxed).oldValue
            guard number < created.load(ordering: .relaxed) else { return nil }
            return LoadRequest(method: "DELETE", target: "\(path)/\(Self.name(number))")
        }
    }

    // MARK: - Many objects

    /// Creates objects until a namespace has `count`.
    private func fill(_ namespace: String, _ count: Int) async throws {
        let from = filled.withLock { $0[namespace] ?? 0 }
        guard from < count else { return }
        filled.withLock { $0[namespace] = count }
        let path = collection(namespace)
        let next = Atomic<Int>(from)
        let run = LoadRun(accepted: { $0 < 300 }) { [options] in
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < count else { return nil }
            return LoadRequest(
                method: "POST", target: path, contentType: "application/json",
                body: options.kind.json(name: Self.name(number), size: options.size, round: 0))
        }
        _ = try await run.run(
            "fill", target, group, connections: options.connections, concurrency: options.concurrency, warm: 0,
            time: nil)
    }

    private func list() async throws -> [Figures] {
        try await fill(listNamespace, options.listed)
        let path = collection(listNamespace)
        return [
            try await timed("list of \(options.listed)", concurrency: 4) {
                LoadRequest(method: "GET", target: "\(path)?resourceVersion=0")
            }
        ]
    }

    private func memory() async throws -> [Figures] {
        guard let process = target.process, let before = residentBytes(process) else {
            throw BenchError("memory: --process names the server's process on this machine")
        }
        try await fill(memoryNamespace, options.remembered)
        // What the last requests needed is given back.
        try await group.next().scheduleTask(in: .seconds(1)) {}.futureResult.get()
        let after = residentBytes(process) ?? 0
        func figure(_ name: String, _ bytes: Int) -> Figures {
            var figure = Figures(operation: name)
            figure.bytes = bytes
            figure.count = 1
            return figure
        }
        return [
            figure("memory before", before), figure("memory at \(options.remembered)", after),
            figure("memory of one object", max(0, after - before) / max(1, options.remembered)),
        ]
    }

    // MARK: - Watches

    private func until(_ what: String, seconds: Int = 20, _ condition: () throws -> Bool) async throws {
        let deadline = nanoseconds() + seconds * 1_000_000_000
        while try !condition() {
            guard nanoseconds() < deadline else { throw BenchError("\(what) did not come within \(seconds) s") }
            try await group.next().scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
        }
    }

    private func openWatches(_ count: Int, notesTimes: Bool) async throws -> (WatchLoad, [any Channel]) {
        let load = WatchLoad(
            target: "\(collection(watchNamespace))?watch=true", watchers: count, notesTimes: notesTimes)
        let connections = target.isHTTP2 ? count / 100 + 1 : count
        var channels: [any Channel] = []
        for index in 0..<connections {
            let places = (count + connections - 1 - index) / connections
            channels.append(try await target.connect(group, places: places, source: load))
        }
        try await until("the watches") {
            try load.check()
            return load.progress.opened == count
        }
        return (load, channels)
    }

    private func fanout() async throws -> Figures {
        let (watches, channels) = try await openWatches(options.watchers, notesTimes: false)
        defer { for channel in channels { channel.close(promise: nil) } }
        // The initial events of what earlier rounds left are not counted.
        try await group.next().scheduleTask(in: .milliseconds(500)) {}.futureResult.get()
        let before = watches.progress.events
        let began = nanoseconds()
        let number = filled.withLock { $0[watchNamespace] ?? 0 }
        let count = 200 * options.seconds
        try await fill(watchNamespace, number + count)
        let wanted = before + count * options.watchers
        try await until("the events of \(options.watchers) watchers", seconds: 60) {
            try watches.check()
            return watches.progress.events >= wanted
        }
        var figures = Figures(operation: "events to \(options.watchers) watchers")
        figures.count = count * options.watchers
        figures.perSecond = Double(figures.count) / (Double(watches.progress.lastEvent - began) / 1e9)
        return figures
    }

    /// From a write to the watcher's socket, one write at a time on a server that does nothing else.
    private func latency() async throws -> [Figures] {
        let (watch, channels) = try await openWatches(1, notesTimes: true)
        let path = collection(watchNamespace)
        let tag = nanoseconds()
        let writer = PacedWriter { [options] number in
            LoadRequest(
                method: "POST", target: path, contentType: "application/json",
                body: options.kind.json(name: "late-\(tag)-\(number)", size: options.size, round: number))
        }
        let channel = try await target.connect(group, places: 1, source: writer)
        defer { for channel in channels + [channel] { channel.close(promise: nil) } }
        try await group.next().scheduleTask(in: .milliseconds(300)) {}.futureResult.get()
        let count = 300 * options.seconds
        for _ in 0..<count {
            try await until("a write") {
                if let failure = writer.failure { throw BenchError("latency: \(failure)") }
                return writer.isReady
            }
            writer.allow()
            channel.pipeline.fireUserInboundEventTriggered(LoadKick())
        }
        try await until("the last event") {
            writer.isReady && writer.writes.allSatisfy { watch.arrived[$0.revision] != nil }
        }
        let arrived = watch.arrived
        let committed = commits.map(BenchSession.commits) ?? [:]
        let writes = writer.writes.dropFirst(20).filter { $0.status < 300 }
        func figure(_ name: String, _ from: (PacedWriter.Write) -> Int?) -> Figures? {
            let values = writes.compactMap { write -> Int? in
                guard let start = from(write), let end = arrived[write.revision] else { return nil }
                return end - start
            }.sorted()
            guard !values.isEmpty else { return nil }
            var figures = Figures(operation: name)
            figures.count = values.count
            figures.p50 = Double(percentile(values, 50)) / 1000
            figures.p99 = Double(percentile(values, 99)) / 1000
            return figures
        }
        var replies = figure("reply to watcher") { $0.replied }
        // An event that came before the reply did: the watcher knew before the writer.
        replies?.failures = 0
        return [
            figure("commit to watcher") { committed[$0.revision] }, replies, figure("request to watcher") { $0.sent },
        ].compactMap { $0 }
    }

    /// When an own server committed each revision: lines of a revision and nanoseconds.
    private static func commits(_ path: String) -> [Int: Int] {
        var found: [Int: Int] = [:]
        for line in (readWhole(path) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let revision = Int(words[0]), let time = Int(words[1]) { found[revision] = time }
        }
        return found
    }

    private static func readWhole(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += bytes[..<count]
        }
    }
}
