import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

@Suite(.serialized) struct CrashTests {
    /// What `martinet-store-bench write` puts for a number (see CrashWriter).
    static func payload(_ number: Int) -> [UInt8] {
        Array("\(number):".utf8) + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 37 % 3000)
    }

    @Test("killed fifty times while it writes, it has every acknowledged write and none by half")
    func killed() throws {
        let tool = try #require(Child.tool, "martinet-store-bench is built beside the tests")
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        var chance = SplitMix64(state: 20_260_101)
        var acknowledged: [Int: (revision: Int64, number: Int)] = [:]
        var first = 0
        var total = 0
        for round in 0..<50 {
            let child = try Child([tool, "write", path, "\(first)"])
            let lines = 20 + Int(chance.next() % 1500)
            var count = 0
            var served: Int64 = 0
            var highest = first
            while let line = child.line() {
                let words = line.split(separator: " ")
                try #require(words.count >= 2 && ["A", "S", "O"].contains(words[0]), "the child said: \(line)")
                let revision = try #require(Int64(words[1]))
                served = max(served, revision)
                if words[0] == "A" {
                    let number = try #require(Int(words[2]))
                    acknowledged[number % 500] = (revision, number)
                    highest = max(highest, number)
                    total += 1
                }
                count += 1
                if count == lines { child.killNow() }
            }
            #expect(child.wait() == SIGKILL, "it ended by itself in round \(round)")
            // Numbers of writes that were under way are not used again.
            first = highest + 100
            try check(path, acknowledged, served: served, round: round)
        }
        #expect(total > 1000)
    }

    private func check(
        _ path: String, _ acknowledged: [Int: (revision: Int64, number: Int)], served: Int64, round: Int
    ) throws {
        let harness = try fileHarness(path)
        #expect(harness.store.revision.value >= served, "round \(round): a state was served that is gone")
        let objects = try harness.store.range(prefix: "/").objects
        let found = Dictionary(objects.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        for (key, write) in acknowledged {
            let left = try #require(found["/left/\(key)"], "round \(round): \(key) is lost")
            try #require(left.modified.value >= write.revision, "round \(round): write \(write) is lost")
            if left.modified.value == write.revision {
                try #require(left.value == CrashTests.payload(write.number), "round \(round): \(key) is another's")
            }
        }
        for object in objects {
            let number = Int(String(decoding: object.value.prefix { $0 != 58 }, as: UTF8.self))
            try #require(number.map(CrashTests.payload) == object.value, "round \(round): \(object.key) is torn")
            let other =
                object.key.hasPrefix("/left/")
                ? "/right/" + object.key.dropFirst(6) : "/left/" + object.key.dropFirst(7)
            try #require(found[other]?.modified == object.modified, "round \(round): \(object.key) is half of a write")
        }
        let oldest = max(harness.store.compacted, .initial)
        let events = try harness.store.events(prefix: "", after: oldest, limit: 0).events
        let revisions = stride(from: oldest.value + 1, through: harness.store.revision.value, by: 1)
        try #require(
            events.map(\.revision.value) == revisions.flatMap { [$0, $0] }, "round \(round): history has a hole")
        try harness.closeAndWait()
    }

    @Test("with a torn end of the log, it has exactly what was whole before the tear")
    func torn() throws {
        // What is read back is what was written, so memory does as well as a disk, and is faster.
        let folder = try TemporaryFolder(under: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil)
        let harness = try fileHarness(folder.path + "/store.db")
        let start = harness.store.revision.value
        var chance = SplitMix64(state: 5)
        // Where the log ends after each commit: what is torn behind that point cannot touch the commit.
        var ends = [try Files.read(folder.path + "/store.db-wal").count]
        for number in 0..<120 {
            let size = Int(chance.next() % 9000)
            try harness.write(.create("/n/\(number)", [UInt8](repeating: UInt8(number), count: size)))
            ends.append(try Files.read(folder.path + "/store.db-wal").count)
        }
        let file = try Files.read(folder.path + "/store.db")
        let log = try Files.read(folder.path + "/store.db-wal")
        try harness.closeAndWait()
        #expect(ends.last == log.count, "no checkpoint came between")
        for point in 0..<400 {
            let length = ends[0] + Int(chance.next() % UInt64(log.count - ends[0] + 1))
            var bytes = log
            switch point % 3 {
            case 0: bytes.removeLast(log.count - length)
            case 1:
                bytes.removeLast(log.count - length)
                bytes += [UInt8](repeating: 0, count: log.count - length)
            default:
                for index in length..<min(log.count, length + 4096) {
                    bytes[index] = UInt8(truncatingIfNeeded: chance.next())
                }
            }
            try Files.write(folder.path + "/torn.db", file)
            try Files.write(folder.path + "/torn.db-wal", bytes)
            unlink(folder.path + "/torn.db-shm")
            let torn = try fileHarness(folder.path + "/torn.db")
            let whole = ends.lastIndex { $0 <= length } ?? 0
            // A page whose torn bytes happened to be what they replace is whole: zeros for zeros.
            let expected = point % 3 == 1 ? wholeCommits(log, bytes, from: length, ends) : whole
            try #require(torn.store.revision.value == start + Int64(expected), "torn at \(length) of \(log.count)")
            try #require(torn.store.range(prefix: "/n/").objects.count == expected, "torn at \(length)")
            try torn.put("/after", "1")
            try torn.closeAndWait()
        }
    }

    /// How many commits are the same bytes in both logs.
    private func wholeCommits(_ log: [UInt8], _ torn: [UInt8], from tear: Int, _ ends: [Int]) -> Int {
        var same = tear
        while same < log.count, log[same] == torn[same] { same += 1 }
        return ends.lastIndex { $0 <= same } ?? 0
    }

    @Test("on a full disk reads go on, writes are refused with the file and the room, and it recovers by itself")
    func fullDisk() throws {
        let tool = try #require(Child.tool, "martinet-store-bench is built beside the tests")
        guard geteuid() == 0 else { return skip("a small disk can be mounted by root alone") }
        let folder = try TemporaryFolder()
        // The mount lives in a namespace that goes with the child.
        let script = "mount -t tmpfs -o size=6m store-full \"$1\" && exec \"$2\" full \"$1\""
        let child = try Child([
            "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", folder.path, tool,
        ])
        var lines: [String] = []
        while let line = child.line() { lines.append(line) }
        #expect(child.wait() == 0 && lines.last?.hasPrefix("done: ") == true, "\(lines)")
    }

    private func skip(_ why: String) { Log.standardError("skipped: \(why)") }
}
