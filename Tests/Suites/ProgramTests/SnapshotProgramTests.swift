import Glibc
import MartinetBase
import MartinetStore
import MartinetTesting
import Testing

/// `martinet snapshot` as people type it.
@Suite final class SnapshotProgramTests {
    private let folder: String
    private let program: String

    init() throws {
        var template = Array("/tmp/martinet-snapshot-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        program = try #require(Products.path("martinet"), "martinet is not built beside the tests")
    }

    deinit { try? Shell.run(["/bin/rm", "-rf", folder]) }

    private func snapshot(_ words: String...) throws -> Shell.Outcome {
        try Shell.run([program, "snapshot"] + words)
    }

    private func put(_ store: SQLiteStore, _ key: String, _ value: String) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            store.commit(Transaction(operations: [.put(key: key, value: Array(value.utf8))])) { result in
                done.resume(with: result.map { _ in }.mapError { $0 })
            }
        }
    }

    private func close(_ store: SQLiteStore) async {
        await withCheckedContinuation { done in store.close { done.resume() } }
    }

    @Test("a store in use is saved and forked; it is restored once it is closed, and what was there is kept")
    func roundTrip() async throws {
        let path = folder + "/store.db"
        let runtime = ProductionRuntime()
        var store = try SQLiteStore(path: path, runtime: runtime)
        try await put(store, "/a", "1")
        let saved = try snapshot("save", "--from=\(path)", "--to=\(folder)/copy.db")
        #expect(saved.code == 0 && saved.output.contains("1 objects"), "\(saved.output)")
        #expect(try snapshot("fork", "--from=\(path)", "--to=\(folder)/other/server/objects.db").code == 0)
        #expect(try snapshot("verify", "--from=\(folder)/copy.db").output == "\(folder)/copy.db: whole\n")
        try await put(store, "/a", "2")
        let early = try snapshot("restore", "--from=\(folder)/copy.db", "--to=\(path)")
        #expect(early.code == 1 && early.output.contains("has the store open"), "\(early.output)")
        await close(store)
        let restored = try snapshot("restore", "--from=\(folder)/copy.db", "--to=\(path)")
        #expect(restored.code == 0 && restored.output.contains(".before-restore"), "\(restored.output)")
        store = try SQLiteStore(path: path, runtime: runtime)
        #expect(try store.get("/a")?.value == Array("1".utf8))
        await close(store)
        store = try SQLiteStore(path: folder + "/other/server/objects.db", runtime: runtime)
        #expect(try store.get("/a")?.value == Array("1".utf8))
        await close(store)
    }

    @Test("what cannot be done is said, and changes nothing")
    func errors() async throws {
        let path = folder + "/store.db"
        let store = try SQLiteStore(path: path, runtime: ProductionRuntime())
        try await put(store, "/a", "1")
        let missing = try snapshot("save", "--from=\(folder)/none.db", "--to=\(folder)/copy.db")
        #expect(missing.code == 2 && missing.output.contains("ENOENT"), "\(missing.output)")
        try Shell.write("no store at all, but a text that is long enough for a page\n", to: folder + "/text")
        for verb in ["save", "fork"] {
            let foreign = try snapshot(verb, "--from=\(folder)/text", "--to=\(folder)/copy.db")
            #expect(foreign.code == 1 && foreign.output.contains("\(folder)/text"), "\(foreign.output)")
        }
        let over = try snapshot("fork", "--from=\(path)", "--to=\(path)")
        #expect(over.code == 2 && over.output.contains("not overwritten"), "\(over.output)")
        let open = try snapshot("restore", "--from=\(path)", "--to=\(folder)/new.db")
        #expect(open.code == 2 && open.output.contains("-wal"), "\(open.output)")
        let foreign = try snapshot("restore", "--from=\(folder)/text", "--to=\(folder)/new.db")
        #expect(foreign.code == 1, "\(foreign.output)")
        #expect(access(folder + "/copy.db", F_OK) != 0 && access(folder + "/new.db", F_OK) != 0)
        #expect(try snapshot("save", "--too=x").output.contains("there is no flag --too"))
        #expect(try snapshot("save", "--from=\(path)").output.contains("--to is needed"))
        #expect(try snapshot("sav").output.contains("there is no command \"sav\""))
        #expect(try snapshot("help").code == 0)
        await close(store)
    }

    @Test("a full disk is called that, and leaves no half copy")
    func fullDisk() async throws {
        let small = folder + "/small"
        mkdir(small, 0o700)
        guard geteuid() == 0, mount("none", small, "tmpfs", 0, "size=64k") == 0 else { return }
        defer { umount2(small, 0) }
        let path = folder + "/store.db"
        let store = try SQLiteStore(path: path, runtime: ProductionRuntime())
        for number in 0..<50 { try await put(store, "/\(number)", String(repeating: "x", count: 10_000)) }
        for verb in ["save", "fork"] {
            let full = try snapshot(verb, "--from=\(path)", "--to=\(small)/copy.db")
            #expect(full.code == 1 && full.output.contains("the disk is full"), "\(full.output)")
        }
        #expect(access(small + "/copy.db", F_OK) != 0 && access(small + "/copy.db.partial", F_OK) != 0)
        await close(store)
    }

    @Test("the window of history has flags, and what they mean is checked")
    func window() throws {
        for (flag, words) in [
            ("--history-age=5m", "a duration of 10m at least"), ("--history-bytes=1.5Gi", "a number of bytes"),
            ("--history-bytes=9999999999Ti", "a number of bytes"),
        ] {
            let outcome = try Shell.run([program, "server", flag])
            #expect(outcome.code == 1 && outcome.output.contains(words), "\(outcome.output)")
        }
        let etcd = ["--state=\(folder)/state", "--etcd-servers=http://127.0.0.1:1", "--history-age=1h"]
        let outcome = try Shell.run([program, "server"] + etcd)
        #expect(outcome.code == 1 && outcome.output.contains("an etcd keeps its own history"), "\(outcome.output)")
    }
}
