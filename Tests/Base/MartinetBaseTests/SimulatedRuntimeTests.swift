import MartinetBase
import Synchronization
import Testing

@Suite struct SimulatedRuntimeTests {
    private final class Trace: Sendable {
        let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func history(seed: UInt64) -> [String] {
        let runtime = SimulatedRuntime(seed: seed)
        let trace = Trace()
        for name in ["a", "b", "c"] {
            let executor = runtime.executor(named: name)
            for index in 0..<5 { executor.submit { trace.add("\(name)\(index)") } }
            executor.submit(after: .seconds(3)) { trace.add("\(name) at \(runtime.monotonic())") }
            executor.submit(after: .seconds(1)) { trace.add("never") }.cancel()
        }
        while runtime.step() {}
        return trace.lines.withLock { $0 }
    }

    @Test func oneSeedGivesOneHistory() { #expect(history(seed: 7) == history(seed: 7)) }

    @Test func otherSeedsVisitOtherInterleavings() {
        #expect(Set((0..<20).map { history(seed: $0) }).count > 10)
    }

    @Test func anExecutorKeepsItsOrderAndCancelledTimersStaySilent() {
        let lines = history(seed: 3)
        #expect(lines.filter { $0.hasPrefix("a") } == ["a0", "a1", "a2", "a3", "a4", "a at 3.0 seconds"])
        #expect(!lines.contains("never"))
    }

    @Test func whoWaitsInSmallStepsGetsToWhatIsFarAway() {
        let runtime = SimulatedRuntime(seed: 1)
        let trace = Trace()
        _ = runtime.executor(named: "a").submit(after: .seconds(3)) { trace.add("done") }
        for second in 1...3 { while runtime.step(until: .seconds(second)) {} }
        #expect(trace.lines.withLock { $0 } == ["done"])
        #expect(runtime.monotonic() == .seconds(3))
    }

    @Test func uidsAreVersion4() {
        let uid = SimulatedRuntime(seed: 1).uid()
        #expect(uid.utf8.count == 36)
        #expect(Array(uid.utf8)[14] == UInt8(ascii: "4"))
    }
}
