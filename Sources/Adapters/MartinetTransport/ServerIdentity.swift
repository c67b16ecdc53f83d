import MartinetCertificates
import NIOCore
import NIOSSL

/// Whom a client means to reach: a host name, or an address where the url has one (RFC 9525, RFC 9110 §4.3.4).
struct ServerIdentity: Sendable {
    let name: String

    /// Nil where the certificate is for `name`. That it was issued by a trusted authority has been checked before.
    func check(_ certificate: NIOSSLCertificate?) -> TransportError? {
        guard let der = try? certificate?.toDERBytes(), let info = try? CertificateInfo(der: der) else {
            return TransportError(.tls, "the server showed no certificate that can be read")
        }
        let found: Bool
        if let address = try? SocketAddress(ipAddress: name, port: 0).ipAddress {
            found = info.addresses.contains { (try? SocketAddress(ipAddress: $0, port: 0).ipAddress) == address }
        } else {
            let wanted = name.lowercased()
            found = info.dnsNames.contains { ServerIdentity.matches($0.lowercased(), wanted) }
        }
        guard !found else { return nil }
        let names = (info.dnsNames + info.addresses).joined(separator: ", ")
        return TransportError(.tls, "the server's certificate is for \(names) and not for \(name)")
    }

    /// Whether `pattern`, both in lower case, is `host` or stands for one label of it with `*.`.
    static func matches(_ pattern: String, _ host: String) -> Bool {
        if pattern == host { return true }
        guard pattern.utf8.starts(with: "*.".utf8), let dot = host.utf8.firstIndex(of: 46) else { return false }
        return dot > host.startIndex && host[dot...] == pattern.dropFirst()
    }
}
