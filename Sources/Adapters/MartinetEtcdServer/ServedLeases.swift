import MartinetBase
import MartinetEtcdMessages
import MartinetStore
import Synchronization

/// The leases: what they are is in the store, when they end is in memory, as in etcd. After a start each has its whole time
/// again.
final class ServedLeases: Sendable {
    struct Lease: Sendable {
        var granted: Int64
        var ends: Duration
        var keys: Set<String> = []
    }

    private struct State {
        var leases: [Int64: Lease] = [:]
        var ofKey: [String: Int64] = [:]
    }

    private let runtime: any Runtime
    private let state = Mutex(State())

    init(runtime: any Runtime) { self.runtime = runtime }

    /// Reads what is in the store.
    func load(_ store: any ObjectStore) throws(StoreError) {
        for object in try store.range(prefix: ServedKeys.hidden).objects { put(object.key, object.value) }
    }

    /// Follows the store: what it says counts, and not what was asked of it.
    func observed(_ events: [StoreEvent]) {
        for event in events where event.key.utf8.first == 1 {
            switch event.kind {
            case .put: put(event.key, event.value)
            case .delete: delete(event.key)
            }
        }
    }

    private func put(_ key: String, _ value: [UInt8]) {
        guard let number = Int64(String(decoding: value, as: UTF8.self)) else { return }
        let now = runtime.monotonic()
        state.withLock { state in
            if let id = ServedKeys.id(ofLease: key), key.hasPrefix(ServedKeys.leases) {
                let keys = state.leases[id]?.keys ?? []
                state.leases[id] = Lease(granted: number, ends: now + .seconds(number), keys: keys)
            } else if key.hasPrefix(ServedKeys.attachments) {
                let user = String(key.dropFirst(ServedKeys.attachments.count))
                if let old = state.ofKey[user] { state.leases[old]?.keys.remove(user) }
                state.ofKey[user] = number
                // A key may be read before its lease, whose record sorts after it.
                state.leases[number, default: Lease(granted: 0, ends: now + .seconds(60))].keys.insert(user)
            }
        }
    }

    private func delete(_ key: String) {
        state.withLock { state in
            if key.hasPrefix(ServedKeys.leases) {
                if let id = ServedKeys.id(ofLease: key) { state.leases[id] = nil }
            } else if key.hasPrefix(ServedKeys.attachments) {
                let user = String(key.dropFirst(ServedKeys.attachments.count))
                if let old = state.ofKey.removeValue(forKey: user) { state.leases[old]?.keys.remove(user) }
            }
        }
    }

    var isEmpty: Bool { state.withLock { $0.leases.isEmpty } }
    func lease(of key: String) -> Int64 { state.withLock { $0.ofKey[key] ?? 0 } }
    func find(_ id: Int64) -> Lease? { state.withLock { $0.leases[id] } }
    var all: [Int64] { state.withLock { $0.leases.keys.sorted() } }

    /// Gives a lease its whole time again; nil where there is none.
    func renew(_ id: Int64) -> Int64? {
        let now = runtime.monotonic()
        return state.withLock { state in
            guard var lease = state.leases[id] else { return nil }
            lease.ends = now + .seconds(lease.granted)
            state.leases[id] = lease
            return lease.granted
        }
    }

    func secondsLeft(_ lease: Lease) -> Int64 { max(0, (lease.ends - runtime.monotonic()).components.seconds) }

    var ended: [Int64] {
        let now = runtime.monotonic()
        return state.withLock { state in state.leases.filter { $0.value.ends <= now }.keys.sorted() }
    }

    /// Deletes a lease with its keys, all at one revision.
    func revocation(_ id: Int64) -> Transaction? {
        guard let lease = find(id) else { return nil }
        var operations: [Transaction.Operation] = []
        // Two operations a key; what does not fit goes with the next round, which the lease waits for.
        let keys = lease.keys.sorted().prefix(Transaction.operationsMax / 2 - 1)
        for key in keys { operations += [.delete(key: key), .delete(key: ServedKeys.attachment(key))] }
        if keys.count == lease.keys.count { operations.append(.delete(key: ServedKeys.lease(id))) }
        return Transaction(operations: operations)
    }
}
