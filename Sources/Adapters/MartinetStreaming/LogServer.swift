import MartinetBase
import MartinetSchema
package import MartinetTransport
import Synchronization

/// Serves a container's log: as a plain answer that goes on as long as the log does, or as messages of a WebSocket
/// (`binary.k8s.io`, `base64.binary.k8s.io`).
package struct LogServer: Sendable {
    private let streams: any ContainerStreams

    package init(_ streams: any ContainerStreams) { self.streams = streams }

    package func serve(
        _ target: ContainerTarget, _ query: QueryParameters, _ request: HTTPRequest, _ exchange: any Exchange
    ) {
        let options: LogOptions
        do throws(StreamRefusal) {
            options = try LogOptions(query)
        } catch {
            return exchange.respond(error.status, text: error.message + "\n")
        }
        streams.check(target) { [streams] refusal in
            if let refusal { return exchange.respond(refusal.status, text: refusal.message + "\n") }
            streams.log(target, options) { result in
                switch result {
                case .failure(let refusal): exchange.respond(refusal.status, text: refusal.message + "\n")
                case .success(let log) where exchange.canUpgrade(to: "websocket"):
                    LogServer.messages(log, request, exchange)
                case .success(let log): LogServer.stream(log, exchange)
                }
            }
        }
    }

    private static func stream(_ log: any LogSource, _ exchange: any Exchange) {
        let out = exchange.begin(
            200, [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-cache, private")])
        out.onClose {
            log.cancel()
        }
        out.onWritable { log.setReading(true) }
        log.start(
            onBytes: { bytes in
                out.write(bytes)
                guard !out.isWritable else { return }
                log.setReading(false)
                if out.isWritable { log.setReading(true) }
            },
            onEnd: { error in
                // The head is out: only a broken answer can say that the log is not whole.
                if error == nil { out.end() } else { out.abort() }
            })
    }

    private static func messages(_ log: any LogSource, _ request: HTTPRequest, _ exchange: any Exchange) {
        let served = ["binary.k8s.io", "base64.binary.k8s.io"]
        let offered = request.headers.tokens("sec-websocket-protocol")
        let chosen = offered.first(where: served.contains)
        guard offered.isEmpty || chosen != nil else {
            log.cancel()
            return exchange.respond(
                403, text: "none of the subprotocols \(offered.joined(separator: ", ")) is served\n")
        }
        guard let socket = exchange.upgradeToWebSocket(subprotocol: chosen, []) else { return log.cancel() }
        let isBase64 = chosen?.hasPrefix("base64") ?? false
        socket.onWritable { log.setReading(true) }
        socket.start(onMessage: { _ in }, onClose: { _, _ in log.cancel() })
        log.start(
            onBytes: { bytes in
                for start in stride(from: 0, to: bytes.count, by: 64 << 10) {
                    let piece = Array(bytes[start..<min(start + 64 << 10, bytes.count)])
                    let text = isBase64 ? Base64.encode(piece) : nil
                    socket.send(text.map { .text($0) } ?? .binary(piece))
                }
                guard !socket.isWritable else { return }
                log.setReading(false)
                if socket.isWritable { log.setReading(true) }
            },
            onEnd: { error in socket.close(code: error == nil ? 1000 : 1011, reason: error ?? "") })
    }
}
