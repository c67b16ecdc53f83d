import MartinetEtcdMessages
import MartinetStore

/// A transaction as it stands at one revision: which branch is taken, what it writes, and on what that rests.
struct TransactionPlan: Sendable {
    /// How an operation of the branch is answered.
    private indirect enum Step: Sendable {
        case range(RangeRequest)
        /// The place of its write among the transaction's operations.
        case put(PutRequest, Int)
        case delete(DeleteRangeRequest, [Int])
        case nested(Bool, [Step])
    }

    private(set) var transaction = Transaction(operations: [])
    private var steps: [Step] = []
    private var succeeded = false
    /// The state that was looked at.
    private let base: Revision
    private var written: Set<[UInt8]> = []
    private var conditions: [String: Revision] = [:]

    init(_ request: TxnRequest, _ service: EtcdService) throws(GRPCStatus) {
        base = service.store.revision
        (succeeded, steps) = try branch(request, service, depth: 0)
        if !transaction.operations.isEmpty {
            transaction.conditions = conditions.sorted { $0.key < $1.key }.map {
                Transaction.Condition(key: $0.key, modified: $0.value)
            }
        }
        if let refusal = transaction.refusal() {
            throw refusal.contains("bytes") ? .tooLarge : GRPCStatus(.invalidArgument, refusal)
        }
    }

    private mutating func branch(
        _ request: TxnRequest, _ service: EtcdService, depth: Int
    ) throws(GRPCStatus) -> (Bool, [Step]) {
        guard depth < 8 else { throw GRPCStatus(.invalidArgument, "transactions lie too deep in each other") }
        var holds = true
        for compare in request.compare where try !holdsTrue(compare, service) { holds = false }
        var steps: [Step] = []
        for op in holds ? request.success : request.failure {
            if let range = op.range {
                steps.append(.range(range))
            } else if let put = op.put {
                steps.append(try self.put(put, service))
            } else if let delete = op.delete {
                steps.append(try self.delete(delete, service))
            } else if let inner = op.transaction {
                let (succeeded, inside) = try branch(inner.value, service, depth: depth + 1)
                steps.append(.nested(succeeded, inside))
            }
        }
        return (holds, steps)
    }

    private func read(_ key: String, _ service: EtcdService) throws(GRPCStatus) -> StoredObject? {
        do throws(StoreError) { return try service.store.get(key, at: base) } catch { throw GRPCStatus(error) }
    }

    private mutating func holdsTrue(_ compare: Compare, _ service: EtcdService) throws(GRPCStatus) -> Bool {
        guard compare.end.isEmpty else {
            var request = RangeRequest()
            request.key = compare.key
            request.end = compare.end
            for kv in try service.range(request, at: base).kvs {
                conditions[String(decoding: kv.key, as: UTF8.self)] = Revision(kv.modRevision)
                if !TransactionPlan.holds(compare, kv) { return false }
            }
            return true
        }
        let key = try ServedKeys.text(compare.key)
        // The commonest: a key as it was last written. The store compares it itself, where it holds.
        if compare.target == .mod, compare.result == .equal, conditions[key] == nil {
            let found = try read(key, service)
            conditions[key] = found?.modified ?? Revision.none
            return (found?.modified.value ?? 0) == (compare.modRevision ?? 0)
        }
        let found = try read(key, service)
        conditions[key] = found?.modified ?? Revision.none
        var kv = KeyValue()
        if let found { kv = service.keyValue(found) } else if compare.target == .value { return false }
        return TransactionPlan.holds(compare, kv)
    }

    private static func holds(_ compare: Compare, _ kv: KeyValue) -> Bool {
        let order: Int
        switch compare.target {
        case .version: order = sign(kv.version, compare.version ?? 0)
        case .create: order = sign(kv.createRevision, compare.createRevision ?? 0)
        case .mod: order = sign(kv.modRevision, compare.modRevision ?? 0)
        case .lease: order = sign(kv.lease, compare.lease ?? 0)
        case .value:
            let value = compare.value ?? []
            order = kv.value == value ? 0 : kv.value.lexicographicallyPrecedes(value) ? -1 : 1
        }
        switch compare.result {
        case .equal: return order == 0
        case .greater: return order > 0
        case .less: return order < 0
        case .notEqual: return order != 0
        }
    }

    private static func sign(_ a: Int64, _ b: Int64) -> Int { a == b ? 0 : a < b ? -1 : 1 }

    private mutating func add(_ operation: Transaction.Operation) throws(GRPCStatus) -> Int {
        guard written.insert(Array(operation.key.utf8)).inserted else { throw .duplicateKey }
        transaction.operations.append(operation)
        return transaction.operations.count - 1
    }

    private mutating func put(_ request: PutRequest, _ service: EtcdService) throws(GRPCStatus) -> Step {
        let key = try ServedKeys.text(request.key)
        var value = request.value
        var lease = request.lease
        if request.ignoreValue || request.ignoreLease {
            guard let found = try read(key, service) else { throw .keyNotFound }
            conditions[key] = found.modified
            if request.ignoreValue { value = found.value }
            if request.ignoreLease { lease = service.leases.lease(of: key) }
        }
        if lease != 0, service.leases.find(lease) == nil { throw .leaseNotFound }
        let place = try add(.put(key: key, value: value))
        let attachment = ServedKeys.attachment(key)
        if lease != 0 {
            _ = try add(.put(key: attachment, value: Array(String(lease).utf8)))
        } else if !service.leases.isEmpty {
            _ = try add(.delete(key: attachment))
        }
        return .put(request, place)
    }

    private mutating func delete(_ request: DeleteRangeRequest, _ service: EtcdService) throws(GRPCStatus) -> Step {
        var keys: [String] = []
        if request.end.isEmpty {
            keys = [try ServedKeys.text(request.key)]
        } else {
            var range = RangeRequest()
            range.key = request.key
            range.end = request.end
            for kv in try service.range(range, at: base).kvs {
                let key = String(decoding: kv.key, as: UTF8.self)
                conditions[key] = Revision(kv.modRevision)
                keys.append(key)
            }
        }
        var places: [Int] = []
        for key in keys {
            places.append(try add(.delete(key: key)))
            if !service.leases.isEmpty { _ = try add(.delete(key: ServedKeys.attachment(key))) }
        }
        return .delete(request, places)
    }

    // MARK: The answer

    /// - Parameters:
    ///   - previous: what the keys of the operations held before.
    ///   - revision: that of the commit; nil where there was nothing to write, and everything is as it was looked at.
    func response(
        _ previous: [StoredObject?], at revision: Revision?, _ service: EtcdService
    ) throws(GRPCStatus) -> TxnResponse {
        var response = try answer(succeeded, steps, previous, at: revision ?? base, service)
        response.header = service.header(revision ?? base)
        return response
    }

    private func answer(
        _ succeeded: Bool, _ steps: [Step], _ previous: [StoredObject?], at revision: Revision, _ service: EtcdService
    ) throws(GRPCStatus) -> TxnResponse {
        var response = TxnResponse()
        response.succeeded = succeeded
        var header = ResponseHeader()
        header.revision = revision.value
        for step in steps {
            var op = ResponseOp()
            switch step {
            case .range(let request): op.range = try service.range(request, at: revision)
            case .put(let request, let place):
                var put = PutResponse()
                put.header = header
                if request.wantsPrevious { put.previous = previous[place].map(service.keyValue) }
                op.put = put
            case .delete(let request, let places):
                var delete = DeleteRangeResponse()
                delete.header = header
                let gone = places.compactMap { previous[$0] }
                delete.deleted = Int64(gone.count)
                if request.wantsPrevious { delete.previous = gone.map(service.keyValue) }
                op.delete = delete
            case .nested(let succeeded, let inside):
                op.transaction = Boxed(try answer(succeeded, inside, previous, at: revision, service))
            }
            response.responses.append(op)
        }
        return response
    }
}
