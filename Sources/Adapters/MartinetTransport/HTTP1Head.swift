import NIOCore

/// Writes the heads of HTTP/1.1 messages (RFC 9112) and judges those that come in.
enum HTTP1Head {
    enum Framing { case none, length(Int), chunked, untilClose }

    /// The status line and the header section. Fields that would break out of their line are left out.
    static func write(
        _ status: Int, _ headers: [(String, String)], framing: Framing, close: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(min(max(status, 100), 999)))
        buffer.writeStaticString(" ")
        buffer.writeString(reason(status))
        buffer.writeStaticString("\r\n")
        for (name, value) in headers where isSafe(name: name, value: value) {
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .none, .untilClose: break
        case .length(let count):
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(count))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        }
        if close { buffer.writeStaticString("connection: close\r\n") }
        buffer.writeStaticString("\r\n")
    }

    /// Whether a field may be written: a token as its name (and not one that frames the message), no line break or NUL in
    /// its value.
    static func isSafe(name: String, value: String) -> Bool {
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return false }
        guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else { return false }
        return !["content-length", "transfer-encoding", "connection"].contains { HTTPHeaderList.same($0, name) }
    }

    /// The length that a streamed answer says itself; nil where it says none.
    static func length(_ headers: [(String, String)]) -> Int? {
        headers.first { HTTPHeaderList.same($0.0, "content-length") }.flatMap { Int($0.1) }.flatMap {
            $0 < 0 ? nil : $0
        }
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case 33, 35...39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
        default: false
        }
    }

    /// Splits a request target into path and query; nil where it is no origin form (nor absolute form, whose authority is
    /// dropped, nor `*`), or holds a byte outside printable ASCII.
    static func target(_ uri: String) -> (path: String, query: String?)? {
        var bytes = Substring(uri).utf8
        guard bytes.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 35 }) else { return nil }
        for scheme in ["http://", "https://"] where bytes.starts(with: scheme.utf8) {
            bytes = bytes.dropFirst(scheme.utf8.count)
            bytes = bytes.drop { $0 != 47 && $0 != 63 }
            if bytes.first != 47 {
                let query = bytes.isEmpty ? nil : String(Substring(bytes.dropFirst()))
                return ("/", query)
            }
            break
        }
        guard bytes.first == 47 || uri == "*" else { return nil }
        guard let mark = bytes.firstIndex(of: 63) else { return (String(Substring(bytes)), nil) }
        return (String(Substring(bytes[..<mark])), String(Substring(bytes[mark...].dropFirst())))
    }

    /// Whether an answer with this status, to this method, carries a body (RFC 9110 §6.4.1).
    static func hasBody(_ status: Int, method: String) -> Bool {
        method != "HEAD" && status >= 200 && status != 204 && status != 304
    }

    /// A status's usual reason phrase, or an empty one.
    static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Request Entity Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Entity"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
