package import MartinetBase
import MartinetEtcdMessages
package import MartinetStore
import MartinetTransport

/// The store on an etcd of one or several members, which other servers may use at the same time.
///
/// See docs/etcd.md for its invariants.
package final class EtcdStore: ObjectStore {
    private let engine: EtcdEngine
    private let client: EtcdClient
    private let keys: EtcdKeys
    private let loops: EventLoops

    /// Connects and finds out where the history stands; blocks for that.
    ///
    /// Throws `.io` where no member answers, `.invalid` where certificates or the user are refused.
    package init(_ configuration: EtcdConfiguration, runtime: any Runtime) throws(StoreError) {
        guard !configuration.endpoints.isEmpty else { throw StoreError(.invalid, "etcd: no endpoint was given") }
        let executor: ThreadExecutor
        do throws(SystemError) { executor = try ThreadExecutor(name: "etcd-store") } catch {
            throw StoreError(.io, "etcd: no thread for the store", cause: error)
        }
        // A loop of its own: a read that is waited for on another loop is answered all the same.
        loops = EventLoops(threads: 1)
        do {
            client = try EtcdClient(configuration, loops: loops, runtime: runtime, executor: executor)
        } catch { throw StoreError(.invalid, "etcd: \(error)") }
        keys = EtcdKeys(scope: configuration.scope)
        engine = EtcdEngine(client, keys: keys, executor: executor)
        do throws(StoreError) { try open() } catch {
            client.close()
            loops.end()
            throw error
        }
    }

    private func open() throws(StoreError) {
        let status: StatusResponse = try ask(EtcdMethod.status, StatusRequest(), "its status")
        var grant = LeaseGrantRequest()
        grant.ttl = client.configuration.clientLease
        let lease: LeaseGrantResponse = try ask(EtcdMethod.leaseGrant, grant, "a lease")
        var put = PutRequest()
        put.key = keys.anchor
        put.lease = lease.id
        let anchor: PutResponse = try ask(EtcdMethod.put, put, "a first write")
        let found = Awaited<EtcdCallError?>()
        engine.findCompacted { found.set($0) }
        if let error = found.wait() { throw error.storeError("its oldest revision") }
        engine.begin(at: anchor.header?.revision ?? 0, lease: lease.id, version: status.version)
        let engine = engine
        engine.executor.submit {
            engine.startWatch()
            engine.keepAlive()
        }
    }

    package var revision: Revision { engine.revision }
    package var compacted: Revision { engine.compacted }
    package var isShared: Bool { true }

    package func commit(
        _ transaction: Transaction, completion: @escaping @Sendable (Result<CommitOutcome, StoreError>) -> Void
    ) {
        engine.commit(transaction, completion)
    }

    @discardableResult
    package func observe(_ sink: @escaping @Sendable ([StoreEvent]) -> Void) -> Revision { engine.observe(sink) }

    package func compact(before revision: Revision) { engine.compact(before: revision) }

    package func settle(_ completion: @escaping @Sendable (StoreError?) -> Void) { engine.settle(completion) }

    package func close(completion: @escaping @Sendable () -> Void) {
        let loops = loops
        engine.close {
            completion()
            loops.end()
        }
    }

    // MARK: Reads: each asks the quorum

    private func ask<Request: EtcdMessage, Response: EtcdMessage>(
        _ path: String, _ request: Request, _ what: String
    ) throws(StoreError) -> Response {
        if engine.isClosed { throw StoreError(.closed, "etcd: the store is closed") }
        let answer = Awaited<Result<Response, EtcdCallError>>()
        client.repeated(path, request) { answer.set($0) }
        switch answer.wait() {
        case .success(let response): return response
        case .failure(let error): throw try refusal(error, what)
        }
    }

    private func refusal(_ error: EtcdCallError, _ what: String) throws(StoreError) -> StoreError {
        if error.isCompacted {
            let found = Awaited<EtcdCallError?>()
            engine.findCompacted { found.set($0) }
            _ = found.wait()
            let oldest = engine.compacted
            return StoreError(.compacted(oldest: oldest), "etcd: \(what) is compacted, the oldest is \(oldest)")
        }
        if error.isFuture { return future(what) }
        return error.storeError(what)
    }

    private func future(_ what: String) -> StoreError {
        StoreError(.future(newest: engine.revision), "etcd: \(what) is not reached, the newest is \(engine.revision)")
    }

    package func get(_ key: String, at revision: Revision?) throws(StoreError) -> StoredObject? {
        guard keys.isInScope(Array(key.utf8)) else { return nil }
        var request = RangeRequest()
        request.key = Array(key.utf8)
        request.revision = revision?.value ?? 0
        let what = revision.map { "revision \($0)" } ?? "reading \(key)"
        let response: RangeResponse = try ask(EtcdMethod.range, request, what)
        return response.kvs.first?.object
    }

    package func range(
        prefix: String, from: String?, limit: Int, at revision: Revision?
    ) throws(StoreError) -> RangeResult {
        var request = RangeRequest()
        let range = keys.range(prefix: prefix, from: from)
        request.key = range?.start ?? keys.anchor
        request.end = range?.end ?? []
        request.limit = Int64(clamping: max(0, limit))
        request.revision = revision?.value ?? 0
        let what = revision.map { "revision \($0)" } ?? "listing \(prefix)"
        let response: RangeResponse = try ask(EtcdMethod.range, request, what)
        let head = revision ?? Revision(response.header?.revision ?? 0)
        guard range != nil else { return RangeResult(objects: [], more: false, count: 0, revision: head) }
        return RangeResult(
            objects: response.kvs.compactMap(\.object), more: response.more, count: Int(clamping: response.count),
            revision: head)
    }

    package func events(prefix: String, after: Revision, limit: Int) throws(StoreError) -> EventRange {
        if engine.isClosed { throw StoreError(.closed, "etcd: the store is closed") }
        // Where the store's own watch stands there is an event, so that a second watch knows when it has come there.
        let end = engine.revision
        if after > end { throw future("revision \(after)") }
        if after < engine.compacted { throw compactedError(after) }
        if after == end { return EventRange(events: [], through: end) }
        let deadline = engine.runtime.monotonic() + engine.configuration.giveUpAfter
        while true {
            let reading = HistoryReading(
                client, keys, prefix: Array(prefix.utf8), after: after.value, through: end.value, limit: limit)
            switch reading.wait() {
            case .success(let range): return range
            case .failure(.compacted(let oldest)):
                engine.noteCompacted(oldest)
                throw compactedError(after)
            case .failure(.ended(let status)):
                guard engine.runtime.monotonic() < deadline, !engine.isClosed else {
                    throw StoreError(.io, "etcd: reading events after \(after): \(status)")
                }
            }
        }
    }

    private func compactedError(_ revision: Revision) -> StoreError {
        let oldest = engine.compacted
        return StoreError(
            .compacted(oldest: oldest), "etcd: revision \(revision) is compacted, the oldest is \(oldest)")
    }
}
