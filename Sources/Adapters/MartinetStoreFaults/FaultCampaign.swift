import MartinetBase

/// Faults without an end, one after the other, on stores that must live through each of them.
package enum FaultCampaign {
    package typealias Planted = PlantedFault

    /// What a campaign came to.
    package struct Report: Sendable, CustomStringConvertible {
        package var faults: Int64 = 0
        package var restarts = 0
        package var acknowledged = 0
        package var unknown = 0
        /// Kill points of the sweep: all that there are, by what they interrupt.
        package var points: [FaultDisk.Kind: Int64] = [:]
        package var pointsVisited: Int64 = 0

        package var description: String {
            let kinds = points.keys.sorted { $0.rawValue < $1.rawValue }.map { "\(points[$0] ?? 0) \($0)" }
            return "\(faults) faults, \(restarts) restarts, \(acknowledged) writes acknowledged, \(unknown) of unknown "
                + "outcome" + (kinds.isEmpty ? "" : "; kill points: \(kinds.joined(separator: ", "))")
        }

        fileprivate mutating func add(_ store: FaultedStore) {
            faults += store.disk.injected
            restarts += store.restarts
            acknowledged += store.acknowledged
            unknown += store.unknown
        }
    }

    /// Lives one store through `faults` faults of every kind. Throws `FaultFailure` naming the seed.
    package static func soak(seed: UInt64, faults: Int64, planted: Planted? = nil) throws -> Report {
        let store = FaultedStore(seed: seed, planted: planted)
        do {
            try store.openForSure()
            while store.disk.injected < faults { try round(store) }
            store.restart(.onlySynced)
            try store.openForSure()
        } catch let failure as FaultFailure {
            store.close()
            throw FaultFailure("seed \(seed), fault \(store.disk.injected): \(failure)")
        }
        store.close()
        var report = Report()
        report.add(store)
        return report
    }

    /// One fault, and what comes after it.
    private static func round(_ store: FaultedStore) throws {
        let disk = store.disk
        let before = disk.injected
        let choice = store.chance.next() % 16
        let fault = FaultDisk.Fault.allCases[Int(store.chance.next() % UInt64(FaultDisk.Fault.allCases.count))]
        switch choice {
        case 0...1: disk.planRead(store.chance.next() % 2 == 0 ? .error : .short, after: draw(store, 60))
        case 2: disk.limit(disk.bytes + draw(store, 20_000))
        default: disk.plan(fault, after: draw(store, 60))
        }
        // An orderly end and a start are steps as any other: they meet faults too.
        var steps = 0
        while disk.injected == before, !disk.isDead, steps < 40 {
            if store.chance.next() % 24 == 0 { store.close() }
            if !store.isOpen, try !store.open() { break }
            try store.step()
            steps += 1
        }
        if !disk.isDead, store.isOpen {
            // It lives with the fault for a while.
            for _ in 0..<store.chance.next() % 4 where !disk.isDead { try store.step() }
        }
        disk.limit(nil)
        let survivals = FaultDisk.Survival.allCases
        if disk.isDead || store.chance.next() % 3 == 0 || !store.isOpen {
            store.restart(survivals[Int(store.chance.next() % UInt64(survivals.count))])
            // Sometimes the disk fails again while the store comes back.
            if store.chance.next() % 3 == 0 {
                disk.plan(fault, after: draw(store, 12))
                _ = try store.open()
                if disk.isDead { store.restart(survivals[Int(store.chance.next() % UInt64(survivals.count))]) }
            }
            disk.forgetPlans()
        } else {
            disk.forgetPlans()
            // After a sync that failed only opening again helps: the process starts anew, the machine does not. Half of the
            // time it is killed, and so cannot tidy up.
            if store.chance.next() % 2 == 0 { disk.plan(.kill, after: 0) }
            store.restart(.everything)
        }
        try store.openForSure()
        try store.read()
    }

    private static func draw(_ store: FaultedStore, _ bound: UInt64) -> Int64 { Int64(store.chance.next() % bound) }

    /// Runs one short day on a fresh store again and again, each time with a fault at another of its operations: at
    /// every `stride`th, beginning with `first`.
    package static func sweep(seed: UInt64, stride: Int64 = 1, first: Int64 = 0) throws -> Report {
        var report = Report()
        let counted = FaultedStore(seed: seed)
        try day(counted)
        let points = counted.disk.operations
        for kind in FaultDisk.Kind.allCases where kind != .reads { report.points[kind] = counted.disk.count(kind) }
        var number = 0
        for point in Swift.stride(from: first, to: points, by: Int(stride)) {
            for fault in FaultDisk.Fault.allCases {
                let survival = FaultDisk.Survival.allCases[number % FaultDisk.Survival.allCases.count]
                number += 1
                let store = FaultedStore(seed: seed)
                store.disk.plan(fault, after: point)
                do {
                    try day(store)
                    store.restart(survival)
                    try store.openForSure()
                    try store.write()
                    store.restart(.onlySynced)
                    try store.openForSure()
                } catch let failure as FaultFailure {
                    store.close()
                    throw FaultFailure("seed \(seed), operation \(point), \(fault), \(survival): \(failure)")
                }
                store.close()
                report.add(store)
            }
            report.pointsVisited += 1
        }
        return report
    }

    private static func day(_ store: FaultedStore) throws {
        for part in 0..<3 {
            if !store.isOpen, try !store.open() { return }
            for _ in 0..<12 where !store.disk.isDead { try store.step() }
            if part < 2 { store.close() }
            if store.disk.isDead { return }
        }
        store.close()
    }
}
