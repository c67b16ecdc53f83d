import Glibc
import MartinetBase
import MartinetCertificates
import Testing

@Suite("the certificate authority")
struct CertificateAuthorityTests {
    let now = Timestamp(seconds: 1_767_225_600)

    @Test("what is issued says what was asked for")
    func issue() throws {
        let authority = try CertificateAuthority.create(commonName: "kubernetes", now: now)
        let own = try CertificateInfo(pem: authority.certificatePEM)
        #expect(own.isAuthority && own.commonName == "kubernetes")
        let server = try CertificateInfo(
            der: authority.issue(
                .server("apiserver", dnsNames: ["kubernetes", "*.svc"], addresses: ["10.96.0.1", "::1"]), now: now,
                validity: .seconds(3600)
            ).certificateDER)
        #expect(server.dnsNames == ["kubernetes", "*.svc"] && server.addresses == ["10.96.0.1", "::1"])
        #expect(server.isForServers && !server.isForClients && !server.isAuthority)
        #expect(server.notAfter == now.advanced(by: .seconds(3600)))
        #expect(server.notBefore == now.advanced(by: .seconds(-300)))
        let client = try CertificateInfo(
            der: authority.issue(.client("jane", groups: ["a", "system:masters"]), now: now, validity: .seconds(60))
                .certificateDER)
        #expect(client.commonName == "jane" && client.organizations == ["a", "system:masters"])
        #expect(client.isForClients && !client.isForServers)
    }

    @Test("openssl believes the chain, and makes requests that are signed as approved and not as asked")
    func openssl() throws {
        guard let openssl = Tool.path(of: "openssl") else { return }
        let folder = try Tool.folder()
        defer { Tool.remove(folder) }
        let real = ProductionRuntime().now()
        let authority = try CertificateAuthority.create(commonName: "ca", now: real)
        try authority.save(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key")
        let issued = try authority.issue(.server("a", dnsNames: ["a"]), now: real, validity: .seconds(3600))
        try CertificateFile.write(issued.certificatePEM, to: "\(folder)/a.crt")
        #expect(Tool.run(openssl, ["verify", "-x509_strict", "-CAfile", "\(folder)/ca.crt", "\(folder)/a.crt"]) == 0)
        for kind in ["ec:\(folder)/p", "rsa:2048"] {
            if kind.hasPrefix("ec") {
                _ = Tool.run(openssl, ["ecparam", "-name", "prime256v1", "-out", "\(folder)/p"])
            }
            let made = Tool.run(
                openssl,
                [
                    "req", "-new", "-newkey", kind, "-nodes", "-keyout", "\(folder)/k", "-out", "\(folder)/csr",
                    "-subj",
                    "/O=system:masters/CN=mallory", "-addext", "subjectAltName=DNS:x,IP:1.2.3.4",
                ])
            #expect(made == 0)
            let request = try CertificateRequest(pem: CertificateFile.read("\(folder)/csr"))
            #expect(request.commonName == "mallory" && request.organizations == ["system:masters"])
            #expect(request.dnsNames == ["x"] && request.addresses == ["1.2.3.4"])
            let answer = try authority.issue(.client("jane"), request: request, now: real, validity: .seconds(60))
            let info = try CertificateInfo(der: answer.certificateDER)
            #expect(info.commonName == "jane" && info.organizations.isEmpty && answer.privateKeyPEM.isEmpty)
            try CertificateFile.write(answer.certificatePEM, to: "\(folder)/b.crt")
            #expect(
                Tool.run(
                    openssl, ["verify", "-purpose", "sslclient", "-CAfile", "\(folder)/ca.crt", "\(folder)/b.crt"]) == 0
            )
        }
    }

    @Test("is saved with a key for its owner only, and loaded again to issue as before")
    func files() throws {
        let folder = try Tool.folder()
        defer { Tool.remove(folder) }
        let authority = try CertificateAuthority.create(commonName: "ca", now: now)
        for _ in 0..<2 { try authority.save(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key") }
        var status = stat()
        #expect(stat("\(folder)/ca.key", &status) == 0 && status.st_mode & 0o777 == 0o600)
        let loaded = try CertificateAuthority.load(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key")
        #expect(loaded.certificateDER == authority.certificateDER)
        #expect(throws: SystemError.self) {
            try CertificateAuthority.load(certificate: "\(folder)/none", key: "\(folder)/ca.key")
        }
        let other = try CertificateAuthority.create(commonName: "other", now: now)
        #expect(throws: CertificateError.self) {
            try CertificateAuthority(certificatePEM: authority.certificatePEM, privateKeyPEM: other.privateKeyPEM)
        }
        let leaf = try authority.issue(.client("a"), now: now, validity: .seconds(60))
        #expect(throws: CertificateError.self) {
            try CertificateAuthority(certificatePEM: leaf.certificatePEM, privateKeyPEM: leaf.privateKeyPEM)
        }
    }

    @Test("foreign bytes in any place are an error and never a trap")
    func hostile() throws {
        let authority = try CertificateAuthority.create(commonName: "ca", now: now)
        let der = try authority.issue(
            .server("a", dnsNames: ["a"], addresses: ["::1"]), now: now, validity: .seconds(60)
        )
        .certificateDER
        for index in der.indices {
            var broken = der
            broken[index] ^= 0xFF
            _ = try? CertificateInfo(der: broken)
            _ = try? CertificateInfo(der: Array(der[..<index]))
        }
        for text in [
            "", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            #expect(throws: CertificateError.self) { try CertificateInfo(pem: Array(text.utf8)) }
            #expect(throws: CertificateError.self) { try CertificateRequest(pem: Array(text.utf8)) }
        }
        #expect(throws: CertificateError.self) {
            try authority.issue(.server("a", dnsNames: [], addresses: ["1.2.3"]), now: now, validity: .seconds(1))
        }
        #expect(throws: CertificateError.self) {
            try authority.issue(.server("a", dnsNames: ["ä"]), now: now, validity: .seconds(1))
        }
    }
}
