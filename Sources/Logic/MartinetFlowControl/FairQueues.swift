/// The queues of one priority level: whose turn it is, when seats are scarce (KEP-1040, "Fair Queuing for Server Requests").
///
/// Time is virtual: it advances by the seat-seconds that each busy queue has been given. A queue's next request starts at
/// `nextStart`; the one that would end first in virtual time goes first, so that no flow gets more than its part.
package struct FairQueues: Sendable {
    package struct Shape: Sendable, Equatable {
        package let queues: Int
        package let handSize: Int
        package let lengthLimit: Int

        package init(queues: Int, handSize: Int, lengthLimit: Int) {
            self.queues = queues
            self.handSize = handSize
            self.lengthLimit = lengthLimit
        }
    }

    enum Verdict: Sendable, Equatable {
        case execute
        case wait
        case reject
    }

    private struct Queue: Sendable {
        var waiting: [Int] = []
        var executing = 0
        var seatsInUse = 0
        /// What waits, in estimated seat-seconds.
        var work = 0.0
        var nextStart = 0.0

        var isActive: Bool { executing > 0 || !waiting.isEmpty }
    }

    private struct Request: Sendable {
        let work: Work
        /// Its queue; nil where there are none.
        let queue: Int?
        let arrival: Double
        var started: Duration?
    }

    /// Nil where what cannot start is refused.
    private var shape: Shape?
    /// Seats; nil where there is no limit.
    private(set) var limit: Int?
    private var queues: [Queue] = []
    private var requests: [Int: Request] = [:]
    private var active = 0
    private var virtual = 0.0
    private var synced = Duration.zero
    private var robin = 0
    private var dealt = 0

    private(set) var seatsInUse = 0
    private(set) var seatsWaiting = 0
    private(set) var executing = 0
    private(set) var waiting = 0

    init() {}

    var isIdle: Bool { requests.isEmpty }

    /// Other queues or another number of seats; what waits stays where it is. Returns what may start now.
    mutating func configure(_ shape: Shape?, limit: Int?, at now: Duration) -> [Int] {
        sync(now)
        self.shape = shape
        self.limit = limit
        if let shape, shape.queues > queues.count {
            queues += Array(repeating: Queue(), count: shape.queues - queues.count)
        }
        return dispatch(now)
    }

    // MARK: - The life of a request

    /// - Returns: what becomes of it, and which requests that waited start with it.
    mutating func arrive(_ id: Int, hash: UInt64, _ work: Work, at now: Duration) -> (Verdict, started: [Int]) {
        sync(now)
        guard let shape else {
            guard accommodates(work.most) else { return (.reject, []) }
            start(id, Request(work: work, queue: nil, arrival: virtual, started: now))
            return (.execute, [])
        }
        let index = queue(for: hash, shape)
        if let limit, seatsInUse >= limit, queues[index].waiting.count >= shape.lengthLimit { return (.reject, []) }
        if !queues[index].isActive {
            queues[index].nextStart = virtual
            active += 1
        }
        let request = Request(work: work, queue: index, arrival: virtual, started: nil)
        // The usual case, in which nobody waits, needs no choice among the queues.
        if waiting == 0, accommodates(work.most) {
            start(id, request, at: now)
            return (.execute, [])
        }
        requests[id] = request
        queues[index].waiting.append(id)
        queues[index].work += work.estimate
        waiting += 1
        seatsWaiting += work.most
        bound(index)
        var started = dispatch(now)
        guard let own = started.firstIndex(of: id) else { return (.wait, started) }
        started.remove(at: own)
        return (.execute, started)
    }

    /// The answer is sent. Its seats stay taken for what `aftermath` says; then `release` must be called.
    mutating func finish(_ id: Int, at now: Duration) -> (aftermath: Duration?, started: [Int]) {
        sync(now)
        guard let request = requests[id], let began = request.started else { return (nil, []) }
        executing -= 1
        if let index = request.queue {
            queues[index].executing -= 1
            queues[index].nextStart -= Double(request.work.seats) * (Work.usual - (now - began).seconds)
            bound(index)
            if !queues[index].isActive { active -= 1 }
        }
        guard request.work.aftermath > .zero else { return (nil, release(id, at: now)) }
        return (request.work.aftermath, dispatch(now))
    }

    /// Gives the seats of a finished request back.
    mutating func release(_ id: Int, at now: Duration) -> [Int] {
        sync(now)
        guard let request = requests.removeValue(forKey: id) else { return [] }
        seatsInUse -= request.work.most
        if let index = request.queue { queues[index].seatsInUse -= request.work.most }
        dropSpareQueues()
        return dispatch(now)
    }

    /// Takes a request out that has waited for too long or whose sender is gone; false where it does not wait.
    mutating func giveUp(_ id: Int, at now: Duration) -> Bool {
        sync(now)
        guard let request = requests[id], request.started == nil, let index = request.queue,
            let place = queues[index].waiting.firstIndex(of: id)
        else { return false }
        requests[id] = nil
        queues[index].waiting.remove(at: place)
        leaveLine(request, index)
        bound(index)
        if !queues[index].isActive { active -= 1 }
        return true
    }

    // MARK: - Turns

    private mutating func sync(_ now: Duration) {
        defer { synced = now }
        guard active > 0 else { return }
        let wanted = Double(seatsInUse + seatsWaiting)
        let given = min(wanted, Double(limit ?? .max))
        virtual += given / Double(active) * (now - synced).seconds
    }

    /// Of the flow's hand, the queue with the least work that waits.
    private mutating func queue(for hash: UInt64, _ shape: Shape) -> Int {
        let hand = ShuffleSharding.hand(of: hash, deck: shape.queues, hand: shape.handSize)
        dealt &+= 1
        var best = hand.isEmpty ? 0 : hand[dealt % hand.count]
        for offset in 0..<hand.count {
            let index = hand[(dealt + offset) % hand.count]
            if queues[index].work < queues[best].work { best = index }
        }
        return best
    }

    private func accommodates(_ seats: Int) -> Bool {
        guard let limit else { return true }
        // One that is wider than the level goes alone.
        if seats > limit { return executing == 0 }
        return seatsInUse + seats <= limit
    }

    private mutating func dispatch(_ now: Duration) -> [Int] {
        var started: [Int] = []
        while waiting > 0, seatsInUse < limit ?? .max, let id = next() {
            guard let request = requests[id], let index = request.queue else { break }
            queues[index].waiting.removeFirst()
            leaveLine(request, index)
            start(id, request, at: now)
            bound(index)
            started.append(id)
        }
        return started
    }

    /// The waiting request that would end first; nil where it finds no room, for then nobody may overtake it.
    private mutating func next() -> Int? {
        var best: (end: Double, index: Int, id: Int)?
        for offset in 1...queues.count {
            let index = (robin + offset) % queues.count
            guard let id = queues[index].waiting.first, let request = requests[id] else { continue }
            let end = queues[index].nextStart + request.work.estimate
            if end < best?.end ?? .infinity { best = (end, index, id) }
        }
        guard let best, let request = requests[best.id], accommodates(request.work.most) else { return nil }
        robin = best.index
        return best.id
    }

    private mutating func start(_ id: Int, _ request: Request, at now: Duration) {
        var request = request
        request.started = now
        if let index = request.queue {
            queues[index].executing += 1
            queues[index].seatsInUse += request.work.most
            queues[index].nextStart += request.work.estimate
        }
        start(id, request)
    }

    private mutating func start(_ id: Int, _ request: Request) {
        requests[id] = request
        executing += 1
        seatsInUse += request.work.most
    }

    private mutating func leaveLine(_ request: Request, _ index: Int) {
        queues[index].work = queues[index].waiting.isEmpty ? 0 : queues[index].work - request.work.estimate
        waiting -= 1
        seatsWaiting -= request.work.most
    }

    /// Nothing starts, in virtual time, before it arrived: a queue saves up no credit while it is empty.
    private mutating func bound(_ index: Int) {
        guard let id = queues[index].waiting.first, let request = requests[id] else { return }
        queues[index].nextStart = max(queues[index].nextStart, request.arrival)
    }

    private mutating func dropSpareQueues() {
        while queues.count > shape?.queues ?? 0, let last = queues.last, !last.isActive, last.seatsInUse == 0 {
            queues.removeLast()
        }
    }
}
