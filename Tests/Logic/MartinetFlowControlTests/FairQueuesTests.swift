import Testing

@testable import MartinetFlowControl

@Suite("fair queues") struct FairQueuesTests {
    private func queues(_ limit: Int, queues: Int = 64, hand: Int = 6, length: Int = 50) -> FairQueues {
        var fair = FairQueues()
        _ = fair.configure(.init(queues: queues, handSize: hand, lengthLimit: length), limit: limit, at: .zero)
        return fair
    }

    @Test("requests start while there are seats, then wait in order, and are refused where the queue is full")
    func order() {
        var fair = queues(2, queues: 1, hand: 1, length: 2)
        let verdicts = (1...5).map { fair.arrive($0, hash: 7, Work(), at: .zero).0 }
        #expect(verdicts == [.execute, .execute, .wait, .wait, .reject])
        #expect(fair.finish(1, at: .milliseconds(3)).started == [3])
        #expect(fair.finish(2, at: .milliseconds(4)).started == [4])
        #expect(fair.finish(3, at: .milliseconds(5)).started.isEmpty)
        _ = fair.finish(4, at: .milliseconds(6))
        #expect(fair.isIdle && fair.seatsInUse == 0 && fair.seatsWaiting == 0)
    }

    @Test("without queues, what finds no seat is refused")
    func reject() {
        var fair = FairQueues()
        _ = fair.configure(nil, limit: 1, at: .zero)
        #expect(fair.arrive(1, hash: 1, Work(), at: .zero).0 == .execute)
        #expect(fair.arrive(2, hash: 2, Work(), at: .zero).0 == .reject)
        _ = fair.finish(1, at: .seconds(1))
        #expect(fair.arrive(3, hash: 3, Work(), at: .seconds(1)).0 == .execute)
    }

    /// One flow sends far more than the other; each gets half of the seats as long as both have something to do.
    @Test("an elephant does not take the seats of a mouse")
    func fairness() {
        // A queue for each, so that what queues get is what flows get.
        var fair = queues(4, hand: 1, length: 400)
        var flow: [Int: Int] = [:]
        var next = 0
        var running: [Int] = []
        func send(_ hash: Int, _ count: Int, at now: Duration) {
            for _ in 0..<count {
                next += 1
                flow[next] = hash
                let (verdict, started) = fair.arrive(next, hash: UInt64(hash), Work(), at: now)
                if verdict == .execute { running.append(next) }
                running += started
            }
        }
        send(11, 300, at: .zero)
        send(900_007, 60, at: .zero)
        var served: [Int: Int] = [:]
        for round in 1...25 {
            let ending = running
            running = []
            for id in ending {
                served[flow[id] ?? 0, default: 0] += 1
                running += fair.finish(id, at: .milliseconds(3 * round)).started
            }
        }
        #expect(served.values.reduce(0, +) == 100)
        #expect((40...60).contains(served[900_007] ?? 0), "the small flow had \(served)")
    }

    @Test("a wide request waits until it fits, and nobody overtakes it for ever")
    func width() {
        var fair = queues(4)
        var wide = Work()
        wide.seats = 3
        #expect(fair.arrive(1, hash: 1, Work(), at: .zero).0 == .execute)
        #expect(fair.arrive(2, hash: 1, Work(), at: .zero).0 == .execute)
        #expect(fair.arrive(3, hash: 2, wide, at: .zero).0 == .wait)
        #expect(fair.arrive(4, hash: 3, wide, at: .milliseconds(1)).0 == .wait)
        #expect(fair.finish(1, at: .milliseconds(3)).started == [3])
        #expect(fair.seatsInUse == 4)
        // One wider than the level goes alone.
        wide.seats = 9
        _ = fair.finish(2, at: .milliseconds(3))
        #expect(fair.finish(3, at: .milliseconds(4)).started == [4])
        #expect(fair.arrive(5, hash: 4, wide, at: .milliseconds(4)).0 == .wait)
        #expect(fair.finish(4, at: .milliseconds(5)).started == [5])
    }

    @Test("seats stay taken for the events that a write causes")
    func aftermath() {
        var fair = queues(1)
        let work = Work.write(watchers: 20)
        #expect(work.finalSeats == 2 && work.aftermath == .milliseconds(5))
        #expect(fair.arrive(1, hash: 1, work, at: .zero).0 == .execute)
        let (aftermath, started) = fair.finish(1, at: .milliseconds(1))
        #expect(aftermath == .milliseconds(5) && started.isEmpty)
        #expect(fair.arrive(2, hash: 1, Work(), at: .milliseconds(2)).0 == .wait)
        #expect(fair.release(1, at: .milliseconds(6)) == [2])
    }

    @Test("who gives up loses the place, and the others go on")
    func givingUp() {
        var fair = queues(1)
        _ = fair.arrive(1, hash: 1, Work(), at: .zero)
        _ = fair.arrive(2, hash: 1, Work(), at: .zero)
        _ = fair.arrive(3, hash: 1, Work(), at: .zero)
        let (early, late) = (fair.giveUp(2, at: .seconds(1)), fair.giveUp(2, at: .seconds(1)))
        #expect(early && !late)
        let isRunning = fair.giveUp(1, at: .seconds(1))
        #expect(!isRunning)
        #expect(fair.finish(1, at: .seconds(2)).started == [3])
    }

    @Test("fewer queues and more seats take effect on what waits")
    func reconfiguration() {
        var fair = queues(1, queues: 8, hand: 2)
        for id in 1...4 { _ = fair.arrive(id, hash: UInt64(id), Work(), at: .zero) }
        let started = fair.configure(.init(queues: 2, handSize: 1, lengthLimit: 5), limit: 3, at: .seconds(1))
        #expect(started.count == 2)
        var rest = Set([1] + started)
        while let id = rest.popFirst() { rest.formUnion(fair.finish(id, at: .seconds(2)).started) }
        #expect(fair.isIdle && fair.seatsInUse == 0)
    }

    /// Counts of what is in the queues agree whatever happens: arrivals, ends, releases and departures of chance.
    @Test("seats are neither lost nor made", arguments: [1, 2, 3])
    func conservation(seed: Int) {
        var state = UInt64(seed)
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var fair = queues(7, queues: 16, hand: 3, length: 4)
        var (running, waiting, holding): (Set<Int>, Set<Int>, Set<Int>) = ([], [], [])
        var now = Duration.zero
        func starts(_ ids: [Int]) {
            for id in ids {
                #expect(waiting.remove(id) != nil)
                running.insert(id)
            }
        }
        for id in 1...4000 {
            now += .microseconds(random(900))
            switch random(4) {
            case 0, 1:
                var work = random(3) == 0 ? Work.write(watchers: random(60)) : Work()
                work.seats = 1 + random(4)
                let (verdict, started) = fair.arrive(id, hash: UInt64(random(20)), work, at: now)
                starts(started)
                if verdict == .execute { running.insert(id) }
                if verdict == .wait { waiting.insert(id) }
            case 2:
                guard let id = running.sorted().first else { continue }
                running.remove(id)
                let (aftermath, started) = fair.finish(id, at: now)
                starts(started)
                if aftermath != nil { holding.insert(id) }
            default:
                if let id = holding.popFirst() { starts(fair.release(id, at: now)) }
                if random(8) == 0, let id = waiting.sorted().last, fair.giveUp(id, at: now) { waiting.remove(id) }
            }
            #expect(fair.executing == running.count && fair.waiting == waiting.count)
        }
        while !running.isEmpty || !holding.isEmpty {
            now += .milliseconds(1)
            if let id = running.popFirst(), fair.finish(id, at: now).started.map({ starts([$0]) }).isEmpty { continue }
            if let id = holding.popFirst() { starts(fair.release(id, at: now)) }
        }
        for id in holding { starts(fair.release(id, at: now)) }
    }
}
