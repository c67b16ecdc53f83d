import Glibc
import MartinetBase
import MartinetCertificates
import MartinetTransport

/// The cluster's own authority and what it has issued, as files under `pki/`. Made once by root, then read by whom each
/// is for: the server, which is not root, reads its own and nobody else's.
struct ClusterCredentials: Sendable {
    enum Name: String, CaseIterable {
        case server = "apiserver"
        /// What the API server shows to kubelets.
        case kubeletClient = "apiserver-kubelet-client"
        case admin, node, kubelet
        /// Of the service proxy and name server of a node.
        case proxy = "kube-proxy"
        /// What the aggregator shows to the servers behind it, issued by an authority of its own.
        case frontProxy = "front-proxy-client"

        /// Whether the server's process needs its key.
        var isOfServer: Bool { self == .server || self == .kubeletClient || self == .frontProxy }
    }

    private let settings: Settings
    private let folder: String
    let authorityPEM: [UInt8]
    /// Who issues the certificate by which the aggregator speaks for users.
    let proxyAuthorityPEM: [UInt8]

    /// Reads what is there; as root, what is missing or soon over is made first.
    init(_ settings: Settings, serviceAddress: String, runtime: any Runtime) throws {
        self.settings = settings
        folder = settings.pki
        if geteuid() == 0 {
            _ = try ClusterCredentials.renew(settings, serviceAddress: serviceAddress, now: runtime.now())
        }
        authorityPEM = try CertificateFile.read("\(folder)/ca.crt")
        proxyAuthorityPEM = try CertificateFile.read("\(folder)/front-proxy-ca.crt")
    }

    func identity(_ name: Name) throws -> TLSIdentity {
        let file = ClusterCredentials.file(name, settings)
        return TLSIdentity(
            certificateChain: try CertificateFile.read("\(file).crt"),
            privateKey: try CertificateFile.read("\(file).key"))
    }

    /// What signs requests to be certified.
    func authority() throws -> CertificateAuthority {
        try CertificateAuthority.load(certificate: "\(folder)/ca.crt", key: "\(folder)/ca.key")
    }

    func tokens() throws -> TokenSigner {
        try TokenSigner(privateKeyPEM: try CertificateFile.read("\(folder)/sa.key"))
    }

    /// Where a certificate and its key lie, without `.crt` and `.key`.
    func file(_ name: Name) -> String { ClusterCredentials.file(name, settings) }

    private static func file(_ name: Name, _ settings: Settings) -> String {
        "\(settings.pki)/\(name == .node ? "node-\(settings.nodeName)" : name.rawValue)"
    }

    /// Makes what is missing, due or for somebody else by now. Returns the names of what it made.
    static func renew(_ settings: Settings, serviceAddress: String, now: Timestamp) throws -> [String] {
        var made: [String] = []
        let folder = settings.pki
        try makeFolders(folder)
        let ofAll = try authority("\(folder)/ca", "kubernetes", now)
        // It signs requests to be certified as well, as upstream's controller manager does.
        try ServerUser.give("\(folder)/ca.key")
        let ofProxies = try authority("\(folder)/front-proxy-ca", "front-proxy-ca", now)
        for name in Name.allCases {
            let authority = name == .frontProxy ? ofProxies : ofAll
            let subject = subject(name, settings, serviceAddress)
            let file = file(name, settings)
            if !isGood("\(file).crt", subject, now) {
                let issued = try authority.issue(subject, now: now, validity: settings.certificateValidity)
                // The key first: a certificate on disk always has its key.
                try CertificateFile.write(issued.privateKeyPEM, to: "\(file).key", mode: 0o600)
                if name.isOfServer { try ServerUser.give("\(file).key") }
                try CertificateFile.write(issued.certificatePEM, to: "\(file).crt", mode: 0o644)
                made.append(name.rawValue)
            } else if name.isOfServer {
                try ServerUser.give("\(file).key")
            }
        }
        if access("\(folder)/sa.key", R_OK) != 0 {
            try CertificateFile.write(TokenSigner().privateKeyPEM, to: "\(folder)/sa.key", mode: 0o600)
        }
        try ServerUser.give("\(folder)/sa.key")
        return made
    }

    private static func authority(_ file: String, _ name: String, _ now: Timestamp) throws -> CertificateAuthority {
        if access("\(file).crt", R_OK) == 0 {
            return try CertificateAuthority.load(certificate: "\(file).crt", key: "\(file).key")
        }
        let authority = try CertificateAuthority.create(commonName: name, now: now)
        try authority.save(certificate: "\(file).crt", key: "\(file).key")
        return authority
    }

    /// Whether it is not due yet and says who and where, as it is wanted.
    private static func isGood(_ file: String, _ subject: CertificateSubject, _ now: Timestamp) -> Bool {
        guard let present = try? CertificateFile.read(file), let info = try? CertificateInfo(pem: present) else {
            return false
        }
        return !CertificateRenewal.isDue(info, now: now) && Set(info.addresses) == Set(subject.addresses)
            && info.commonName == subject.commonName && info.organizations == subject.organizations
    }

    private static func subject(_ name: Name, _ settings: Settings, _ serviceAddress: String) -> CertificateSubject {
        switch name {
        case .server:
            let names = [
                "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
                "localhost",
            ]
            let addresses = Array(Set(["127.0.0.1", settings.advertised, serviceAddress])).sorted()
            return .server("kube-apiserver", dnsNames: names, addresses: addresses)
        case .kubeletClient: return .client("system:kube-apiserver")
        case .proxy: return .client("system:kube-proxy")
        case .frontProxy: return .client("front-proxy-client")
        case .admin: return .client("kubernetes-admin", groups: ["system:masters"])
        case .node: return .client("system:node:\(settings.nodeName)", groups: ["system:nodes"])
        case .kubelet:
            return .server(
                "system:node:\(settings.nodeName)", dnsNames: [settings.nodeName, "localhost"],
                addresses: ["127.0.0.1", settings.advertised])
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
