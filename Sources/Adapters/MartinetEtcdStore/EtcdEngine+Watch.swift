import MartinetBase
import MartinetEtcdMessages
import MartinetStore

// Following the history, being as new as the cluster, and what is done at times.
extension EtcdEngine {
    func startWatch() {
        guard lost == nil else { return }
        watchNumber += 1
        let number = watchNumber
        watch = WatchStream(client, keys.watched, from: revision.value + 1) { [self] news in
            executor.submit { [self] in
                guard number == watchNumber else { return }
                told(news)
            }
        }
    }

    private func told(_ news: WatchStream.News) {
        switch news {
        case .created: break
        case .events(let events):
            let through = events.reduce(0) { max($0, $1.kv?.modRevision ?? 0) }
            // After a new beginning nothing old is told twice.
            let start = revision.value
            let fresh = events.filter { ($0.kv?.modRevision ?? 0) > start }
            let told = fresh.filter { keys.isInScope($0.kv?.key ?? []) }.compactMap(\.storeEvent)
            publish(told, through: through, answering: fresh)
        case .progress(let revision):
            if trustsProgress { publish([], through: revision) }
        case .compacted(let oldest):
            noteCompacted(oldest)
            lose("the events after revision \(revision) have been compacted, the oldest is \(oldest)")
        case .ended(let status):
            configuration.log.warning("the watch ended and begins anew", [("status", "\(status)")])
            _ = executor.submit(after: .milliseconds(100)) { self.startWatch() }
        }
    }

    // MARK: Being as new as the cluster

    func settle(_ completion: @escaping @Sendable (StoreError?) -> Void) {
        executor.submit { [self] in
            settlingNext.append(completion)
            if settling == nil { settleRound() }
        }
    }

    /// One question to the quorum for all who wait.
    private func settleRound() {
        guard !settlingNext.isEmpty else { return }
        settling = settlingNext
        settlingNext = []
        var request = RangeRequest()
        request.key = keys.anchor
        request.countOnly = true
        client.repeated(EtcdMethod.range, request) { [self] (result: Result<RangeResponse, EtcdCallError>) in
            executor.submit { [self] in
                switch result {
                case .failure(let error): settled(error.storeError("asking for the newest revision"))
                case .success(let response): settle(at: response.header?.revision ?? 0)
                }
            }
        }
    }

    private func settle(at newest: Int64) {
        if revision.value >= newest { return settled(nil) }
        let round = SettleRound()
        whenReached(newest) { [self] in if round.isFirst { settled(nil) } }
        // The newest revision may be of a key that is nobody's here, which the watch never tells of.
        _ = executor.submit(after: .milliseconds(30)) { [self] in
            guard !round.isOver else { return }
            if trustsProgress { watch?.askProgress() } else { writeAnchor() }
        }
        _ = executor.submit(after: configuration.giveUpAfter) { [self] in
            if round.isFirst { settled(StoreError(.io, "etcd: the watch does not come to revision \(newest)")) }
        }
    }

    private func settled(_ error: StoreError?) {
        let waiting = settling ?? []
        settling = nil
        for completion in waiting { completion(error) }
        settleRound()
    }

    /// A write that the watch tells of: everything before it has been told by then.
    private func writeAnchor() {
        var put = PutRequest()
        put.key = keys.anchor
        put.lease = clientLease
        client.repeated(EtcdMethod.put, put) { (_: Result<PutResponse, EtcdCallError>) in }
    }

    // MARK: At times

    func compact(before revision: Revision) {
        executor.submit { [self] in
            var request = CompactionRequest()
            request.revision = min(revision, self.revision).value
            let target = request.revision
            guard target > compacted.value, lost == nil else { return }
            client.repeated(EtcdMethod.compact, request) {
                [self] (result: Result<CompactionResponse, EtcdCallError>) in
                switch result {
                case .success: noteCompacted(target)
                case .failure(let error) where error.isCompacted: findCompacted { _ in }
                case .failure(let error):
                    configuration.log.warning("the store cannot compact", [("error", "\(error.status)")])
                }
            }
        }
    }

    /// Asks how far the history is gone. Only a watch says it, and only where something is.
    func findCompacted(_ done: @escaping @Sendable (EtcdCallError?) -> Void) {
        var request = RangeRequest()
        request.key = keys.anchor
        request.revision = 1
        request.countOnly = true
        client.repeated(EtcdMethod.range, request) { [self] (result: Result<RangeResponse, EtcdCallError>) in
            guard case .failure(let error) = result else { return done(nil) }
            guard error.isCompacted else { return done(error) }
            _ = WatchStream(client, KeyRange(start: keys.anchor, end: []), from: 1) { [self] news in
                switch news {
                case .compacted(let oldest):
                    noteCompacted(oldest)
                    done(nil)
                case .ended(let status) where status.code != .cancelled:
                    done(EtcdCallError(status: status, isUnsent: false))
                default: break
                }
            }
        }
    }

    /// Keeps what lies beside the objects while this client lives.
    func keepAlive() {
        let every = Duration.seconds(max(1, configuration.clientLease / 3))
        _ = executor.submit(after: every) { [weak self] in
            guard let self, lost == nil else { return }
            var request = LeaseKeepAliveRequest()
            request.id = clientLease
            client.repeated(EtcdMethod.leaseKeepAlive, request) {
                [self] (result: Result<LeaseKeepAliveResponse, EtcdCallError>) in
                executor.submit { [self] in
                    if case .success(let response) = result, response.ttl <= 0 { renewLease {} }
                    keepAlive()
                }
            }
        }
    }

    func renewLease(_ then: @escaping @Sendable () -> Void) {
        var request = LeaseGrantRequest()
        request.ttl = configuration.clientLease
        client.repeated(EtcdMethod.leaseGrant, request) { [self] (result: Result<LeaseGrantResponse, EtcdCallError>) in
            executor.submit { [self] in
                if case .success(let response) = result { named(response.id) }
                then()
            }
        }
    }
}

/// Whoever comes first ends a round. `@unchecked`: of the engine's executor alone.
private final class SettleRound: @unchecked Sendable {
    private(set) var isOver = false
    var isFirst: Bool {
        defer { isOver = true }
        return !isOver
    }
}
