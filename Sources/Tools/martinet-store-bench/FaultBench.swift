import MartinetBase
import MartinetStoreFaults

/// Visits every kill point of a day, then has a store live through faults up to the number asked for.
struct FaultBench {
    let faults: Int64
    let seed: UInt64

    init(faults: Int64, seed: UInt64) {
        self.faults = faults
        self.seed = seed
    }

    func run() throws {
        let runtime = ProductionRuntime()
        let start = runtime.monotonic()
        let sweep = try FaultCampaign.sweep(seed: seed)
        say("every kill point: \(sweep)")
        let left = max(faults - sweep.faults, 0)
        let soak = try FaultCampaign.soak(seed: seed, faults: left)
        say("one after the other: \(soak)")
        let took = (runtime.monotonic() - start).nanoseconds / 1_000_000
        say(
            "\(sweep.faults + soak.faults) faults in \(took) ms: no acknowledged write lost, nothing told that was not committed"
        )
    }
}
