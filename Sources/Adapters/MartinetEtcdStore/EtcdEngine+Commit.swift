import MartinetBase
import MartinetEtcdMessages
import MartinetStore

// How a transaction is carried out exactly once, whatever happens to its messages.
extension EtcdEngine {
    /// Makes the leases that the operation's puts need, then sends it.
    func lease(_ operation: Operation) {
        let now = runtime.now()
        var missing: [Int64] = []
        for (place, item) in operation.transaction.operations.enumerated() {
            guard case .put(_, _, let expires?) = item else { continue }
            let id = operation.leases[place] ?? ExpiryLease.id(ExpiryLease.shared(expires, now: now))
            operation.leases[place] = id
            if !granted.contains(id), !missing.contains(id) { missing.append(id) }
        }
        grant(missing[...], operation)
    }

    private func grant(_ missing: ArraySlice<Int64>, _ operation: Operation) {
        guard let id = missing.first else { return send(operation) }
        var request = LeaseGrantRequest()
        request.id = id
        request.ttl = ExpiryLease.timeToLive(id, now: runtime.now())
        client.call(EtcdMethod.leaseGrant, request) { [self] (result: Result<LeaseGrantResponse, EtcdCallError>) in
            executor.submit { [self] in
                switch result {
                case .failure(let error) where !error.status.message.contains("lease already exists"):
                    // A grant that is done twice does no harm, so every failure that may pass is tried again.
                    guard error.blamesMember || error.isUnsent || error.needsToken else {
                        return fail(operation, error.storeError("a lease"))
                    }
                    again(operation, error) { self.grant(missing, operation) }
                case .success, .failure:
                    if granted.count > 20_000 {
                        let now = runtime.now()
                        granted = granted.filter { (ExpiryLease.expires($0) ?? now) > now }
                    }
                    granted.insert(id)
                    grant(missing.dropFirst(), operation)
                }
            }
        }
    }

    /// Tries again a little later, until the operation's time is up.
    private func again(_ operation: Operation, _ error: EtcdCallError, _ body: @escaping @Sendable () -> Void) {
        guard runtime.monotonic() < operation.deadline, lost == nil else {
            let isUncertain = operation.isUncertain
            let text = "etcd: a transaction of \(operation.transaction.operations.count) operations: \(error.status)"
            return fail(operation, StoreError(isUncertain ? .unknownOutcome : .overloaded, text))
        }
        _ = executor.submit(after: .milliseconds(100)) { if !operation.isAnswered { body() } }
    }

    private func send(_ operation: Operation) {
        let request = operation.request(fence: operation.isUncertain, receiptLease: clientLease)
        client.call(EtcdMethod.transaction, request) { [self] (result: Result<TxnResponse, EtcdCallError>) in
            executor.submit { [self] in replied(operation, result) }
        }
    }

    private func replied(_ operation: Operation, _ result: Result<TxnResponse, EtcdCallError>) {
        // The watch was faster.
        guard !operation.isAnswered else { return }
        switch result {
        case .success(let response) where response.succeeded: committed(operation, response)
        case .success(let response): refused(operation, response)
        case .failure(let error): failed(operation, error)
        }
    }

    private func failed(_ operation: Operation, _ error: EtcdCallError) {
        let mayPass = error.isUnsent || error.needsToken
        if error.isCertain, !mayPass, !operation.isUncertain {
            if error.status.message.contains("lease not found") {
                // It ended between its grant and now, or with the data of the member that had it.
                for id in operation.leases.values { granted.remove(id) }
                return again(operation, error) { self.lease(operation) }
            }
            return fail(operation, error.storeError("a transaction"))
        }
        if !error.isCertain {
            operation.isUncertain = true
            if operation.receipt == nil, !operation.transaction.operations.isEmpty {
                // A deletion of what may not exist: nothing can tell whose deletion it was.
                let text = "etcd: the reply to a transaction was lost: \(error.status)"
                return fail(operation, StoreError(.unknownOutcome, text))
            }
        }
        again(operation, error) { self.send(operation) }
    }

    private func committed(_ operation: Operation, _ response: TxnResponse) {
        let revision = response.header?.revision ?? 0
        operation.receipt?.known = revision
        var previous: [StoredObject?] = []
        var wrote = operation.receipt != nil
        for (item, answer) in zip(operation.transaction.operations, response.responses) {
            switch item {
            case .put:
                previous.append(answer.put?.previous?.object)
                wrote = true
            case .delete:
                let gone = answer.delete?.previous.first?.object
                previous.append(gone)
                if gone != nil { wrote = true }
            }
        }
        // Nothing was written: the revision is somebody's, and may never be told of.
        let told = wrote ? revision : 0
        answer(operation, .committed(Revision(revision), previous: previous), after: told)
    }

    /// A condition does not hold, or the receipt is not what it was thought to be.
    private func refused(_ operation: Operation, _ response: TxnResponse) {
        let revision = response.header?.revision ?? 0
        guard let receipt = operation.receipt, let last = response.responses.last else {
            return conflict(operation, response)
        }
        let found = (last.range ?? last.transaction?.value.responses.first?.range)?.kvs.first
        if let fence = last.transaction?.value, fence.succeeded {
            // No attempt was carried out, and none will be.
            receipt.known = revision
        } else if let found, found.modRevision != receipt.known {
            let wasCarriedOut = operation.isUncertain && found.value == receipt.written
            receipt.known = found.modRevision
            if wasCarriedOut { return readPrevious(operation, at: found.modRevision) }
        } else if found == nil, receipt.known != 0 {
            // The client's lease has ended, and the receipt with it.
            if operation.isUncertain {
                let text = "etcd: the receipt of a transaction is gone"
                return fail(operation, StoreError(.unknownOutcome, text))
            }
            renewLease { self.retry(operation) }
            return
        }
        operation.isUncertain = false
        conflict(operation, response)
    }

    private func retry(_ operation: Operation) {
        takeReceipt(operation)
        send(operation)
    }

    private func conflict(_ operation: Operation, _ response: TxnResponse) {
        for (condition, answer) in zip(operation.transaction.conditions, response.responses) {
            let current = answer.range?.kvs.first?.object
            guard (current?.modified ?? .none) != condition.modified else { continue }
            let told = current?.modified.value ?? 0
            return self.answer(operation, .conflict(key: condition.key, current: current), after: told)
        }
        // Only the receipt was not as expected: now it is.
        operation.receipt?.sequence += 1
        let error = EtcdCallError(status: GRPCStatus(.aborted, "the receipt was out of step"), isUnsent: false)
        again(operation, error) { self.send(operation) }
    }

    /// An attempt was carried out whose reply was lost: what its keys held before is still there to be read.
    private func readPrevious(_ operation: Operation, at revision: Int64) {
        var request = TxnRequest()
        request.success = operation.transaction.operations.map { .read(Array($0.key.utf8), at: revision - 1) }
        client.repeated(EtcdMethod.transaction, request) { [self] (result: Result<TxnResponse, EtcdCallError>) in
            executor.submit { [self] in
                var previous: [StoredObject?] = operation.transaction.operations.map { _ in nil }
                if case .success(let response) = result {
                    previous = response.responses.map { $0.range?.kvs.first?.object }
                }
                operation.isUncertain = false
                answer(operation, .committed(Revision(revision), previous: previous), after: revision)
            }
        }
    }
}
