package import MartinetAuthorization

/// Priority and fairness: which request starts now, which waits, and which is refused, so that no flow of requests takes the
/// server from the others (KEP-1040).
///
/// A value without clock or thread: whoever drives it says what time it is, and starts what it names.
package struct FlowControl: Sendable {
    /// A request that has been let in, or waits to be.
    package struct Ticket: Sendable, Hashable {
        fileprivate let level: Int
        fileprivate let id: Int
    }

    package enum Arrival: Sendable {
        case execute(Ticket)
        case wait(Ticket)
        case reject
    }

    /// Where a request belongs, for headers, metrics and logs.
    package struct Match: Sendable {
        package let schema: FlowSchema
        package let level: PriorityLevel
    }

    private struct Level: Sendable {
        var configuration: PriorityLevel
        var queues = FairQueues()
        var demand = SeatDemand()
        var nominal = 0
        var least = 0
        var most = 0
        /// No longer configured: what is under way in it ends, then the slot is used again.
        var isGone = false
        var rejected = 0
        var dispatched = 0
    }

    private let seats: Int
    private var schemas: [FlowSchema] = []
    private var levels: [Level] = []
    private var slots: [String: Int] = [:]
    private var last = 0

    /// - Parameter seats: how many requests of one seat may be under way at once, in all levels together.
    package init(seats: Int) {
        self.seats = seats
        _ = configure([], [], at: .zero)
    }

    // MARK: - Configuration

    /// Takes over schemas and levels; the mandatory ones are there even where nobody configured them. Returns what may start.
    package mutating func configure(
        _ schemas: [FlowSchema], _ levels: [PriorityLevel], at now: Duration
    ) -> [Ticket] {
        var wanted = levels
        for mandatory in BootstrapFlows.mandatoryLevels where !wanted.contains(where: { $0.name == mandatory.name }) {
            wanted.append(mandatory)
        }
        let names = Set(wanted.map(\.name))
        // A schema that leads to a level that is not there is as if it were not there itself.
        var known = schemas.filter { names.contains($0.priorityLevel) }
        for mandatory in BootstrapFlows.mandatorySchemas where !known.contains(where: { $0.name == mandatory.name }) {
            known.append(mandatory)
        }
        self.schemas = known.sorted(by: FlowSchema.isBefore)
        for (name, slot) in slots where !names.contains(name) {
            self.levels[slot].isGone = true
            slots[name] = nil
        }
        for level in wanted.sorted(by: { $0.name < $1.name }) {
            if let slot = slots[level.name] {
                self.levels[slot].configuration = level
            } else if let slot = self.levels.firstIndex(where: { $0.isGone && $0.queues.isIdle }) {
                self.levels[slot] = Level(configuration: level)
                slots[level.name] = slot
            } else {
                slots[level.name] = self.levels.count
                self.levels.append(Level(configuration: level))
            }
        }
        setNominal()
        return limits(at: now) { level in level.configuration.isExempt ? nil : max(level.nominal, 1) }
    }

    private mutating func setNominal() {
        let present = levels.indices.filter { !levels[$0].isGone }
        let nominal = SeatAllocation.nominal(present.map { levels[$0].configuration.shares }, of: seats)
        for (index, seats) in zip(present, nominal) {
            let configuration = levels[index].configuration
            levels[index].nominal = seats
            levels[index].least = seats - (seats * configuration.lendable + 50) / 100
            levels[index].most =
                configuration.borrowable.map { seats + (seats * $0 + 50) / 100 } ?? nominal.reduce(0, +)
        }
    }

    private mutating func limits(at now: Duration, _ limit: (Level) -> Int?) -> [Ticket] {
        var started: [Ticket] = []
        for index in levels.indices where !levels[index].isGone {
            var shape: FairQueues.Shape?
            if case .queue(let own) = levels[index].configuration.response { shape = own }
            let ids = levels[index].queues.configure(shape, limit: limit(levels[index]), at: now)
            note(index, started: ids.count, at: now)
            started += ids.map { Ticket(level: index, id: $0) }
        }
        return started
    }

    /// Lends seats that some levels do not need to those that do. To be called every 10 seconds.
    package mutating func adjust(at now: Duration) -> [Ticket] {
        for index in levels.indices { levels[index].demand.closePeriod(at: now) }
        var left = levels.filter { !$0.isGone }.map(\.nominal).reduce(0, +)
        for level in levels where level.configuration.isExempt { left -= max(level.least, level.demand.highWatermark) }
        let limited = levels.indices.filter { !levels[$0].isGone && !levels[$0].configuration.isExempt }
        let claims = limited.map { index in
            let level = levels[index]
            let least = max(level.least, min(level.nominal, level.demand.highWatermark))
            return SeatAllocation.Claim(
                target: max(Double(least), level.demand.smoothed), least: Double(min(least, level.most)),
                most: Double(level.most))
        }
        var given = SeatAllocation.divide(Double(max(left, 0)), among: claims)
        let leastOfAll = limited.map { Double(levels[$0].least) }
        let floor = leastOfAll.reduce(0, +)
        let wanted = claims.map(\.least).reduce(0, +)
        // Where not even the least that is in use is there, what is above everybody's own minimum is shared in proportion.
        if Double(left) < wanted {
            let part = wanted > floor ? max(0, (Double(left) - floor) / (wanted - floor)) : 0
            given = zip(claims, leastOfAll).map { $1 + ($0.least - $1) * part }
        }
        let limits = Dictionary(
            zip(limited.map { levels[$0].configuration.name }, given.map { max(1, Int($0.rounded())) })
        ) { first, _ in first }
        return self.limits(at: now) { limits[$0.configuration.name] }
    }

    // MARK: - Requests

    /// Where a request belongs. The catch-all schema takes what no other does.
    package func match(_ request: AccessRequest) -> Match? {
        for schema in schemas where schema.matches(request) {
            guard let slot = slots[schema.priorityLevel] else { continue }
            return Match(schema: schema, level: levels[slot].configuration)
        }
        return nil
    }

    /// - Returns: what becomes of the request, and which that waited may start with it.
    package mutating func arrive(
        _ request: AccessRequest, _ match: Match, _ work: Work, at now: Duration
    ) -> (Arrival, started: [Ticket]) {
        guard let slot = slots[match.level.name] else { return (.reject, []) }
        last += 1
        let hash = ShuffleSharding.hash(match.schema.name, match.schema.flow(of: request))
        // No single request takes more than a part of its level.
        let widest = max(1, min(10, (levels[slot].nominal * 15 + 99) / 100))
        let (verdict, ids) = levels[slot].queues.arrive(last, hash: hash, work.limited(to: widest), at: now)
        let ticket = Ticket(level: slot, id: last)
        note(slot, started: ids.count + (verdict == .execute ? 1 : 0), at: now)
        let started = ids.map { Ticket(level: slot, id: $0) }
        switch verdict {
        case .execute: return (.execute(ticket), started)
        case .wait: return (.wait(ticket), started)
        case .reject:
            levels[slot].rejected += 1
            return (.reject, started)
        }
    }

    /// The answer is sent. Where an aftermath is returned, `release` is to be called after it.
    package mutating func finish(_ ticket: Ticket, at now: Duration) -> (aftermath: Duration?, started: [Ticket]) {
        let (aftermath, ids) = levels[ticket.level].queues.finish(ticket.id, at: now)
        note(ticket.level, started: ids.count, at: now)
        return (aftermath, ids.map { Ticket(level: ticket.level, id: $0) })
    }

    package mutating func release(_ ticket: Ticket, at now: Duration) -> [Ticket] {
        let ids = levels[ticket.level].queues.release(ticket.id, at: now)
        note(ticket.level, started: ids.count, at: now)
        return ids.map { Ticket(level: ticket.level, id: $0) }
    }

    /// Whether the request waited until now; it has lost its place then.
    package mutating func giveUp(_ ticket: Ticket, at now: Duration) -> Bool {
        guard levels[ticket.level].queues.giveUp(ticket.id, at: now) else { return false }
        levels[ticket.level].rejected += 1
        note(ticket.level, started: 0, at: now)
        return true
    }

    private mutating func note(_ slot: Int, started: Int, at now: Duration) {
        levels[slot].dispatched += started
        levels[slot].demand.set(levels[slot].queues.seatsInUse + levels[slot].queues.seatsWaiting, at: now)
    }

    /// Whether nothing is under way and hardly anything was of late: lending seats anew would change nothing.
    package var isAtRest: Bool { levels.allSatisfy { $0.queues.isIdle && $0.demand.smoothed < 0.5 } }

    // MARK: - For people

    /// What a level does at the moment.
    package struct LevelReport: Sendable, Equatable {
        package let name: String
        package let nominalSeats: Int
        /// Nil where there is no limit.
        package let currentSeats: Int?
        package let seatsInUse: Int
        package let executing: Int
        package let waiting: Int
        package let dispatched: Int
        package let rejected: Int
    }

    package var report: [LevelReport] {
        levels.filter { !$0.isGone }.map { level in
            LevelReport(
                name: level.configuration.name, nominalSeats: level.nominal, currentSeats: level.queues.limit,
                seatsInUse: level.queues.seatsInUse, executing: level.queues.executing, waiting: level.queues.waiting,
                dispatched: level.dispatched, rejected: level.rejected)
        }.sorted { $0.name < $1.name }
    }
}
