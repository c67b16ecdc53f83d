/// How a call ended. Source: "gRPC over HTTP2", Trailers, and gRPC's list of status codes.
package struct GRPCStatus: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Int, Sendable {
        case ok = 0
        case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static let ok = GRPCStatus(.ok, "")

    package var description: String { message.isEmpty ? "grpc \(code)" : "grpc \(code): \(message)" }

    /// The trailers that say it.
    package var trailers: [(String, String)] {
        var trailers = [("grpc-status", String(code.rawValue))]
        if !message.isEmpty { trailers.append(("grpc-message", GRPCStatus.escaped(message))) }
        return trailers
    }

    /// From the two trailers. A code that is unknown or missing counts as `unknown`.
    package init(status: String?, message: String?) {
        self.init(
            status.flatMap { Int($0) }.flatMap(Code.init(rawValue:)) ?? .unknown,
            message.map(GRPCStatus.unescaped) ?? (status == nil ? "the call ended without a status" : ""))
    }

    /// Percent-encodes what is not printable ASCII.
    static func escaped(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte >= 0x20, byte <= 0x7E, byte != 0x25 {
                bytes.append(byte)
            } else {
                bytes += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func unescaped(_ text: String) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        var at = 0
        while at < source.count {
            if source[at] == 0x25, at + 2 < source.count,
                let value = UInt8(String(decoding: source[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                at += 3
            } else {
                bytes.append(source[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
