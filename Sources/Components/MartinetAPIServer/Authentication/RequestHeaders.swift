import MartinetAPICore
import MartinetBase
package import MartinetCertificates
import MartinetTransport

/// Whom a proxy in front of the server says that a request comes from (`--requestheader-*`).
package struct RequestHeaders: Sendable {
    package struct Names: Sendable, Hashable {
        package var user: [String]
        package var uid: [String]
        package var group: [String]
        package var extraPrefix: [String]
        package init(
            user: [String] = ["X-Remote-User"], uid: [String] = ["X-Remote-Uid"], group: [String] = ["X-Remote-Group"],
            extraPrefix: [String] = ["X-Remote-Extra-"]
        ) {
            self.user = user
            self.uid = uid
            self.group = group
            self.extraPrefix = extraPrefix
        }
    }

    private let trust: CertificateTrust
    private let commonNames: Set<String>
    private let names: Names

    /// - Parameters:
    ///   - trust: who issues the certificates of proxies.
    ///   - commonNames: which of them may speak for others; empty: all.
    package init(trust: CertificateTrust, commonNames: [String], names: Names = Names()) {
        self.trust = trust
        self.commonNames = Set(commonNames)
        self.names = names
    }

    /// Whether a certificate is one of a proxy that is believed.
    func isProxy(_ certificate: [UInt8], _ info: CertificateInfo, now: Timestamp) -> Bool {
        info.isForClients && trust.issued(certificate, now: now)
            && (commonNames.isEmpty || commonNames.contains(info.commonName ?? ""))
    }

    /// Whom a believed proxy speaks for; nil where it says nothing.
    func identity(_ headers: HTTPHeaderList) -> Identity? {
        func first(_ names: [String]) -> String {
            names.lazy.compactMap { headers[$0.lowercased()] }.first { !$0.isEmpty } ?? ""
        }
        let user = first(names.user)
        guard !user.isEmpty else { return nil }
        let groups = names.group.flatMap { headers.all($0.lowercased()) }
        var extra: [String: [String]] = [:]
        for (name, value) in headers.fields {
            let lower = name.lowercased()
            for prefix in names.extraPrefix where lower.hasPrefix(prefix.lowercased()) {
                let key = String(lower.dropFirst(prefix.utf8.count))
                extra[percentDecoded(key, plusIsSpace: false) ?? key, default: []].append(value)
            }
        }
        return Identity(user: user, uid: first(names.uid), groups: groups.known, extra: extra)
    }

    /// Whether a header speaks for somebody: whoever passes a request on takes such headers off first.
    package func speaks(_ name: String) -> Bool {
        let lower = name.lowercased()
        return (names.user + names.uid + names.group).contains { $0.lowercased() == lower }
            || names.extraPrefix.contains { lower.hasPrefix($0.lowercased()) }
    }
}
