package import MartinetBase
package import MartinetStore
import Synchronization

/// Clients that read, write, replace and delete a few keys at the same time, and note what they were told.
package final class KeyClients: Sendable {
    private struct Client {
        var chance: SplitMix64
        var left: Int
        /// What it read last of each key: what its next replacement expects.
        var known: [String: (value: Int?, modified: Revision)] = [:]
    }

    private let store: any ObjectStore
    private let runtime: any Runtime
    private let history: KeyHistory
    private let keys: [String]
    /// Whether answers still come from a living process: who was killed has told nobody anything.
    private let isAlive: @Sendable () -> Bool
    private let executors: [any SerialExecutorPort]
    private let clients: Mutex<[Client]>

    package init(
        _ store: any ObjectStore, _ runtime: any Runtime, _ history: KeyHistory, clients: Int = 6, keys: Int = 3,
        operations: Int, seed: UInt64, isAlive: @escaping @Sendable () -> Bool = { true }
    ) {
        self.store = store
        self.runtime = runtime
        self.history = history
        self.keys = (0..<keys).map { "/keys/\($0)" }
        self.isAlive = isAlive
        executors = (0..<clients).map { runtime.executor(named: "client-\($0)") }
        self.clients = Mutex(
            (0..<clients).map { Client(chance: SplitMix64(state: seed &* 1000 &+ UInt64($0)), left: operations) })
    }

    package func start() { for number in executors.indices { next(number) } }
    package var isDone: Bool { clients.withLock { $0.allSatisfy { $0.left == 0 } } }

    private func next(_ number: Int) { executors[number].submit { self.step(number) } }

    private func step(_ number: Int) {
        let (choice, key, known) = clients.withLock {
            clients -> (UInt64?, String, (value: Int?, modified: Revision)?) in
            guard clients[number].left > 0 else { return (nil, "", nil) }
            clients[number].left -= 1
            let key = keys[Int(clients[number].chance.next() % UInt64(keys.count))]
            return (clients[number].chance.next() % 8, key, clients[number].known[key])
        }
        guard let choice else { return }
        switch (choice, known) {
        case (3...4, _): write(number, key, Transaction(operations: []), expected: nil, isBlind: true, deletes: false)
        case (5...6, let known?), (7, let known?):
            let condition = Transaction.Condition(key: key, modified: known.modified)
            write(
                number, key, Transaction(conditions: [condition], operations: []), expected: known.value,
                isBlind: false,
                deletes: choice == 7 && known.value != nil)
        default: read(number, key)
        }
    }

    private func read(_ number: Int, _ key: String) {
        let called = history.now()
        do {
            let object = try store.get(key)
            let value = object.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) }
            if isAlive() {
                history.note(.init(key: key, kind: .read(found: value), called: called, answered: history.now()))
            }
            clients.withLock { $0[number].known[key] = (value, object?.modified ?? .none) }
        } catch {
            // Who is told of a failure has read nothing.
        }
        next(number)
    }

    private func write(
        _ number: Int, _ key: String, _ conditions: Transaction, expected: Int?, isBlind: Bool, deletes: Bool
    ) {
        var transaction = conditions
        let value = history.newValue()
        transaction.operations = [deletes ? .delete(key: key) : .put(key: key, value: Array("\(value)".utf8))]
        let kind: KeyHistory.Operation.Kind =
            isBlind ? .write(value) : deletes ? .delete(expected: expected) : .replace(expected: expected, value)
        let called = history.now()
        store.commit(transaction) { [self] result in
            defer { next(number) }
            guard isAlive() else {
                return history.note(.init(key: key, kind: kind, called: called, answered: nil))
            }
            switch result {
            case .success(.committed(let revision, _)):
                history.note(.init(key: key, kind: kind, called: called, answered: history.now()))
                clients.withLock { $0[number].known[key] = deletes ? (nil, .none) : (value, revision) }
            case .success(.conflict(_, let current)):
                let found = current.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) }
                history.note(
                    .init(
                        key: key, kind: .refused(expected: expected, found: found), called: called,
                        answered: history.now()))
                clients.withLock { $0[number].known[key] = (found, current?.modified ?? .none) }
            case .failure(let error):
                // Any other failure says that nothing was written: what then is read of it cannot be explained.
                guard error.code == .unknownOutcome else { return }
                history.note(.init(key: key, kind: kind, called: called, answered: nil))
            }
        }
    }
}

extension ObjectStoreContract {
    /// Clients beside each other, whose answers one order must explain.
    package static let concurrency: [Case] = [
        Case(name: "operations of concurrent clients on one key are linearizable") { harness in
            let history = KeyHistory()
            let clients = KeyClients(harness.store, harness.runtime, history, operations: 60, seed: 1)
            clients.start()
            try expect(
                harness.wait(.seconds(120)) { clients.isDone && history.operations.count >= 360 }, "all are answered")
            try history.check()
        }
    ]
}
