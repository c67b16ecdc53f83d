import MartinetAPICore
import MartinetTransport

/// Who asks, as the API server tells a server behind it.
///
/// Source: the request-header authentication of upstream (`x509 request header`), `transport.SetAuthProxyHeaders`.
enum RemoteIdentity {
    static let userHeader = "X-Remote-User"
    static let uidHeader = "X-Remote-Uid"
    static let groupHeader = "X-Remote-Group"
    static let extraPrefix = "X-Remote-Extra-"

    static func headers(_ identity: Identity) -> [(String, String)] {
        var headers = [(userHeader, identity.user)]
        if !identity.uid.isEmpty { headers.append((uidHeader, identity.uid)) }
        headers += identity.groups.map { (groupHeader, $0) }
        for (key, values) in identity.extra.sorted(by: { $0.key < $1.key }) {
            headers += values.map { ("\(extraPrefix)\(escaped(key))", $0) }
        }
        return headers
    }

    /// A key as a header's name can have it: what is no character of a token, and `%`, in percent escapes.
    private static func escaped(_ key: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in key.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 33, 35, 36, 38, 39, 42, 43, 45, 46, 94, 95, 96, 124, 126: out.append(byte)
            default: out += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
