import MartinetBase
import MartinetEtcdMessages
import MartinetStore
import MartinetTransport

/// etcd's API over a store: what a request comes to. Reads block, so that none of it runs on an event loop.
///
/// It must be the only one that writes to the store.
final class EtcdService: Sendable {
    let store: any ObjectStore
    let runtime: any Runtime
    let leases: ServedLeases
    /// Where work goes on that must leave the writing thread.
    let again: any SerialExecutorPort
    let clusterID: UInt64
    /// What is told of the database's size.
    let sizeBytes: @Sendable () -> Int64
    /// Later versions are expected to do what this one does not.
    static let version = "3.5.21"

    init(_ store: any ObjectStore, runtime: any Runtime, sizeBytes: @escaping @Sendable () -> Int64) throws(StoreError)
    {
        self.store = store
        self.runtime = runtime
        self.sizeBytes = sizeBytes
        again = runtime.executor(named: "martinet.etcd.again")
        clusterID = runtime.random() | 1
        leases = ServedLeases(runtime: runtime)
        try leases.load(store)
    }

    func header(_ revision: Revision? = nil) -> ResponseHeader {
        var header = ResponseHeader()
        header.clusterID = clusterID
        header.memberID = clusterID
        header.revision = (revision ?? store.revision).value
        header.raftTerm = 1
        return header
    }

    func keyValue(_ object: StoredObject) -> KeyValue {
        var kv = KeyValue()
        kv.key = Array(object.key.utf8)
        kv.value = object.value
        kv.createRevision = object.created.value
        kv.modRevision = object.modified.value
        kv.version = object.version
        kv.lease = leases.lease(of: object.key)
        return kv
    }

    // MARK: Reads

    func range(_ request: RangeRequest, at fixed: Revision? = nil) throws(GRPCStatus) -> RangeResponse {
        guard !request.key.isEmpty else { throw .emptyKey }
        let revision = request.revision > 0 ? Revision(request.revision) : fixed
        do throws(StoreError) {
            if request.end.isEmpty { return try one(request, at: revision) }
        } catch { throw GRPCStatus(error) }
        return try many(request, at: revision)
    }

    private func one(_ request: RangeRequest, at revision: Revision?) throws(StoreError) -> RangeResponse {
        var response = RangeResponse()
        // The header may not be older than what is read.
        let object = String(validating: request.key, as: UTF8.self)
        let found = try object.map { (key) throws(StoreError) in try store.get(key, at: revision) } ?? nil
        response.header = header()
        guard let found, isWanted(found, request), found.key.utf8.first != 1 else { return response }
        response.count = 1
        if !request.countOnly { response.kvs = [answer(found, request)] }
        return response
    }

    private func many(_ request: RangeRequest, at revision: Revision?) throws(GRPCStatus) -> RangeResponse {
        let range = try ServedRange(KeyRange(start: request.key, end: request.end))
        var response = RangeResponse()
        let sorted = request.sortOrder != .none && !(request.sortTarget == .key && request.sortOrder == .ascend)
        let filtered =
            request.minModRevision != 0 || request.maxModRevision != 0 || request.minCreateRevision != 0
            || request.maxCreateRevision != 0
        let limit = Int(clamping: max(0, request.limit))
        var objects: [StoredObject] = []
        do throws(StoreError) {
            if range.isWhole, !sorted, !filtered {
                let page = try store.range(
                    prefix: range.prefix, from: range.from, limit: request.countOnly ? 1 : limit, at: revision)
                response.header = header()
                response.count = Int64(page.count)
                if !request.countOnly {
                    response.kvs = page.objects.map { answer($0, request) }
                    response.more = page.more
                }
                return response
            }
            let page = try store.range(prefix: range.prefix, from: range.from, limit: 0, at: revision)
            objects = page.objects.filter { range.contains($0.key) }
        } catch { throw GRPCStatus(error) }
        response.header = header()
        // The count is of all keys of the range, whatever is filtered from the answer.
        response.count = Int64(objects.count)
        if request.countOnly { return response }
        if filtered { objects = objects.filter { isWanted($0, request) } }
        if sorted { sort(&objects, request) }
        if limit > 0, objects.count > limit {
            objects.removeLast(objects.count - limit)
            response.more = true
        }
        response.kvs = objects.map { answer($0, request) }
        return response
    }

    private func answer(_ object: StoredObject, _ request: RangeRequest) -> KeyValue {
        var kv = keyValue(object)
        if request.keysOnly { kv.value = [] }
        return kv
    }

    private func isWanted(_ object: StoredObject, _ request: RangeRequest) -> Bool {
        let (modified, created) = (object.modified.value, object.created.value)
        if request.minModRevision > 0, modified < request.minModRevision { return false }
        if request.maxModRevision > 0, modified > request.maxModRevision { return false }
        if request.minCreateRevision > 0, created < request.minCreateRevision { return false }
        return request.maxCreateRevision == 0 || created <= request.maxCreateRevision
    }

    private func sort(_ objects: inout [StoredObject], _ request: RangeRequest) {
        objects.sort { a, b in
            switch request.sortTarget {
            case .key: a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
            case .version: a.version < b.version
            case .create: a.created < b.created
            case .mod: a.modified < b.modified
            case .value: a.value.lexicographicallyPrecedes(b.value)
            }
        }
        if request.sortOrder == .descend { objects.reverse() }
    }
}
