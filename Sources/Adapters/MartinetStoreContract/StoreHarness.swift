package import MartinetBase
package import MartinetStore
import Synchronization

/// A store under test and how to make its time pass.
package struct StoreHarness: Sendable {
    package let store: any ObjectStore
    package let runtime: any Runtime
    /// Lets the store work until the condition holds; false where it does not within the time.
    package let wait: @Sendable (_ limit: Duration, _ condition: () -> Bool) -> Bool

    package init(
        store: any ObjectStore, runtime: any Runtime,
        wait: @escaping @Sendable (_ limit: Duration, _ condition: () -> Bool) -> Bool
    ) {
        self.store = store
        self.runtime = runtime
        self.wait = wait
    }

    /// Commits and waits for the answer.
    package func commit(_ transaction: Transaction) throws -> CommitOutcome {
        let answers = Recorder<Result<CommitOutcome, StoreError>>()
        store.commit(transaction) { answers.append($0) }
        try expect(wait(.seconds(30), { !answers.all.isEmpty }), "a commit is answered")
        return try answers.all[0].get()
    }

    /// Commits what must succeed, and returns its revision.
    @discardableResult
    package func write(_ transaction: Transaction) throws -> Revision {
        let outcome = try commit(transaction)
        guard case .committed(let revision, _) = outcome else {
            throw ContractFailure("expected a commit, not \(outcome)")
        }
        return revision
    }

    @discardableResult
    package func put(_ key: String, _ value: String, expires: Timestamp? = nil) throws -> Revision {
        try write(Transaction(operations: [.put(key: key, value: Array(value.utf8), expires: expires)]))
    }

    @discardableResult
    package func delete(_ key: String) throws -> Revision {
        try write(Transaction(operations: [.delete(key: key)]))
    }
}

/// What happened, in order, from any thread.
package final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    package init() {}
    package func append(_ element: Element) { elements.withLock { $0.append(element) } }
    package func append(contentsOf more: [Element]) { elements.withLock { $0 += more } }
    package var all: [Element] { elements.withLock { $0 } }
}

/// A guarantee that did not hold.
package struct ContractFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw ContractFailure("does not hold: " + what()) }
}

func expectEqual<T: Equatable>(_ found: T, _ expected: T, _ what: @autoclosure () -> String) throws {
    if found != expected { throw ContractFailure("\(what()): expected \(expected), found \(found)") }
}

func expectCode(_ code: StoreError.Code, _ what: String, _ body: () throws -> Void) throws {
    do { try body() } catch let error as StoreError {
        return try expectEqual(error.code, code, what)
    }
    throw ContractFailure("\(what): expected \(code), found no error")
}
