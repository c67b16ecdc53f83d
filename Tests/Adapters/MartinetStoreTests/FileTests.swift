import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

@Suite struct FileTests {
    @Test("a second store on the same file is refused, with the process that has it")
    func locked() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let harness = try fileHarness(path)
        let error = #expect(throws: StoreError.self) { try fileHarness(path) }
        #expect(error?.code == .locked)
        #expect(error?.message == "\(path): process \(getpid()) has the store open")
        try harness.closeAndWait()
        try fileHarness(path).closeAndWait()
    }

    @Test("only its owner may read a store, which holds secrets")
    func mode() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let harness = try fileHarness(path)
        try harness.put("/secret", "1")
        for suffix in ["", "-wal", "-shm", ".lock"] {
            var information = stat()
            #expect(stat(path + suffix, &information) == 0)
            #expect(information.st_mode & 0o777 == 0o600, "\(path)\(suffix)")
        }
        try harness.closeAndWait()
    }

    @Test("what is no store, or damaged, is refused by its name and left as it is")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        let text = Array(String(repeating: "this is no database. ", count: 500).utf8)
        try Files.write(path, text)
        var error = #expect(throws: StoreError.self) { try fileHarness(path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.hasPrefix(path) == true)
        #expect(try Files.read(path) == text)
        unlink(path)
        let harness = try fileHarness(path)
        for number in 0..<300 { try harness.put("/n/\(number)", String(repeating: "x", count: 500)) }
        try harness.closeAndWait()
        var bytes = try Files.read(path)
        for page in stride(from: 4096 * 5, to: bytes.count - 4096, by: 4096 * 7) {
            for index in page..<page + 64 { bytes[index] = 0xA5 }
        }
        try Files.write(path, bytes)
        error = #expect(throws: StoreError.self) { try fileHarness(path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.hasPrefix(path) == true)
    }

    @Test("a newer format, or another program's file, is refused by its name")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        try fileHarness(path).closeAndWait()
        var bytes = try Files.read(path)
        // Offsets 60 and 68 of the header: user version and application id (sqlite.org, "Database File Format", 1.3).
        bytes.replaceSubrange(60..<64, with: [0, 0, 0, 9])
        try Files.write(path, bytes)
        var error = #expect(throws: StoreError.self) { try fileHarness(path) }
        #expect(error?.code == .newerFormat(9))
        bytes.replaceSubrange(68..<72, with: [1, 2, 3, 4])
        try Files.write(path, bytes)
        error = #expect(throws: StoreError.self) { try fileHarness(path) }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("no store of martinet") == true)
    }

    @Test("history, expiry and deletions outlive a restart")
    func reopened() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        var harness = try fileHarness(path)
        let start = harness.store.revision
        let soon = Timestamp(microseconds: harness.runtime.now().microseconds + 400_000)
        let lease = try harness.put("/lease", "1", expires: soon)
        try harness.put("/a", "1")
        let last = try harness.delete("/a")
        let events = try harness.store.events(prefix: "", after: start, limit: 0)
        try harness.closeAndWait()
        #expect(access(path + "-wal", F_OK) != 0, "an orderly end leaves one file")
        harness = try fileHarness(path)
        #expect(try harness.store.get("/lease", at: lease)?.expires == soon)
        let found = try harness.store.events(prefix: "", after: start, limit: 3)
        #expect(found.events == events.events)
        let again = harness
        #expect(harness.wait(.seconds(30)) { again.store.revision.value == last.value + 1 })
        #expect(try harness.store.get("/lease") == nil)
        harness.store.compact(before: harness.store.revision)
        #expect(harness.wait(.seconds(30)) { again.store.compacted == again.store.revision })
        try harness.closeAndWait()
        harness = try fileHarness(path)
        #expect(harness.store.revision.value == last.value + 1, "the revision does not go back with its rows")
        #expect(try harness.write(.create("/a", [])).value == last.value + 2)
        try harness.closeAndWait()
    }

    @Test("compaction gives the space back")
    func space() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/store.db"
        var configuration = quiet
        configuration.idle = .milliseconds(100)
        let harness = try fileHarness(path, configuration)
        // Two hundred transactions of ten, so that the disk is not what is measured.
        for round in 0..<200 {
            let value = [UInt8](repeating: UInt8(round), count: 8000)
            try harness.write(Transaction(operations: (0..<10).map { .put(key: "/n/\($0)", value: value) }))
        }
        let grown = sizeOfFile(path) + sizeOfFile(path + "-wal")
        #expect(grown > 16_000_000)
        harness.store.compact(before: harness.store.revision)
        #expect(
            harness.wait(.seconds(60)) { sizeOfFile(path) + sizeOfFile(path + "-wal") < 3 << 20 },
            "it grew to \(grown) bytes and still has \(sizeOfFile(path))")
        #expect(try harness.store.range(prefix: "/n/").objects.count == 10)
        try harness.closeAndWait()
    }

    @Test("more waiting than may wait is refused at once")
    func overloaded() throws {
        let runtime = SimulatedRuntime(seed: 1)
        var configuration = quiet
        configuration.waitingMax = 10
        let store = try SQLiteStore(
            inMemory: "small", runtime: runtime, executor: runtime.executor(named: "store"),
            configuration: configuration)
        let answers = Recorder<Bool>()
        for number in 0..<15 {
            store.commit(.create("/\(number)", [])) { result in
                switch result {
                case .success: answers.append(true)
                case .failure(let error): answers.append(error.code != .overloaded)
                }
            }
        }
        #expect(answers.all == Array(repeating: false, count: 5))
        _ = runtime.run(until: .seconds(1)) { answers.all.count == 15 }
        #expect(answers.all.filter { $0 }.count == 10)
    }

    private func sizeOfFile(_ path: String) -> Int {
        var information = stat()
        return stat(path, &information) == 0 ? Int(information.st_size) : 0
    }
}

@Suite struct KeyIndexTests {
    @Test("an index agrees with a list, also where hashes collide", arguments: 1...20)
    func agrees(_ seed: UInt64) {
        var generator = SplitMix64(state: seed)
        var index = KeyIndex()
        var list: [(hash: UInt64, row: Int64)] = []
        for step in 1...2000 {
            let hash = generator.next() % 97 &* (seed % 2 == 0 ? 1 : 0x9E37_79B9)
            if !list.isEmpty, generator.next() % 5 < 2 {
                let gone = list.remove(at: Int(generator.next() % UInt64(list.count)))
                index.remove(gone.hash, row: gone.row)
            } else {
                list.append((hash, Int64(step)))
                index.insert(hash, row: Int64(step))
            }
            let found = index.rows(hash).sorted()
            #expect(found == list.filter { $0.hash == hash }.map(\.row).sorted())
        }
        #expect(index.count == list.count)
    }
}
