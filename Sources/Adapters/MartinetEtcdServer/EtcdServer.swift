package import MartinetBase
import MartinetEtcdMessages
package import MartinetStore
package import MartinetTransport
import Synchronization

/// Serves etcd's API from a store, so that etcd's own clients and upstream's API server run on it.
///
/// See docs/etcd.md for what is served and what is refused by name.
package final class EtcdServer: Sendable {
    /// The version of etcd whose behaviour it claims.
    package static let version = EtcdService.version
    private let service: EtcdService
    private let hub: WatchHub
    private let watching: any SerialExecutorPort
    private let working: [any SerialExecutorPort]
    private let turn = Atomic<Int>(0)
    private let http = Mutex<DuplexServer?>(nil)
    private let address = Mutex("")
    private static let messageMax = 32 << 20

    /// The store must have no other writer.
    package init(
        store: any ObjectStore, runtime: any Runtime, sizeBytes: @escaping @Sendable () -> Int64 = { 0 }
    ) throws(StoreError) {
        service = try EtcdService(store, runtime: runtime, sizeBytes: sizeBytes)
        hub = WatchHub(store, leases: service.leases)
        watching = runtime.executor(named: "martinet.etcd.watch")
        working = (0..<4).map { runtime.executor(named: "martinet.etcd.work.\($0)") }
        expireLater()
    }

    /// Takes connections; returns the port. `tls`: nil serves in the clear.
    package func listen(
        _ place: ListenAddress, loops: EventLoops, tls: ServerTLS? = nil, requiresCertificate: Bool = false
    ) throws -> Int {
        let server = try DuplexServer(loops: loops, tls: tls, requiresCertificate: requiresCertificate) {
            [weak self] path, _, _, stream in
            guard let self else { return DuplexEvents() }
            return accept(path, stream)
        }
        let port = try server.listen(place)
        http.withLock { $0 = server }
        if case .ip(let host, _) = place {
            address.withLock { $0 = "\(tls == nil ? "http" : "https")://\(host):\(port)" }
        }
        return port
    }

    package func shutdown() async { await http.withLock({ $0 })?.shutdown() }

    private func expireLater() {
        _ = watching.submit(after: .milliseconds(500)) { [weak self] in
            guard let self else { return }
            service.expire()
            expireLater()
        }
    }

    // MARK: Calls

    private func accept(_ path: String, _ stream: any DuplexStream) -> DuplexEvents {
        stream.begin(200, [("content-type", "application/grpc")])
        let service = service
        switch path {
        case EtcdMethod.range:
            return read(stream) { (request: RangeRequest) throws(GRPCStatus) in try service.range(request) }
        case EtcdMethod.put: return write(stream) { service.put($0, $1) }
        case EtcdMethod.deleteRange: return write(stream) { service.delete($0, $1) }
        case EtcdMethod.transaction: return write(stream) { service.transact($0, $1) }
        case EtcdMethod.compact: return write(stream) { service.compact($0, $1) }
        case EtcdMethod.leaseGrant: return write(stream) { service.grant($0, $1) }
        case EtcdMethod.leaseRevoke:
            return write(stream) { (request: LeaseRevokeRequest, answer) in service.revoke(request.id, answer) }
        case EtcdMethod.leaseTimeToLive:
            return read(stream) { (request: LeaseTimeToLiveRequest) in service.timeToLive(request) }
        case EtcdMethod.leaseLeases:
            return read(stream) { (_: LeaseLeasesRequest) in
                var response = LeaseLeasesResponse()
                response.header = service.header()
                response.leases = service.leases.all.map { id in
                    var status = LeaseStatus()
                    status.id = id
                    return status
                }
                return response
            }
        case EtcdMethod.leaseKeepAlive:
            return messages(stream) { (request: LeaseKeepAliveRequest) in
                stream.send(GRPCFraming.frame(service.keepAlive(request).encoded))
            } ended: {
                stream.finish(GRPCStatus.ok.trailers)
            }
        case EtcdMethod.watch: return watch(stream)
        default: return maintenance(path, stream)
        }
    }

    private func maintenance(_ path: String, _ stream: any DuplexStream) -> DuplexEvents {
        let service = service
        switch path {
        case EtcdMethod.status:
            return read(stream) { (_: StatusRequest) in
                var response = StatusResponse()
                response.header = service.header()
                response.version = EtcdService.version
                response.dbSize = service.sizeBytes()
                response.dbSizeInUse = response.dbSize
                response.leader = service.clusterID
                response.raftTerm = 1
                let revision = UInt64(clamping: service.store.revision.value)
                response.raftIndex = revision
                response.raftAppliedIndex = revision
                return response
            }
        case EtcdMethod.alarm:
            return read(stream) { (_: AlarmRequest) in
                var response = AlarmResponse()
                response.header = service.header()
                return response
            }
        case EtcdMethod.defragment:
            // The store gives space back by itself.
            return read(stream) { (_: DefragmentRequest) in
                var response = DefragmentResponse()
                response.header = service.header()
                return response
            }
        case EtcdMethod.memberList:
            return read(stream) { [self] (_: MemberListRequest) in
                var member = EtcdMember()
                member.id = service.clusterID
                member.name = "martinet"
                member.clientURLs = [address.withLock { $0 }]
                var response = MemberListResponse()
                response.header = service.header()
                response.members = [member]
                return response
            }
        case EtcdMethod.authenticate:
            return read(stream) { (_: AuthenticateRequest) throws(GRPCStatus) -> AuthenticateResponse in
                throw .authNotEnabled
            }
        default:
            stream.finish(GRPCStatus(.unimplemented, "martinet does not serve \(path)").trailers)
            return DuplexEvents()
        }
    }

    private func watch(_ stream: any DuplexStream) -> DuplexEvents {
        let session = WatchSession(service, hub, stream, watching)
        var events = messages(stream) { (request: WatchRequest) in
            session.take(request)
        } ended: {
            session.end()
            stream.finish(GRPCStatus.ok.trailers)
        }
        events.closed = { _ in session.end() }
        events.drained = { session.wake() }
        return events
    }

    /// Where work goes: blocking reads may not hold up an event loop, nor each other more than need be.
    private func worker() -> any SerialExecutorPort {
        working[turn.wrappingAdd(1, ordering: .relaxed).newValue & 3]
    }

    private func read<Request: EtcdMessage, Response: EtcdMessage>(
        _ stream: any DuplexStream, _ body: @escaping @Sendable (Request) throws(GRPCStatus) -> Response
    ) -> DuplexEvents {
        write(stream) { (request: Request, answer: EtcdService.Answer<Response>) in
            do throws(GRPCStatus) { answer(.success(try body(request))) } catch { answer(.failure(error)) }
        }
    }

    private func write<Request: EtcdMessage, Response: EtcdMessage>(
        _ stream: any DuplexStream,
        _ body: @escaping @Sendable (Request, @escaping EtcdService.Answer<Response>) -> Void
    ) -> DuplexEvents {
        let worker = worker()
        return messages(stream) { (request: Request) in
            worker.submit {
                body(request) { (result: Result<Response, GRPCStatus>) in
                    switch result {
                    case .success(let response):
                        stream.send(GRPCFraming.frame(response.encoded))
                        stream.finish(GRPCStatus.ok.trailers)
                    case .failure(let status): stream.finish(status.trailers)
                    }
                }
            }
        } ended: {
        }
    }

    /// Calls `body` with every message of a stream.
    private func messages<Request: EtcdMessage>(
        _ stream: any DuplexStream, _ body: @escaping @Sendable (Request) -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> DuplexEvents {
        let box = FramingBox(messageMax: EtcdServer.messageMax)
        return DuplexEvents(
            data: { bytes in
                do throws(GRPCStatus) {
                    for message in try box.append(bytes) {
                        let request: Request
                        do throws(EtcdMessageError) { request = try Request(decoding: message) } catch {
                            throw GRPCStatus(.internal, "\(error)")
                        }
                        body(request)
                    }
                } catch { stream.finish(error.trailers) }
            }, end: { _ in ended() })
    }
}

/// A stream's framing, of its event loop alone.
private final class FramingBox: Sendable {
    private let framing: Mutex<GRPCFraming>
    init(messageMax: Int) { framing = Mutex(GRPCFraming(messageMax: messageMax)) }

    func append(_ bytes: [UInt8]) throws(GRPCStatus) -> [[UInt8]] {
        try framing.withLock { (framing) throws(GRPCStatus) in
            framing.append(bytes)
            var messages: [[UInt8]] = []
            while let message = try framing.next() { messages.append(message) }
            return messages
        }
    }
}
