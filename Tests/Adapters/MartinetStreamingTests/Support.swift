import Dispatch
import Glibc
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetStreaming
import MartinetTransport
import Synchronization

/// A node's endpoint on loopback, in the clear, with a client; whoever asks may.
final class Site: Sendable {
    static let loops = EventLoops(threads: 2)

    let fake = FakeContainers()
    let server: HTTPServer
    let client: HTTPClient
    let port: Int

    init() throws {
        let runtime = ProductionRuntime()
        let endpoint = KubeletEndpoint(fake, runtime: runtime) { _ in .allow }
        server = try HTTPServer(loops: Site.loops, handler: endpoint)
        port = try server.listen(.ip("127.0.0.1", port: 0), secure: false)
        client = try HTTPClient(loops: Site.loops, runtime: runtime, ClientConfiguration())
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }
    func stop() async { await server.shutdown(grace: .zero) }
}

/// What a WebSocket brought, by channel.
final class Seen: Sendable {
    private let state = Mutex((bytes: [UInt8: [UInt8]](), closed: nil as Int?))

    init(_ socket: any WebSocketConnection) {
        let isBase64 = socket.subprotocol?.contains("base64") ?? false
        socket.start(
            onMessage: { [self] message in
                switch message {
                case .binary(let bytes):
                    state.withLock { $0.bytes[bytes[0], default: []] += bytes.dropFirst() }
                case .text(let text):
                    guard isBase64, let first = text.utf8.first else { return }
                    state.withLock {
                        $0.bytes[first - 48, default: []] += Base64.decode(String(text.dropFirst())) ?? []
                    }
                }
            }, onClose: { [self] code, _ in state.withLock { $0.closed = code } })
    }

    var closed: Int? { state.withLock { $0.closed } }
    func bytes(_ channel: UInt8) -> [UInt8] { state.withLock { $0.bytes[channel] ?? [] } }
    func text(_ channel: UInt8) -> String { String(decoding: bytes(channel), as: UTF8.self) }
}

enum Support {
    /// A pattern whose period is a prime, so that nothing lost or moved goes unseen.
    static let pattern: [UInt8] = {
        let period = 65_521
        var generator = SplitMix64(state: 7)
        let once = (0..<period).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        return once + once + once
    }()

    /// `count` bytes of the pattern from `start` on; at most 128 KiB.
    @Sendable static func bytes(_ start: Int, _ count: Int) -> ArraySlice<UInt8> {
        let first = start % 65_521
        return pattern[first..<first + count]
    }

    static func same(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        a.count == b.count
            && a.withUnsafeBytes { a in
                b.withUnsafeBytes { b in a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }
            }
    }

    /// Runs blocking work on a thread of its own.
    static func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "blocking").async { continuation.resume(with: Result { try work() }) }
        }
    }

    static func thread(_ work: @escaping @Sendable () -> Void) -> DispatchWorkItem {
        let item = DispatchWorkItem(block: work)
        DispatchQueue(label: "thread").async(execute: item)
        return item
    }

    static func pause() { usleep(1000) }

    /// Waits until `condition` holds; false after `seconds`.
    static func eventually(_ seconds: Int = 10, _ condition: @escaping @Sendable () -> Bool) async -> Bool {
        let result = try? await blocking {
            for _ in 0..<seconds * 500 {
                if condition() { return true }
                usleep(2000)
            }
            return condition()
        }
        return result ?? false
    }

    /// Waits until `value` has not changed for half a second.
    static func steady(_ value: @escaping @Sendable () -> Int) async -> Bool {
        let result = try? await blocking {
            var last = -1
            var same = 0
            for _ in 0..<3000 {
                let now = value()
                same = now == last ? same + 1 : 0
                last = now
                if same >= 50, now > 0 { return true }
                usleep(10_000)
            }
            return false
        }
        return result ?? false
    }

    static func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, 256, file) != nil else { return 0 }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }
}
