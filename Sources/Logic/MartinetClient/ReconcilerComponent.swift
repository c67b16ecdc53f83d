import MartinetAPI
import MartinetBase
import MartinetSchema

/// The dull half of a controller: a queue of keys, one plan at a time for each, and back-off where one fails.
package struct ReconcilerComponent<R: Reconciler>: Component {
    private struct Work {
        var steps: ArraySlice<[Write]> = []
        var outstanding = 0
        var failure: APIError?
        var requeueAfter: Duration?
        var isDirty = false
    }

    private struct Flight {
        let key: ObjectKey
        let write: Write
        /// The creation's outcome is unknown and is being read back.
        var isReadBack = false
    }

    private static var turnToken: UInt64 { 0 }
    /// How many keys are planned before other events get their turn.
    private static var keysPerTurn: Int { 32 }

    package private(set) var reconciler: R
    private var isSynced = false
    private var further: [WatchedResource] = []
    private var queue: [ObjectKey] = []
    private var queued: Set<ObjectKey> = []
    private var hasTurn = false
    private var working: [ObjectKey: Work] = [:]
    private var failures: [ObjectKey: (count: Int, error: APIError)] = [:]
    private var flights: [UInt64: Flight] = [:]
    private var timers: [UInt64: ObjectKey] = [:]
    private var timerOf: [ObjectKey: UInt64] = [:]
    private var readBacks: [UInt64: Flight] = [:]
    private var nextToken: UInt64 = 1
    private var actions: [ComponentAction] = []

    package init(_ reconciler: R) { self.reconciler = reconciler }

    package var name: String { reconciler.name }
    package var watches: [WatchedResource] { reconciler.watches }

    package mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        actions = []
        switch event {
        case .started: break
        case .synced:
            isSynced = true
            for key in reconciler.allKeys(context.cache) { enqueue(key) }
            takeTurn()
        case .resync: for key in reconciler.allKeys(context.cache) { enqueue(key) }
        case .changed(let change):
            if change.isOf(CustomResourceDefinition.self) { updateWatches(context.cache) }
            for key in reconciler.keys(for: change, context.cache) { enqueue(key) }
        case .timer(Self.turnToken): turn(context)
        case .timer(let token): timer(token)
        case .reply(let token, let result): replied(token, result, context)
        }
        defer { actions = [] }
        return actions
    }

    private mutating func updateWatches(_ cache: ObjectCache) {
        let wanted = reconciler.furtherWatches(cache)
        for resource in further where !wanted.contains(resource) { actions.append(.unwatch(resource)) }
        for resource in wanted where !further.contains(resource) { actions.append(.watch(resource)) }
        further = wanted
    }

    // MARK: - The queue

    private mutating func enqueue(_ key: ObjectKey) {
        if working[key] != nil {
            working[key]?.isDirty = true
            return
        }
        guard queued.insert(key).inserted else { return }
        queue.append(key)
        takeTurn()
    }

    /// Plans after what has already arrived: a burst of events about one object is one plan.
    private mutating func takeTurn() {
        guard isSynced, !hasTurn, !queue.isEmpty else { return }
        hasTurn = true
        actions.append(.startTimer(token: Self.turnToken, after: .zero))
    }

    private mutating func turn(_ context: ComponentContext) {
        hasTurn = false
        let keys = queue.prefix(Self.keysPerTurn)
        queue.removeFirst(keys.count)
        for key in keys {
            queued.remove(key)
            plan(key, context)
        }
        takeTurn()
    }

    private mutating func plan(_ key: ObjectKey, _ context: ComponentContext) {
        if let token = timerOf.removeValue(forKey: key) {
            timers[token] = nil
            actions.append(.cancelTimer(token: token))
        }
        let plan = reconciler.plan(key, failure: failures[key]?.error, context)
        for event in plan.events { actions.append(.record(event)) }
        var work = Work()
        work.steps = plan.steps.filter { !$0.isEmpty }[...]
        work.requeueAfter = plan.requeueAfter
        working[key] = work
        proceed(key)
    }

    private mutating func proceed(_ key: ObjectKey) {
        guard var work = working[key], work.outstanding == 0 else { return }
        if work.failure == nil, let step = work.steps.popFirst() {
            work.outstanding = step.count
            working[key] = work
            for write in step { send(write.request, Flight(key: key, write: write)) }
            return
        }
        working[key] = nil
        if let error = work.failure {
            let count = min((failures[key]?.count ?? 0) + 1, 32)
            failures[key] = (count, error)
            // A conflict means that the cache was behind: what is newer is on its way.
            let base = Duration.milliseconds(5)
            startTimer(key, Backoff.delay(count, base: base, max: .seconds(60)))
            if !error.isConflict, !error.isAlreadyExists {
                let fields = [("key", "\(key)"), ("error", error.message), ("attempt", "\(count)")]
                actions.append(
                    .log(count > 5 ? .warning : .trace, "a reconciliation failed and is tried again", fields))
            }
            return
        }
        failures[key] = nil
        if work.isDirty { enqueue(key) } else if let delay = work.requeueAfter { startTimer(key, delay) }
    }

    private mutating func startTimer(_ key: ObjectKey, _ delay: Duration) {
        let token = makeToken()
        timers[token] = key
        timerOf[key] = token
        actions.append(.startTimer(token: token, after: delay))
    }

    private mutating func timer(_ token: UInt64) {
        if let flight = readBacks.removeValue(forKey: token) { return readBack(flight) }
        guard let key = timers.removeValue(forKey: token) else { return }
        if timerOf[key] == token { timerOf[key] = nil }
        enqueue(key)
    }

    // MARK: - Writes

    private mutating func makeToken() -> UInt64 {
        defer { nextToken += 1 }
        return nextToken
    }

    private mutating func send(_ request: APIRequest, _ flight: Flight) {
        let token = makeToken()
        flights[token] = flight
        actions.append(.send(request, token: token))
    }

    private mutating func replied(
        _ token: UInt64, _ result: Result<Object, APIError>, _ context: ComponentContext
    ) {
        guard let flight = flights.removeValue(forKey: token) else { return }
        switch result {
        case .success(let object):
            let isThere = flight.write.expectedAbsent.map { $0.isEmpty || $0 == object.metadata.uid } ?? false
            let error = APIError(
                code: 409, reason: "Conflict", message: "\(flight.key) was taken for gone and is there")
            finish(flight, isThere ? error : nil)
        case .failure(let error) where flight.isReadBack:
            if error.isRetryable { readBackLater(flight) } else { finish(flight, error) }
        case .failure(let error) where flight.write.isDone(by: error):
            finish(flight, nil)
        case .failure(let error):
            // Whether a creation with a lost answer happened is read back: it must not happen twice.
            if flight.write.request.verb == .create, error.code >= 500, flight.write.request.name != nil {
                readBackLater(flight)
            } else {
                finish(flight, error)
            }
        }
    }

    private mutating func readBackLater(_ flight: Flight) {
        let token = makeToken()
        readBacks[token] = flight
        actions.append(.startTimer(token: token, after: .seconds(1)))
    }

    private mutating func readBack(_ flight: Flight) {
        var resource = flight.write.request.resource
        resource.name = flight.write.request.name
        var flight = flight
        flight.isReadBack = true
        send(APIRequest(.get, resource), flight)
    }

    private mutating func finish(_ flight: Flight, _ error: APIError?) {
        if let error {
            if var event = flight.write.onFailure {
                event.message += error.message
                actions.append(.record(event))
            }
            if working[flight.key]?.failure == nil { working[flight.key]?.failure = error }
        } else if let event = flight.write.onSuccess {
            actions.append(.record(event))
        }
        working[flight.key]?.outstanding -= 1
        proceed(flight.key)
    }
}

extension APIRequest {
    /// The name that it works on, where it says one.
    var name: String? {
        if let name = resource.name { return name }
        guard let name = object?.metadata.name, !name.isEmpty else { return nil }
        return name
    }
}
