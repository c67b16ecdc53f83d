import MartinetBase
import MartinetEtcdMessages
import MartinetStore

/// A key of this client's own that each transaction writes besides: its receipt.
///
/// A transaction is carried out only while the receipt has the revision that it had when the transaction was made, and
/// changes it. So a transaction that is sent a second time, because nobody knows what became of the first, is carried out
/// at most once, whatever others write in between; and the receipt says afterwards whether and when it was.
///
/// `@unchecked`: of the engine's executor alone.
final class Receipt: @unchecked Sendable {
    let key: [UInt8]
    /// The revision of its last write; 0 before the first.
    var known: Int64 = 0
    var sequence = 0

    init(key: [UInt8]) { self.key = key }

    var written: [UInt8] { Array("c\(sequence)".utf8) }
    var fenced: [UInt8] { Array("f\(sequence)".utf8) }
}

/// A transaction on its way. `@unchecked`: of the engine's executor alone, once it is accepted.
final class Operation: @unchecked Sendable {
    let transaction: Transaction
    let completion: @Sendable (Result<CommitOutcome, StoreError>) -> Void
    /// Every key that it looks at or writes, each once.
    let keys: [[UInt8]]
    /// How many of them others before it are still at.
    var blockers = 0
    var receipt: Receipt?
    var deadline = Duration.zero
    /// An attempt went out and nobody knows what became of it.
    var isUncertain = false
    var isAnswered = false
    /// Leases of its puts, by the operation's place.
    var leases: [Int: Int64] = [:]

    init(
        _ transaction: Transaction, _ completion: @escaping @Sendable (Result<CommitOutcome, StoreError>) -> Void
    ) {
        self.transaction = transaction
        self.completion = completion
        var keys: Set<[UInt8]> = []
        for condition in transaction.conditions { keys.insert(Array(condition.key.utf8)) }
        for operation in transaction.operations { keys.insert(Array(operation.key.utf8)) }
        self.keys = Array(keys)
    }

    /// Whether it writes something wherever its conditions hold: only then may it have a receipt, because a receipt's write
    /// is a revision.
    var surelyWrites: Bool {
        transaction.operations.contains { operation in
            switch operation {
            case .put: true
            case .delete(let key):
                transaction.conditions.contains {
                    $0.modified > .none && $0.key.utf8.elementsEqual(key.utf8)
                }
            }
        }
    }

    /// - Parameter fence: where it is not carried out, an earlier attempt must not be later either.
    func request(fence: Bool, receiptLease: Int64) -> TxnRequest {
        var request = TxnRequest()
        for condition in transaction.conditions {
            request.compare.append(.modified(Array(condition.key.utf8), condition.modified.value))
            request.failure.append(.read(Array(condition.key.utf8)))
        }
        for (place, operation) in transaction.operations.enumerated() {
            switch operation {
            case .put(let key, let value, _):
                request.success.append(.put(Array(key.utf8), value, lease: leases[place] ?? 0, previous: true))
            case .delete(let key): request.success.append(.delete(Array(key.utf8)))
            }
        }
        guard let receipt else { return request }
        request.compare.append(.modified(receipt.key, receipt.known))
        request.success.append(.put(receipt.key, receipt.written, lease: receiptLease, previous: false))
        guard fence else {
            request.failure.append(.read(receipt.key))
            return request
        }
        var inner = TxnRequest()
        inner.compare = [.modified(receipt.key, receipt.known)]
        inner.success = [.put(receipt.key, receipt.fenced, lease: receiptLease, previous: false)]
        inner.failure = [.read(receipt.key)]
        var op = RequestOp()
        op.transaction = Boxed(inner)
        request.failure.append(op)
        return request
    }
}

extension Compare {
    static func modified(_ key: [UInt8], _ revision: Int64) -> Compare {
        var compare = Compare()
        compare.target = .mod
        compare.key = key
        compare.modRevision = revision
        return compare
    }
}

extension RequestOp {
    static func read(_ key: [UInt8], at revision: Int64 = 0) -> RequestOp {
        var range = RangeRequest()
        range.key = key
        range.revision = revision
        var op = RequestOp()
        op.range = range
        return op
    }

    static func put(_ key: [UInt8], _ value: [UInt8], lease: Int64, previous: Bool) -> RequestOp {
        var put = PutRequest()
        put.key = key
        put.value = value
        put.lease = lease
        put.wantsPrevious = previous
        var op = RequestOp()
        op.put = put
        return op
    }

    static func delete(_ key: [UInt8]) -> RequestOp {
        var delete = DeleteRangeRequest()
        delete.key = key
        delete.wantsPrevious = true
        var op = RequestOp()
        op.delete = delete
        return op
    }
}
