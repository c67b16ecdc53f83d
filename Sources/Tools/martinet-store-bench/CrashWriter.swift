import Glibc
import MartinetBase
import MartinetStore
import Synchronization

/// Writes without an end and says on standard output what was acknowledged, until it is killed.
///
/// `A <revision> <number>`: the transaction `number` was acknowledged; it wrote `/left/K` and `/right/K` with K its
/// number modulo 500, both with the value of `payload`. `S <revision>`: a read served the state at that revision.
struct CrashWriter {
    let path: String
    let first: Int

    static func payload(_ number: Int) -> [UInt8] {
        Array("\(number):".utf8) + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 37 % 3000)
    }

    func run() throws {
        let store = try SQLiteStore(path: path, runtime: ProductionRuntime())
        say("O \(store.revision)")
        let numbers = Numbers(first)
        for _ in 0..<32 { CrashWriter.writeNext(store, numbers) }
        while true {
            let range = try store.range(prefix: "/left/", from: nil, limit: 3, at: nil)
            say("S \(range.revision)")
            store.compact(before: Revision(range.revision.value - 300))
            usleep(2000)
        }
    }

    private static func writeNext(_ store: SQLiteStore, _ numbers: Numbers) {
        let number = numbers.take()
        let value = payload(number)
        let key = number % 500
        let transaction = Transaction(operations: [
            .put(key: "/left/\(key)", value: value), .put(key: "/right/\(key)", value: value),
        ])
        store.commit(transaction) { result in
            switch result {
            case .success(.committed(let revision, _)): say("A \(revision) \(number)")
            default: say("failed: \(result)")
            }
            writeNext(store, numbers)
        }
    }
}

private final class Numbers: Sendable {
    private let next: Mutex<Int>
    init(_ first: Int) { next = Mutex(first) }
    func take() -> Int {
        next.withLock { next in
            defer { next += 1 }
            return next
        }
    }
}
