import Glibc
import MartinetStoreFaults
import Testing

/// Faults of the disk. `MARTINET_FAULTS=all` visits every kill point and ten thousand faults; without it, a share.
@Suite(.serialized) struct FaultTests {
    private var all: Bool { getenv("MARTINET_FAULTS").map { String(cString: $0) } == "all" }

    @Test("every write, truncation, sync, creation and deletion of a day is survived, whatever it meets")
    func sweep() throws {
        let report = try FaultCampaign.sweep(seed: 1, stride: all ? 1 : 16)
        let points = report.points.values.reduce(0, +)
        print("sweep: \(report), \(report.pointsVisited) visited")
        #expect(points > 200)
        #expect(!all || report.pointsVisited == points)
        for kind in FaultDisk.Kind.allCases where kind != .reads { #expect(report.points[kind] ?? 0 > 0, "\(kind)") }
    }

    @Test("one fault after the other loses no acknowledged write", arguments: 1...4)
    func soak(_ seed: UInt64) throws {
        let report = try FaultCampaign.soak(seed: seed, faults: all ? 2500 : 150)
        print("soak \(seed): \(report)")
        #expect(report.faults >= (all ? 2500 : 150))
        #expect(report.unknown > 0)
    }

    @Test("a fault that was planted is found", arguments: PlantedFault.allCases)
    func planted(_ planted: PlantedFault) {
        #expect(throws: FaultFailure.self) { try FaultCampaign.soak(seed: 1, faults: 300, planted: planted) }
    }
}
