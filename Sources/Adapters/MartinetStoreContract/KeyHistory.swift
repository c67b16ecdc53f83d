import MartinetStore
import Synchronization

/// What clients did to keys and what they were told, with the order in which they asked and heard.
///
/// Every value that is written is a number of its own, so that a read tells which write it saw.
package final class KeyHistory: Sendable {
    package struct Operation: Sendable {
        package enum Kind: Sendable, Hashable {
            case read(found: Int?)
            /// Succeeded, or nobody knows.
            case write(Int)
            /// Succeeded, or nobody knows: the key held `expected` (nil: did not exist) just before.
            case replace(expected: Int?, Int)
            case delete(expected: Int?)
            /// Refused, because the key held something else.
            case refused(expected: Int?, found: Int?)
        }

        package var key: String
        package var kind: Kind
        package var called: Int
        /// Nil: no answer, or one that says that nobody knows.
        package var answered: Int?

        package init(key: String, kind: Kind, called: Int, answered: Int?) {
            self.key = key
            self.kind = kind
            self.called = called
            self.answered = answered
        }
    }

    private let state = Mutex<(operations: [Operation], clock: Int, values: Int)>(([], 0, 0))

    package init() {}

    package var operations: [Operation] { state.withLock { $0.operations } }

    /// A moment after all that were taken before.
    package func now() -> Int {
        state.withLock { state in
            state.clock += 1
            return state.clock
        }
    }

    /// A value that nobody has written yet.
    package func newValue() -> Int {
        state.withLock { state in
            state.values += 1
            return state.values
        }
    }

    package func note(_ operation: Operation) { state.withLock { $0.operations.append(operation) } }

    /// Throws `ContractFailure` where there is no order of the operations that explains every answer and keeps to what was
    /// heard before something else was asked (Herlihy and Wing, "Linearizability", 1990).
    package func check() throws {
        let byKey = Dictionary(grouping: operations, by: \.key)
        for (key, operations) in byKey.sorted(by: { $0.key < $1.key }) {
            var search = LinearizationSearch(operations)
            guard search.succeeds() else {
                throw ContractFailure(
                    "the \(operations.count) operations on \(key) are not linearizable: \(search.stuckAt)")
            }
        }
    }
}

/// Looks for one order of operations on one key (Wing and Gong, 1993; with memory of where it has been, Lowe, 2017).
struct LinearizationSearch {
    private struct Place: Hashable {
        let done: [UInt64]
        let value: Int?
    }

    private let operations: [KeyHistory.Operation]
    private var done: [UInt64]
    private var seen: Set<Place> = []
    /// How many of those that must be explained were, at best.
    private var best = 0
    private var bestPlace = ""

    init(_ all: [KeyHistory.Operation]) {
        // A write that nobody heard of and nobody saw may as well not have been.
        var observed: Set<Int> = []
        for operation in all {
            switch operation.kind {
            case .read(let found): if let found { observed.insert(found) }
            case .refused(_, let found): if let found { observed.insert(found) }
            case .replace(let expected, _), .delete(let expected): if let expected { observed.insert(expected) }
            case .write: break
            }
        }
        operations = all.filter { operation in
            if operation.answered != nil { return true }
            switch operation.kind {
            case .write(let value), .replace(_, let value): return observed.contains(value)
            case .delete: return true
            case .read, .refused: return false
            }
        }.sorted { $0.called < $1.called }
        done = Array(repeating: 0, count: (operations.count + 63) / 64)
    }

    var stuckAt: String { bestPlace }

    /// A search with a stack of its own, so that long histories do not need a deep one.
    mutating func succeeds() -> Bool {
        struct Frame {
            let value: Int?
            var candidates: [Int]
            let chosen: Int?
        }
        var left = operations.filter { $0.answered != nil }.count
        let whole = left
        var stack = [Frame(value: nil, candidates: candidates(), chosen: nil)]
        while var frame = stack.popLast() {
            if left == 0 { return true }
            guard let index = frame.candidates.popLast() else {
                if let chosen = frame.chosen {
                    done[chosen / 64] &= ~(1 << UInt64(chosen % 64))
                    if operations[chosen].answered != nil { left += 1 }
                }
                continue
            }
            stack.append(frame)
            guard let next = LinearizationSearch.apply(operations[index].kind, to: frame.value) else {
                if whole - left >= best {
                    best = whole - left
                    bestPlace =
                        "after \(best) of \(whole), with \(frame.value.map(String.init) ?? "nothing") there, "
                        + "\(operations[index]) cannot follow"
                }
                continue
            }
            done[index / 64] |= 1 << UInt64(index % 64)
            guard seen.insert(Place(done: done, value: next)).inserted else {
                done[index / 64] &= ~(1 << UInt64(index % 64))
                continue
            }
            if operations[index].answered != nil { left -= 1 }
            stack.append(Frame(value: next, candidates: candidates(), chosen: index))
        }
        return left == 0
    }

    /// Those that may come next: asked before any that is left was answered. The last is tried first: those with an answer,
    /// by when they were called.
    private func candidates() -> [Int] {
        var earliest = Int.max
        var found: [Int] = []
        for (index, operation) in operations.enumerated() where done[index / 64] & (1 << UInt64(index % 64)) == 0 {
            if operation.called > earliest { break }
            found.append(index)
            earliest = min(earliest, operation.answered ?? .max)
        }
        found.removeAll { operations[$0].called > earliest }
        return found.filter { operations[$0].answered == nil }
            + found.filter { operations[$0].answered != nil }.reversed()
    }

    /// What the key holds afterwards; nil where it cannot have happened.
    private static func apply(_ kind: KeyHistory.Operation.Kind, to value: Int?) -> Int?? {
        switch kind {
        case .read(let found): found == value ? .some(value) : nil
        case .write(let new): .some(new)
        case .replace(let expected, let new): expected == value ? .some(new) : nil
        case .delete(let expected): expected == value ? .some(nil) : nil
        case .refused(let expected, let found): found == value && expected != value ? .some(value) : nil
        }
    }
}
