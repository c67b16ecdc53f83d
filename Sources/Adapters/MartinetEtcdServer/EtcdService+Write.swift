import MartinetBase
import MartinetEtcdMessages
import MartinetStore

// Writes: every one of them is a transaction whose comparisons are made conditions on the revisions of the keys, and which
// is looked at anew where one of them has moved meanwhile.
extension EtcdService {
    typealias Answer<Response> = @Sendable (Result<Response, GRPCStatus>) -> Void

    func put(_ request: PutRequest, _ answer: @escaping Answer<PutResponse>) {
        var op = RequestOp()
        op.put = request
        single(op) { result in
            answer(
                result.map { response in
                    var put = response.responses.first?.put ?? PutResponse()
                    put.header = response.header
                    return put
                })
        }
    }

    func delete(_ request: DeleteRangeRequest, _ answer: @escaping Answer<DeleteRangeResponse>) {
        var op = RequestOp()
        op.delete = request
        single(op) { result in
            answer(
                result.map { response in
                    var delete = response.responses.first?.delete ?? DeleteRangeResponse()
                    delete.header = response.header
                    return delete
                })
        }
    }

    private func single(_ op: RequestOp, _ answer: @escaping Answer<TxnResponse>) {
        var request = TxnRequest()
        request.success = [op]
        transact(request, answer)
    }

    func transact(_ request: TxnRequest, attempts: Int = 1000, _ answer: @escaping Answer<TxnResponse>) {
        do throws(GRPCStatus) {
            let plan = try TransactionPlan(request, self)
            guard !plan.transaction.operations.isEmpty else {
                return answer(.success(try plan.response([], at: nil, self)))
            }
            store.commit(plan.transaction) { [self] result in
                switch result {
                case .failure(let error): answer(.failure(GRPCStatus(error)))
                case .success(.committed(let revision, let previous)):
                    do throws(GRPCStatus) {
                        answer(.success(try plan.response(previous, at: revision, self)))
                    } catch { answer(.failure(error)) }
                case .success(.conflict):
                    guard attempts > 1 else { return answer(.failure(.tooMany)) }
                    // On the writing thread nothing may wait: the next look is elsewhere.
                    again.submit { self.transact(request, attempts: attempts - 1, answer) }
                }
            }
        } catch { answer(.failure(error)) }
    }

    func compact(_ request: CompactionRequest, _ answer: @escaping Answer<CompactionResponse>) {
        let revision = Revision(request.revision)
        if revision <= store.compacted { return answer(.failure(.compacted)) }
        if revision > store.revision { return answer(.failure(.future)) }
        store.compact(before: revision)
        waitForCompaction(revision, answer)
    }

    private func waitForCompaction(_ revision: Revision, _ answer: @escaping Answer<CompactionResponse>) {
        guard store.compacted < revision else {
            var response = CompactionResponse()
            response.header = header()
            return answer(.success(response))
        }
        _ = again.submit(after: .milliseconds(5)) { self.waitForCompaction(revision, answer) }
    }

    // MARK: Leases

    func grant(_ request: LeaseGrantRequest, _ answer: @escaping Answer<LeaseGrantResponse>) {
        guard request.ttl > 0, request.ttl <= 9_000_000_000 else {
            return answer(.failure(GRPCStatus(.outOfRange, "etcdserver: too large lease TTL")))
        }
        let id = request.id != 0 ? request.id : Int64(bitPattern: runtime.random() >> 1) | 1
        if leases.find(id) != nil { return answer(.failure(.leaseExists)) }
        let record = Transaction.create(ServedKeys.lease(id), Array(String(request.ttl).utf8))
        store.commit(record) { [self] result in
            switch result {
            case .failure(let error): answer(.failure(GRPCStatus(error)))
            case .success(.conflict): answer(.failure(.leaseExists))
            case .success(.committed):
                var response = LeaseGrantResponse()
                response.header = header()
                response.id = id
                response.ttl = request.ttl
                answer(.success(response))
            }
        }
    }

    func revoke(_ id: Int64, _ answer: @escaping Answer<LeaseRevokeResponse>) {
        guard let revocation = leases.revocation(id) else { return answer(.failure(.leaseNotFound)) }
        store.commit(revocation) { [self] result in
            switch result {
            case .failure(let error): answer(.failure(GRPCStatus(error)))
            case .success where leases.find(id) != nil: again.submit { self.revoke(id, answer) }
            case .success:
                var response = LeaseRevokeResponse()
                response.header = header()
                answer(.success(response))
            }
        }
    }

    /// Ends what has had its time.
    func expire() { for id in leases.ended { revoke(id) { _ in } } }

    func keepAlive(_ request: LeaseKeepAliveRequest) -> LeaseKeepAliveResponse {
        var response = LeaseKeepAliveResponse()
        response.header = header()
        response.id = request.id
        response.ttl = leases.renew(request.id) ?? 0
        return response
    }

    func timeToLive(_ request: LeaseTimeToLiveRequest) -> LeaseTimeToLiveResponse {
        var response = LeaseTimeToLiveResponse()
        response.header = header()
        response.id = request.id
        guard let lease = leases.find(request.id) else {
            response.ttl = -1
            return response
        }
        response.ttl = leases.secondsLeft(lease)
        response.granted = lease.granted
        if request.wantsKeys { response.keys = lease.keys.sorted().map { Array($0.utf8) } }
        return response
    }
}
