import MartinetBase
import MartinetEtcdMessages
import MartinetStore
import MartinetTransport
import Synchronization

/// The watches of one stream. Each is a place in the history that moves on while the client takes what is sent.
///
/// `@unchecked`: its watches are touched only on `executor`.
final class WatchSession: @unchecked Sendable {
    private struct Watch {
        let range: KeyRange
        let putsWanted: Bool
        let deletesWanted: Bool
        let previousWanted: Bool
        let progressWanted: Bool
        /// Everything up to here was told.
        var cursor: Revision
        var quiet = 0
    }

    private static let pendingMax = 4 << 20
    private static let watchesMax = 10_000
    private static let responseBytes = 1 << 20

    private let service: EtcdService
    private let hub: WatchHub
    private let stream: any DuplexStream
    private let executor: any SerialExecutorPort
    private let isScheduled = Mutex(false)
    private var watches: [Int64: Watch] = [:]
    private var nextID: Int64 = 0
    private var progressAsked = false
    private var isOver = false
    /// How often a quiet watch that wants it is told how far it is.
    private static let progressEvery = Duration.seconds(5)

    init(_ service: EtcdService, _ hub: WatchHub, _ stream: any DuplexStream, _ executor: any SerialExecutorPort) {
        self.service = service
        self.hub = hub
        self.stream = stream
        self.executor = executor
        hub.join(self) { [weak self] in self?.wake() }
        tick()
    }

    /// More may be sent, or there is more to send.
    func wake() {
        let first = isScheduled.withLock { isScheduled in
            defer { isScheduled = true }
            return !isScheduled
        }
        guard first else { return }
        executor.submit { [self] in
            isScheduled.withLock { $0 = false }
            pump()
        }
    }

    func end() {
        hub.leave(self)
        executor.submit { [self] in
            isOver = true
            watches = [:]
        }
    }

    func take(_ request: WatchRequest) {
        executor.submit { [self] in
            guard !isOver else { return }
            if let create = request.create { self.create(create) }
            if let cancel = request.cancel, watches.removeValue(forKey: cancel.watchID) != nil {
                var response = self.response(cancel.watchID)
                response.canceled = true
                send(response)
            }
            if request.progress != nil { progressAsked = true }
            pump()
        }
    }

    private func response(_ id: Int64, _ revision: Revision? = nil) -> WatchResponse {
        var response = WatchResponse()
        response.header = service.header(revision ?? hub.revision)
        response.watchID = id
        return response
    }

    private func send(_ response: WatchResponse) { stream.send(GRPCFraming.frame(response.encoded)) }

    private func create(_ request: WatchCreateRequest) {
        var id = request.watchID
        if id == 0 {
            repeat { nextID += 1 } while watches[nextID] != nil
            id = nextID
        }
        let start = hub.revision
        var response = self.response(id, start)
        response.created = true
        guard watches[id] == nil, watches.count < WatchSession.watchesMax, !request.key.isEmpty else {
            response.watchID = -1
            response.canceled = true
            response.cancelReason = "etcdserver: the watch cannot be created"
            return send(response)
        }
        watches[id] = Watch(
            range: KeyRange(start: request.key, end: request.end), putsWanted: !request.filters.contains(0),
            deletesWanted: !request.filters.contains(1), previousWanted: request.wantsPrevious,
            progressWanted: request.progressNotify,
            cursor: request.startRevision > 0 ? Revision(request.startRevision - 1) : start)
        send(response)
        if request.startRevision > 0, request.startRevision < service.store.compacted.value { cancelCompacted(id) }
    }

    private func cancelCompacted(_ id: Int64) {
        watches[id] = nil
        var response = self.response(id)
        response.canceled = true
        response.compactRevision = service.store.compacted.value
        response.cancelReason = "etcdserver: mvcc: required revision has been compacted"
        send(response)
    }

    /// Moves every watch on as far as the client takes it.
    private func pump() {
        guard !isOver else { return }
        for id in watches.keys {
            while let watch = watches[id], watch.cursor < hub.revision {
                // The stream calls when it has room again.
                guard stream.pendingBytes < WatchSession.pendingMax else { return }
                do throws(StoreError) {
                    let piece = try hub.events(after: watch.cursor)
                    tell(id, watch, piece.events)
                    watches[id]?.cursor = piece.through
                    watches[id]?.quiet = 0
                    if piece.through <= watch.cursor { break }
                } catch {
                    guard case .compacted = error.code else {
                        isOver = true
                        return stream.finish(GRPCStatus(error).trailers)
                    }
                    cancelCompacted(id)
                }
            }
        }
        if progressAsked {
            progressAsked = false
            send(response(-1, watches.values.map(\.cursor).min()))
        }
    }

    private func tell(_ id: Int64, _ watch: Watch, _ events: [StoreEvent]) {
        var response = self.response(id)
        var bytes = 0
        var last = Revision.none
        let attached = Attachments(events)
        for event in events where event.revision > watch.cursor && event.key.utf8.first != 1 {
            guard event.kind == .put ? watch.putsWanted : watch.deletesWanted,
                watch.range.contains(Array(event.key.utf8))
            else { continue }
            if bytes > WatchSession.responseBytes, event.revision > last {
                response.header = service.header(last)
                send(response)
                response.events = []
                bytes = 0
            }
            response.events.append(told(event, watch, attached))
            bytes += event.value.count + event.key.utf8.count + 64
            last = event.revision
        }
        if !response.events.isEmpty { send(response) }
    }

    private func told(_ event: StoreEvent, _ watch: Watch, _ attached: Attachments) -> EtcdEvent {
        let leases =
            attached.leases(of: event) ?? (service.leases.lease(of: event.key), service.leases.lease(of: event.key))
        var told = EtcdEvent()
        var kv = KeyValue()
        kv.key = Array(event.key.utf8)
        kv.modRevision = event.revision.value
        if event.kind == .put {
            kv.value = event.value
            kv.createRevision = event.created.value
            kv.version = event.version
            kv.lease = leases.now
        } else {
            told.kind = .delete
        }
        told.kv = kv
        if watch.previousWanted, let previous = event.previous {
            var before = service.keyValue(previous)
            before.lease = leases.before
            told.previous = before
        }
        return told
    }

    private func tick() {
        _ = executor.submit(after: WatchSession.progressEvery) { [weak self] in
            guard let self, !isOver else { return }
            for (id, watch) in watches where watch.progressWanted && watch.cursor >= hub.revision {
                if watch.quiet > 0 { send(response(id, watch.cursor)) }
                watches[id]?.quiet += 1
            }
            tick()
        }
    }
}

/// Which leases keys had before and after the revisions of a piece of history, for those where that changed.
private struct Attachments {
    private struct Change {
        let revision: Revision
        let now: Int64
        let before: Int64
    }
    private var changes: [String: [Change]] = [:]

    init(_ events: [StoreEvent]) {
        func id(_ value: [UInt8]?) -> Int64 { value.flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0 }
        for event in events where event.key.hasPrefix(ServedKeys.attachments) {
            let key = String(event.key.dropFirst(ServedKeys.attachments.count))
            let now = event.kind == .put ? id(event.value) : 0
            changes[key, default: []].append(
                Change(revision: event.revision, now: now, before: id(event.previous?.value)))
        }
    }

    func leases(of event: StoreEvent) -> (now: Int64, before: Int64)? {
        changes[event.key]?.first { $0.revision == event.revision }.map { ($0.now, $0.before) }
    }
}
