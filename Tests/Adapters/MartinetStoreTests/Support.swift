import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract

/// A folder of the test's own, removed with everything in it.
final class TemporaryFolder: Sendable {
    let path: String

    init(under parent: String? = nil) throws {
        var template = Array("\(parent ?? TemporaryFolder.root)/martinet-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var root: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    deinit {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink(path + "/" + name)
            }
            closedir(folder)
        }
        rmdir(path)
    }
}

enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer { close(file) }
        var information = stat()
        guard fstat(file, &information) == 0 else { throw SystemError.last("fstat", path) }
        var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
        guard Glibc.read(file, &bytes, bytes.count) == bytes.count else { throw SystemError.last("read", path) }
        return bytes
    }

    static func write(_ path: String, _ bytes: [UInt8]) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw SystemError.last("write", path) }
    }
}

/// Polls with short pauses until the condition holds or the time is over.
func waitUntil(_ limit: Duration, _ condition: () -> Bool) -> Bool {
    let runtime = ProductionRuntime()
    let deadline = runtime.monotonic() + limit
    while !condition() {
        if runtime.monotonic() > deadline { return condition() }
        usleep(100)
    }
    return true
}

func fileHarness(
    _ path: String, _ configuration: SQLiteStore.Configuration = quiet
) throws -> StoreHarness {
    let runtime = ProductionRuntime()
    let store = try SQLiteStore(path: path, runtime: runtime, configuration: configuration)
    return StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) })
}

func simulatedHarness(seed: UInt64) throws -> StoreHarness {
    let runtime = SimulatedRuntime(seed: seed)
    let store = try SQLiteStore(
        inMemory: "simulated", runtime: runtime, executor: runtime.executor(named: "store"), configuration: quiet)
    return StoreHarness(
        store: store, runtime: runtime, wait: { runtime.run(until: runtime.monotonic() + $0, $1) })
}

/// Failures that a test causes on purpose are no news.
let quiet = SQLiteStore.Configuration(log: Log(component: "store", sink: { _ in }))
extension StoreHarness {
    func closeAndWait() throws {
        let closed = Recorder<Bool>()
        store.close { closed.append(true) }
        guard wait(.seconds(30), { !closed.all.isEmpty }) else { throw ContractFailure("the store does not close") }
    }
}
