import Synchronization

/// A way to one API server over HTTP, already authenticated.
package protocol APISession: Sendable {
    /// The server's address as messages name it, such as `https://127.0.0.1:6443`.
    var server: String { get }
    /// Returns with the head of the answer, whatever its status is.
    func send(_ request: SessionRequest) async throws -> SessionResponse
    /// Opens a WebSocket with the first of the subprotocols that the server knows.
    func openSocket(_ request: SessionRequest, subprotocols: [String]) async throws -> any SessionSocket
}

package struct SessionRequest: Sendable {
    package var method: String
    /// Percent-encoded, beginning with `/`.
    package var path: String
    /// Unencoded.
    package var query: [(name: String, value: String)]
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Until the head of the answer; nil: the session's own.
    package var timeout: Duration?

    package init(
        _ method: String = "GET", _ path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8] = [], timeout: Duration? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }

    /// Path and query as they are sent.
    package var target: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), 0x2D, 0x2E, 0x5F, 0x7E:
                output.append(byte)
            default: output += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

package struct SessionResponse: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: any SessionBody

    package init(status: Int, headers: [(name: String, value: String)], body: any SessionBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package func headers(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

/// A body that is read as it comes. Cancelling the reading task gives the request up.
package protocol SessionBody: Sendable {
    /// Nil at its end.
    func next() async throws -> [UInt8]?
}

extension SessionBody {
    package func collect(limit: Int = 64 << 20) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            guard all.count + piece.count <= limit else {
                throw SessionError(.tooLarge, "the answer is longer than \(limit) bytes")
            }
            all += piece
        }
        return all
    }
}

/// A body that is there already.
package final class CollectedBody: SessionBody {
    private let bytes: Mutex<[UInt8]?>
    package init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }
    package func next() async throws -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes.flatMap { $0.isEmpty ? nil : $0 }
        }
    }
}

package protocol SessionSocket: Sendable {
    var subprotocol: String? { get }
    func send(_ bytes: [UInt8]) async throws
    /// Nil once the peer has closed it.
    func receive() async throws -> [UInt8]?
    func close()
}

/// Why an API server could not be asked.
package struct SessionError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable { case refused, unreachable, tls, timeout, closed, tooLarge, upgrade, configuration }
    package let code: Code
    package let message: String
    /// The HTTP status and body of a refused upgrade.
    package let answer: (status: Int, body: [UInt8])?

    package init(_ code: Code, _ message: String, answer: (status: Int, body: [UInt8])? = nil) {
        self.code = code
        self.message = message
        self.answer = answer
    }

    package var isRetryable: Bool { code == .refused || code == .unreachable || code == .timeout || code == .closed }
    package var description: String { message }
}
