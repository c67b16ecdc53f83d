import Glibc
import MartinetBase
import MartinetCertificates
import MartinetTransport

/// The cluster's own authority and what it has issued, as files under `pki/`. Made once, then read.
struct ClusterCredentials: Sendable {
    let authority: CertificateAuthority
    let server: TLSIdentity
    let admin: TLSIdentity
    let node: TLSIdentity
    /// What the API server shows to kubelets.
    let kubeletClient: TLSIdentity
    let kubeletServer: TLSIdentity
    let tokens: TokenSigner

    private static let validity = Duration.seconds(365 * 86_400)

    init(_ settings: Settings, serviceAddress: String, runtime: any Runtime) throws {
        let folder = settings.pki
        try makeFolders(folder)
        let now = runtime.now()
        let authority: CertificateAuthority
        if access("\(folder)/ca.crt", R_OK) == 0 {
            authority = try CertificateAuthority.load(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key")
        } else {
            authority = try CertificateAuthority.create(commonName: "kubernetes", now: now)
            try authority.save(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key")
        }
        self.authority = authority
        func identity(_ name: String, _ subject: CertificateSubject) throws -> TLSIdentity {
            let (certificate, key) = ("\(folder)/\(name).crt", "\(folder)/\(name).key")
            if let present = try? CertificateFile.read(certificate), let info = try? CertificateInfo(pem: present),
                info.notAfter > now.advanced(by: .seconds(30 * 86_400)), Set(info.addresses) == Set(subject.addresses)
            {
                return TLSIdentity(certificateChain: present, privateKey: try CertificateFile.read(key))
            }
            let issued = try authority.issue(subject, now: now, validity: ClusterCredentials.validity)
            try CertificateFile.write(issued.privateKeyPEM, to: key, mode: 0o600)
            try CertificateFile.write(issued.certificatePEM, to: certificate, mode: 0o644)
            return TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
        }
        let names = [
            "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
            "localhost",
        ]
        let addresses = Array(Set(["127.0.0.1", settings.advertised, serviceAddress])).sorted()
        server = try identity("apiserver", .server("kube-apiserver", dnsNames: names, addresses: addresses))
        admin = try identity("admin", .client("kubernetes-admin", groups: ["system:masters"]))
        node = try identity(
            "node-\(settings.nodeName)", .client("system:node:\(settings.nodeName)", groups: ["system:nodes"]))
        kubeletClient = try identity(
            "apiserver-kubelet-client", .client("kube-apiserver-kubelet-client", groups: ["system:masters"]))
        kubeletServer = try identity(
            "kubelet",
            .server(
                "system:node:\(settings.nodeName)", dnsNames: [settings.nodeName, "localhost"],
                addresses: ["127.0.0.1", settings.advertised]))
        if let present = try? CertificateFile.read("\(folder)/sa.key") {
            tokens = try TokenSigner(privateKeyPEM: present)
        } else {
            tokens = TokenSigner()
            try CertificateFile.write(tokens.privateKeyPEM, to: "\(folder)/sa.key", mode: 0o600)
        }
    }
}

/// Makes a folder and those above it; what is there stays.
func makeFolders(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
    var made = ""
    for part in path.split(separator: "/") {
        made += "/\(part)"
        if mkdir(made, mode) != 0, errno != EEXIST { throw SystemError.last("mkdir", made) }
    }
}
