import Glibc
import MartinetBase
import MartinetContainers
import MartinetEngine

/// One call of `grpc.health.v1.Health/Check`, HTTP/2 in the clear. Sources: gRPC's health checking protocol and "gRPC over
/// HTTP/2"; RFC 9113 for the frames, RFC 7541 for the headers, which are all sent as literals and of which none is read:
/// only an answer that says SERVING is healthy, and that is in its data.
struct GRPCHealth {
    /// Longer than a name of a service may be.
    private static let serviceBytesMax = 4096
    private static let answerBytesMax = 64 << 10

    private enum Frame {
        static let data: UInt8 = 0, headers: UInt8 = 1, reset: UInt8 = 3, settings: UInt8 = 4, ping: UInt8 = 6
        static let goAway: UInt8 = 7
    }

    /// Everything that the client has to say, until it answers settings and pings.
    static func request(authority: String, service: String) throws -> [UInt8] {
        guard service.utf8.count <= serviceBytesMax, authority.utf8.count < 127 else {
            throw SystemError(call: "grpc", operand: "the name of the service", errno: EMSGSIZE)
        }
        func text(_ value: String) -> [UInt8] { [UInt8(value.utf8.count)] + Array(value.utf8) }
        // Names by their number in the static table: POST, http, then :path, :authority, content-type, user-agent.
        var headers: [UInt8] = [0x83, 0x86, 0x04] + text("/grpc.health.v1.Health/Check") + [0x01] + text(authority)
        headers += [0x0F, 0x10] + text("application/grpc") + [0x0F, 0x2B] + text("kube-probe/1.36")
        headers += [0x00] + text("te") + text("trailers")
        var message: [UInt8] = []
        if !service.isEmpty {
            message = [0x0A]
            var length = service.utf8.count
            while length > 127 {
                message.append(UInt8(length & 127) | 128)
                length >>= 7
            }
            message += [UInt8(length)] + Array(service.utf8)
        }
        let count = UInt32(message.count)
        let data =
            [0, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + message
        return Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(Frame.settings, 0, 0, [])
            + frame(Frame.headers, 4, 1, headers) + frame(Frame.data, 1, 1, data)
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [
            UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream,
        ] + payload
    }

    /// What has come so far.
    struct Answer {
        private var pending: [UInt8] = []
        private var data: [UInt8] = []
        /// What the protocol wants to be sent now.
        private(set) var replies: [UInt8] = []
        private(set) var isOver = false

        mutating func takeReplies() -> [UInt8] {
            defer { replies = [] }
            return replies
        }

        /// Takes in bytes, in whatever pieces they come. Throws where they are no HTTP/2.
        mutating func receive(_ bytes: some Collection<UInt8>) throws {
            pending += bytes
            while !isOver, pending.count >= 9 {
                let length = Int(pending[0]) << 16 | Int(pending[1]) << 8 | Int(pending[2])
                // Nobody has allowed the server larger frames.
                guard length <= 16384 else {
                    throw SystemError(call: "grpc", operand: "a frame of \(length) bytes", errno: EPROTO)
                }
                guard pending.count >= 9 + length else { return }
                let (type, flags, stream) = (pending[3], pending[4], pending[8])
                let payload = Array(pending[9..<(9 + length)])
                pending.removeFirst(9 + length)
                try take(type, flags, stream, payload)
            }
        }

        private mutating func take(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) throws {
            switch type {
            case Frame.settings:
                if flags & 1 == 0 { replies += GRPCHealth.frame(Frame.settings, 1, 0, []) }
            case Frame.ping:
                if flags & 1 == 0, payload.count == 8 { replies += GRPCHealth.frame(Frame.ping, 1, 0, payload) }
            case Frame.reset, Frame.goAway: isOver = true
            case Frame.data:
                let padding = flags & 8 != 0 ? Int(payload.first ?? 0) : 0
                let start = flags & 8 != 0 ? 1 : 0
                guard payload.count >= start + padding, data.count + payload.count <= answerBytesMax else {
                    throw SystemError(call: "grpc", operand: "data", errno: EPROTO)
                }
                data += payload[start..<(payload.count - padding)]
                isOver = flags & 1 != 0
            case Frame.headers: isOver = flags & 1 != 0
            default: break
            }
        }

        /// nil where the service serves.
        var failure: String? {
            guard data.count >= 5, data[0] == 0 else { return "service unhealthy (the health check was not answered)" }
            let length = Int(data[1]) << 24 | Int(data[2]) << 16 | Int(data[3]) << 8 | Int(data[4])
            let status = GRPCHealth.status(data.dropFirst(5).prefix(length))
            let names = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
            if status == 1 { return nil }
            return "service unhealthy (responded with \"\(status < names.count ? names[status] : String(status))\")"
        }
    }

    /// Field 1 of a `HealthCheckResponse`; what is not there is 0.
    static func status(_ message: ArraySlice<UInt8>) -> Int {
        var rest = message
        func varint() -> UInt64? {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while let byte = rest.popFirst() {
                guard shift < 64 else { return nil }
                value |= UInt64(byte & 127) << shift
                if byte < 128 { return value }
                shift += 7
            }
            return nil
        }
        var status = 0
        while let tag = varint() {
            switch tag & 7 {
            case 0:
                guard let value = varint() else { return 0 }
                if tag >> 3 == 1 { status = Int(clamping: value) }
            case 1: rest = rest.dropFirst(8)
            case 2:
                guard let count = varint() else { return 0 }
                rest = rest.dropFirst(Int(clamping: count))
            case 5: rest = rest.dropFirst(4)
            default: return 0
            }
        }
        return status
    }
}

extension NodeDialer {
    /// Asks a service how it is; nil where it serves. Blocks for at most the time-out.
    func checkHealth(_ host: String, _ port: UInt16, service: String, _ timeout: Duration) throws -> String? {
        let end = engine.runtime.monotonic() + timeout
        var answer = GRPCHealth.Answer()
        try connect(host, port, timeout) { socket in
            try socket.writeAll(try GRPCHealth.request(authority: "\(host):\(port)", service: service))
            var buffer = [UInt8](repeating: 0, count: 16384)
            while !answer.isOver {
                let left = max(.zero, end - engine.runtime.monotonic())
                var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
                let ready = poll(&entry, 1, Int32(clamping: left.nanoseconds / 1_000_000))
                if ready < 0, errno == EINTR { continue }
                guard ready == 1 else {
                    throw SystemError(call: "read", operand: "health check", errno: ETIMEDOUT)
                }
                let got = read(socket.number, &buffer, buffer.count)
                if got < 0, errno == EAGAIN || errno == EINTR { continue }
                guard got > 0 else { throw SystemError(call: "read", operand: "health check", errno: ECONNRESET) }
                try answer.receive(buffer[..<got])
                let replies = answer.takeReplies()
                if !replies.isEmpty { try socket.writeAll(replies) }
            }
        }
        return answer.failure
    }
}
