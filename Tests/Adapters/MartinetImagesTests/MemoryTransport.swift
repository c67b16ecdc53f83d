import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import Synchronization

/// A registry behind a transport without a network, with faults on demand.
final class MemoryTransport: RegistryTransport {
    struct State {
        var server: RegistryServer
        var requests: [(method: String, url: String, authorization: String?, range: String?)] = []
        /// How often a GET of a blob breaks off after this many bytes.
        var breaks = (times: 0, after: 0)
        /// How often a request is answered with 503.
        var unavailable = 0
        /// Flips a bit in blobs, this many times.
        var damaged = 0
    }

    struct BrokenOff: Error {}
    let state: Mutex<State>

    init(_ server: RegistryServer) { state = Mutex(State(server: server)) }

    func send(_ request: RegistryRequest) async throws -> RegistryResponse {
        var body: [UInt8] = []
        switch request.body {
        case .none: break
        case .bytes(let bytes): body = bytes
        case .stream(let length, let open):
            body = try await open().readAll(limit: Int(length))
        }
        let sent = body
        await Task.yield()
        let (response, cut): (RegistryServer.Response, Int?) = state.withLock { state in
            func header(_ name: String) -> String? { request.headers.first { $0.0 == name }?.1 }
            state.requests.append(
                (request.method, request.url.description, header("Authorization"), header("Range")))
            if state.unavailable > 0 {
                state.unavailable -= 1
                return (.init(status: 503, headers: [], body: []), nil)
            }
            var response = state.server.handle(
                .init(
                    method: request.method, host: request.url.authority, target: request.url.target,
                    headers: request.headers, body: sent))
            let isBlob = request.method == "GET" && (200...206).contains(response.status) && response.body.count > 1000
            if isBlob, state.damaged > 0 {
                state.damaged -= 1
                response.body[500] ^= 1
            }
            if isBlob, state.breaks.times > 0 {
                state.breaks.times -= 1
                return (response, state.breaks.after)
            }
            return (response, nil)
        }
        let content = Pieces(response.body.prefix(cut ?? .max))
        let reader = RegistryBody {
            let piece = content.next()
            if piece.isEmpty {
                if cut != nil { throw BrokenOff() }
                return nil
            }
            return piece
        }
        return RegistryResponse(status: response.status, headers: response.headers, body: reader)
    }
}

/// A body, a thousand bytes at a time.
private final class Pieces: Sendable {
    private let rest: Mutex<ArraySlice<UInt8>>
    init(_ bytes: ArraySlice<UInt8>) { rest = Mutex(bytes) }
    func next() -> [UInt8] {
        rest.withLock { rest in
            let piece = rest.prefix(1000)
            rest = rest.dropFirst(1000)
            return Array(piece)
        }
    }
}
