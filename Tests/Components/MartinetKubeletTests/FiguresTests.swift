import Glibc
import MartinetAPI
import MartinetBase
import MartinetKubelet
import Testing

/// Figures, printed where MARTINET_FIGURES is set; they fail on nothing but absurdity.
@Suite(
    .enabled(if: TestNode.isRoot && getenv("MARTINET_FIGURES") != nil, "needs root and MARTINET_FIGURES"), .serialized)
struct FiguresTests {
    @Test func howLongAPodTakesToRun() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        var times: [Int64] = []
        for number in 0..<21 {
            let began = node.runtime.monotonic()
            try node.run("p\(number)", TestNode.script("exec sleep 1000"))
            try node.pod("p\(number)") { $0.status.phase == "Running" }
            times.append((node.runtime.monotonic() - began).nanoseconds / 1000)
        }
        let sorted = times.dropFirst().sorted()
        print("pod start, µs: median \(sorted[10]), min \(sorted[0]), max \(sorted[19])")
        // What 21 running pods cost while nothing happens.
        let before = clock()
        let end = node.runtime.monotonic() + .seconds(12)
        while node.runtime.monotonic() < end { poll(nil, 0, 12_000) }
        print("idle: \(Double(clock() - before) / 1000 / 12) ms of CPU a second with 21 pods")
        #expect(sorted[10] < 2_000_000)
    }
}
