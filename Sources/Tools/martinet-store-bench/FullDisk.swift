import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// Fills the small disk under `folder` with the store, checks what a user meets there, makes room and goes on.
struct FullDisk {
    struct Failure: Error { let what: String }
    let folder: String
    /// That the disk is full is no news here.
    private let quiet = SQLiteStore.Configuration(log: Log(component: "store", sink: { _ in }))

    init(folder: String) { self.folder = folder }

    func run() throws {
        let path = folder + "/store.db"
        let ballast = folder + "/ballast"
        try fill(ballast, bytes: 1 << 20)
        var store = try SQLiteStore(path: path, runtime: ProductionRuntime(), configuration: quiet)
        var acknowledged: [String: Int] = [:]
        var number = 0
        var messages: Set<String> = []
        // Ever smaller values, until not even an empty one finds room.
        for size in [65_536, 4096, 512, 0] {
            var failures = 0
            while failures < 3 {
                number += 1
                switch write(store, "/fill/\(number)", size) {
                case .success:
                    acknowledged["/fill/\(number)"] = size
                    failures = 0
                case .failure(let error):
                    guard case .noSpace = error.code else { throw Failure(what: "expected noSpace, not \(error)") }
                    messages.insert("\(error)")
                    failures += 1
                }
            }
        }
        guard let message = messages.first(where: { $0.contains(path) && $0.contains("bytes are free") }) else {
            throw Failure(what: "no message names the file and the room: \(messages)")
        }
        say("message: \(message)")
        try check(store, acknowledged, "while the disk is full")
        unlink(ballast)
        guard case .success = write(store, "/after", 100_000) else { throw Failure(what: "no write with room again") }
        acknowledged["/after"] = 100_000
        try check(store, acknowledged, "with room again")
        let closed = Waiter(1)
        store.close { closed.done() }
        closed.wait()
        store = try SQLiteStore(path: path, runtime: ProductionRuntime(), configuration: quiet)
        try check(store, acknowledged, "opened again")
        say("done: \(acknowledged.count) writes were acknowledged")
    }

    private func write(_ store: SQLiteStore, _ key: String, _ size: Int) -> Result<CommitOutcome, StoreError> {
        let answer = Answer()
        store.commit(.create(key, [UInt8](repeating: 7, count: size))) { answer.set($0) }
        return answer.get()
    }

    private func check(_ store: SQLiteStore, _ expected: [String: Int], _ when: String) throws {
        let found = try store.range(prefix: "").objects
        guard Dictionary(found.map { ($0.key, $0.value.count) }, uniquingKeysWith: { $1 }) == expected else {
            throw Failure(what: "\(when): \(found.count) objects instead of \(expected.count)")
        }
        for (key, size) in expected where try store.get(key)?.value.count != size {
            throw Failure(what: "\(when): \(key) is not as it was acknowledged")
        }
    }

    private func fill(_ path: String, bytes: Int) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer { close(file) }
        guard Glibc.write(file, [UInt8](repeating: 1, count: bytes), bytes) == bytes else {
            throw SystemError.last("write", path)
        }
    }
}

/// The answer to one commit.
final class Answer: Sendable {
    private let result = Mutex<Result<CommitOutcome, StoreError>?>(nil)
    private let waiter = Waiter(1)

    func set(_ new: Result<CommitOutcome, StoreError>) {
        result.withLock { $0 = new }
        waiter.done()
    }

    func get() -> Result<CommitOutcome, StoreError> {
        waiter.wait()
        return result.withLock { $0 } ?? .failure(StoreError(.io, "no answer"))
    }
}
