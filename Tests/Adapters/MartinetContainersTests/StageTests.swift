import CMartinetContainers
import CMartinetStage
import Glibc
import MartinetStagePlan
import Testing

@testable import MartinetContainers

@Suite(.timeLimit(.minutes(2))) struct StageTests {
    private func run(_ bytes: [UInt8]) throws -> (code: Int32, signal: Int32, words: Int) {
        let stage = try Stage()
        let plan = try Descriptor.sealedFile("plan", bytes)
        let (read, write) = try Descriptor.pipe()
        let pid = try stage.spawn(
            ["stage", "run", "3", "4", "-1", "0", "-1"], [-1, -1, -1, plan.number, write.number], newSession: false)
        var (code, signal): (Int32, Int32) = (0, 0)
        try check("waitpid", "", martinet_wait(pid, &code, &signal))
        _ = fcntl(read.number, F_SETFL, O_NONBLOCK)
        var buffer = [UInt8](repeating: 0, count: 256)
        return (code, signal, max(0, Glibc.read(read.number, &buffer, buffer.count)) / 16)
    }

    @Test func aBrokenPlanIsRefusedWholeBeforeAnyStep() throws {
        var plan = StagePlan()
        plan.add(StageOperation(MARTINET_OP_UMASK, "umask", a: 18))
        plan.add(StageOperation(MARTINET_OP_DONE, "exit", texts: ["text"]))
        let good = try plan.bytes()
        #expect(try run(good).code == 0)
        // Every length, count and version in it, made wrong; and every truncation.
        for (place, value) in [
            (0, 1), (4, 9), (8, 255), (12, 200), (20, 255), (20, 1), (24, 255), (60, 8), (64, 99), (96, 250),
        ]
        where place < good.count {
            var bytes = good
            bytes[place] = UInt8(value)
            let result = try run(bytes)
            #expect(result.code == 127 && result.signal == 0 && result.words == 1, "byte \(place) = \(value)")
        }
        for count in stride(from: 1, to: good.count, by: 7) {
            let result = try run(Array(good[..<count]))
            #expect(result.code == 127 && result.signal == 0 && result.words == 1, "\(count) bytes")
        }
    }

    @Test func aPlanWithoutAnEndFails() throws {
        var plan = StagePlan()
        plan.add(StageOperation(MARTINET_OP_UMASK, "umask", a: 18))
        #expect(try run(try plan.bytes()).code == 127)
    }
}
