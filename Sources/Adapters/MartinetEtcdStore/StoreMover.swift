package import MartinetStore
import Synchronization

/// Copies what one store holds to another: objects, in the order of their last writes, with the times at which they end.
///
/// Revisions never go back: the target first comes to the source's newest one, so that whatever was read from the source is
/// older than everything in the target. At the end the target's history begins: who watches from a revision of the source
/// is told once that it is gone.
package struct StoreMover {
    package struct Report: Sendable {
        package let objects: Int
        package let revision: Revision
    }

    private let source: any ObjectStore
    private let target: any ObjectStore
    private let scope: String
    /// Written and deleted again, only so that revisions pass.
    private var filler: String { scope + "martinet.moving" }

    package init(source: any ObjectStore, target: any ObjectStore, scope: String = "/registry/") {
        self.source = source
        self.target = target
        self.scope = scope
    }

    package func run() throws -> Report {
        guard try target.range(prefix: scope, limit: 1).objects.isEmpty else {
            throw StoreError(.invalid, "the target holds objects under \(scope) already, an empty one is needed")
        }
        let found = try source.range(prefix: scope)
        try pass(to: found.revision)
        let objects = found.objects.sorted { a, b in
            a.modified == b.modified
                ? a.key.utf8.lexicographicallyPrecedes(b.key.utf8) : a.modified < b.modified
        }
        var last = try commit([Transaction(operations: [.delete(key: filler)])]) ?? target.revision
        // One after the other where the target may change the order of what is under way.
        let window = target.isShared ? 1 : 512
        var at = 0
        while at < objects.count {
            let piece = objects[at..<min(objects.count, at + window)]
            last = try commit(piece.map { .create($0.key, $0.value, expires: $0.expires) }) ?? last
            at += window
        }
        try verify(found)
        target.compact(before: last)
        return Report(objects: objects.count, revision: last)
    }

    private func pass(to revision: Revision) throws {
        while target.revision < revision {
            let count = min(1024, revision.value - target.revision.value)
            // Different keys: writes of one key wait for each other.
            _ = try commit((0..<count).map { Transaction(operations: [.put(key: "\(filler).\($0)", value: [])]) })
        }
        let fillers = try target.range(prefix: filler).objects
        _ = try commit(fillers.map { Transaction(operations: [.delete(key: $0.key)]) })
    }

    /// Commits all and waits; the last one's revision.
    private func commit(_ transactions: [Transaction]) throws -> Revision? {
        guard !transactions.isEmpty else { return nil }
        let answers = Awaited<Result<Revision, StoreError>>()
        let counter = CommitCounter(transactions.count, done: answers)
        for transaction in transactions { target.commit(transaction) { counter.answered($0) } }
        return try answers.wait().get()
    }

    private func verify(_ expected: RangeResult) throws {
        let found = try target.range(prefix: scope)
        let same =
            found.objects.count == expected.objects.count
            && zip(found.objects, expected.objects).allSatisfy {
                $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value && $0.modified > expected.revision
            }
        guard same else {
            throw StoreError(.corrupt, "what is in the target is not what was in the source; something wrote meanwhile")
        }
    }
}

/// Counts answers.
private final class CommitCounter: Sendable {
    private let state: Mutex<(left: Int, last: Revision, error: StoreError?)>
    private let done: Awaited<Result<Revision, StoreError>>

    init(_ count: Int, done: Awaited<Result<Revision, StoreError>>) {
        state = Mutex((count, .none, nil))
        self.done = done
    }

    func answered(_ result: Result<CommitOutcome, StoreError>) {
        let finished: Result<Revision, StoreError>? = state.withLock { state in
            state.left -= 1
            switch result {
            case .success(.committed(let revision, _)): state.last = max(state.last, revision)
            case .success(.conflict(let key, _)):
                state.error = StoreError(.invalid, "\(key) came into the target meanwhile")
            case .failure(let error): state.error = error
            }
            guard state.left == 0 else { return nil }
            return state.error.map { .failure($0) } ?? .success(state.last)
        }
        if let finished { done.set(finished) }
    }
}
