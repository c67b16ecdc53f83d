import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

@Suite struct SnapshotTests {
    private func fill(_ harness: StoreHarness, _ count: Int) throws {
        for start in stride(from: 0, to: count, by: 100) {
            try harness.write(
                Transaction(
                    operations: (start..<min(start + 100, count)).map {
                        .put(key: "/n/\($0)", value: Array("value \($0)".utf8))
                    }))
        }
    }

    @Test("a copy that is made while somebody writes is one revision, with its history")
    func save() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let harness = try fileHarness(path)
        try fill(harness, 1000)
        let before = try harness.put("/n/1", "changed")
        let written = Recorder<Bool>()
        for number in 0..<300 { harness.store.commit(.create("/more/\(number)", [1])) { _ in written.append(true) } }
        let summary = try StoreSnapshot.save(path, to: folder.path + "/copy.db")
        #expect(harness.wait(.seconds(60)) { written.all.count == 300 })
        #expect(summary.revision >= before)
        #expect(try StoreSnapshot.verify(folder.path + "/copy.db") == [])
        let copy = try fileHarness(folder.path + "/copy.db")
        #expect(copy.store.revision == summary.revision)
        let theirs = try harness.store.range(prefix: "", from: nil, limit: 0, at: summary.revision).objects
        #expect(try copy.store.range(prefix: "").objects == theirs)
        #expect(try copy.store.get("/n/1", at: Revision(before.value - 1))?.value == Array("value 1".utf8))
        try copy.closeAndWait()
        try harness.closeAndWait()
    }

    @Test("a fork has what is there and goes on by itself, without the history")
    func fork() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let harness = try fileHarness(path)
        try fill(harness, 1000)
        let soon = harness.runtime.now().advanced(by: .seconds(3600))
        try harness.put("/lease", "1", expires: soon)
        let last = try harness.delete("/n/7")
        let summary = try StoreSnapshot.fork(path, to: folder.path + "/fork.db")
        #expect(summary.revision == last)
        #expect(summary.objects == 1000)
        #expect(try StoreSnapshot.verify(folder.path + "/fork.db") == [])
        let fork = try fileHarness(folder.path + "/fork.db")
        #expect(fork.store.revision == last)
        #expect(fork.store.compacted == last)
        #expect(try fork.store.range(prefix: "").objects == harness.store.range(prefix: "").objects)
        #expect(throws: StoreError.self) { try fork.store.get("/n/1", at: Revision(last.value - 1)) }
        let next = try fork.put("/n/1", "of the fork")
        #expect(next.value == last.value + 1)
        #expect(try harness.store.get("/n/1")?.value == Array("value 1".utf8))
        #expect(try fork.store.events(prefix: "", after: last, limit: 0).events.count == 1)
        try fork.closeAndWait()
        try harness.closeAndWait()
    }

    @Test("a restored store holds what the copy does, and no revision goes back")
    func restore() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let copy = folder.path + "/copy.db"
        var harness = try fileHarness(path)
        try fill(harness, 200)
        let saved = try StoreSnapshot.save(path, to: copy)
        let later = try harness.put("/later", "1")
        let error = #expect(throws: StoreError.self) { try StoreSnapshot.restore(copy, to: path) }
        #expect(error?.code == .locked)
        try harness.closeAndWait()
        _ = try StoreSnapshot.restore(copy, to: path)
        harness = try fileHarness(path)
        #expect(harness.store.revision > later)
        #expect(try harness.store.get("/later") == nil)
        #expect(try harness.store.range(prefix: "/n/").objects.count == 200)
        // Who watched is told to look again.
        #expect(throws: StoreError.self) { try harness.store.events(prefix: "", after: later, limit: 0) }
        try harness.closeAndWait()
        #expect(access(path + ".before-restore", F_OK) == 0)
        // In a place where nothing was, its history comes with it.
        _ = try StoreSnapshot.restore(copy, to: folder.path + "/new.db")
        let fresh = try fileHarness(folder.path + "/new.db")
        #expect(fresh.store.revision == saved.revision)
        #expect(fresh.store.compacted == .none)
        try fresh.closeAndWait()
    }

    @Test("a damaged copy is refused and changes nothing")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let copy = folder.path + "/copy.db"
        let harness = try fileHarness(path)
        try fill(harness, 500)
        _ = try StoreSnapshot.save(path, to: copy)
        try harness.closeAndWait()
        let whole = try Files.read(path)
        var bytes = try Files.read(copy)
        for index in stride(from: 4096 * 4, to: bytes.count, by: 4096 * 3) { bytes[index] = 0xFF }
        try Files.write(copy, bytes)
        #expect(throws: StoreError.self) { try StoreSnapshot.restore(copy, to: path) }
        #expect(try Files.read(path) == whole)
        #expect(throws: StoreError.self) { try StoreSnapshot.save(folder.path + "/none.db", to: copy) }
    }
}
