import MartinetStore

/// What a store may hold, told from outside: what was acknowledged, and what nobody knows the outcome of.
struct FaultModel {
    typealias State = [String: StoredObject]

    private(set) var revision = Revision.initial
    private(set) var state: State = [:]
    /// States of the last revisions, for reads of the past.
    private(set) var past: [Int64: State] = [1: [:]]
    private(set) var events: [StoreEvent] = []
    /// Submitted, in order, without an answer that counts.
    private(set) var open: [Transaction] = []

    static let pastMax: Int64 = 100

    mutating func noteUnknown(_ transaction: Transaction) { open.append(transaction) }

    /// Applies what the store says it has committed. Returns what it should have said.
    mutating func commit(_ transaction: Transaction) -> CommitOutcome {
        for condition in transaction.conditions where (state[condition.key]?.modified ?? .none) != condition.modified {
            return .conflict(key: condition.key, current: state[condition.key])
        }
        let next = Revision(revision.value + 1)
        var previous: [StoredObject?] = []
        var changes: [StoreEvent] = []
        for operation in transaction.operations {
            let old = state[operation.key]
            previous.append(old)
            switch operation {
            case .put(let key, let value, let expires):
                let object = StoredObject(
                    key: key, value: value, created: old?.created ?? next, modified: next,
                    version: (old?.version ?? 0) + 1, expires: expires)
                state[key] = object
                changes.append(
                    StoreEvent(
                        revision: next, kind: .put, key: key, value: value, created: object.created,
                        version: object.version, previous: old))
            case .delete(let key):
                guard let old else { continue }
                state[key] = nil
                changes.append(
                    StoreEvent(
                        revision: next, kind: .delete, key: key, value: [], created: old.created,
                        version: old.version, previous: old))
            }
        }
        if changes.isEmpty { return .committed(revision, previous: previous) }
        revision = next
        events += changes
        past[next.value] = state
        past[next.value - FaultModel.pastMax] = nil
        return .committed(next, previous: previous)
    }

    /// Takes over what a store came back with: everything acknowledged, and a beginning of what was open.
    /// Throws where that is not so.
    mutating func recover(_ found: Revision, _ objects: [StoredObject]) throws(FaultFailure) {
        if found < revision {
            throw FaultFailure("acknowledged up to revision \(revision), but only \(found) came back")
        }
        for transaction in open where revision < found { _ = commit(transaction) }
        open = []
        if found != revision { throw FaultFailure("revision \(found) came back, which nobody asked for") }
        if Dictionary(objects.map { ($0.key, $0) }, uniquingKeysWith: { $1 }) != state {
            throw FaultFailure("the state at \(found) is not what was committed")
        }
    }

    /// Events that no later check needs.
    mutating func forgetEvents() { events = [] }
}

/// A guarantee that did not hold under faults.
package struct FaultFailure: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
