import Glibc
import MartinetBase
import MartinetCertificates
import MartinetKubeconfig
import MartinetYAML
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// A server under measurement: where it is, and how it is talked to.
struct LoadTarget: Sendable {
    let name: String
    let host: String
    let port: Int
    let headers: [(String, String)]
    /// Where its memory can be read.
    let process: Int?
    let isHTTP2: Bool
    private let tls: NIOSSLContext
    private let serverName: String?

    struct Credentials: Sendable {
        var authority: [UInt8]?
        var certificate: [UInt8]?
        var key: [UInt8]?
        var token: String?
        var isInsecure = false
        var serverName: String?
    }

    init(url: String, _ credentials: Credentials, http2: Bool, process: Int? = nil) throws {
        name = url
        self.process = process
        isHTTP2 = http2
        guard url.hasPrefix("https://") else { throw BenchError("\(url) is no https address") }
        var rest = url.dropFirst("https://".count).prefix { $0 != "/" }
        var port = 443
        if let colon = rest.lastIndex(of: ":"), let number = Int(rest[rest.index(after: colon)...]),
            !rest.hasSuffix("]")
        {
            port = number
            rest = rest[..<colon]
        }
        let host = String(rest.filter { $0 != "[" && $0 != "]" })
        (self.host, self.port) = (host, port)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = http2 ? ["h2"] : ["http/1.1"]
        if credentials.isInsecure {
            configuration.certificateVerification = .none
        } else if let authority = credentials.authority {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
        }
        if let certificate = credentials.certificate, let key = credentials.key {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
        }
        tls = try NIOSSLContext(configuration: configuration)
        let named = credentials.serverName ?? host
        serverName = (try? SocketAddress(ipAddress: named, port: 0)) == nil ? named : nil
        var headers = [("accept", "application/json"), ("user-agent", "martinet-bench")]
        if let token = credentials.token { headers.append(("authorization", "Bearer \(token)")) }
        self.headers = headers
    }

    /// From the flags: an address with its credentials, or a context of a kubeconfig.
    init(_ server: BenchOptions.Server, http2: Bool) throws {
        var credentials = Credentials(token: server.token, isInsecure: server.isInsecure)
        var url = server.url ?? ""
        if let file = server.kubeconfig {
            let context = try Kubeconfig.read(try CertificateFile.read(file), file: file).resolve(
                context: server.context)
            guard context.exec == nil else { throw BenchError("\(file): credentials from a program are not there yet") }
            url = context.server
            credentials.authority = try context.certificateAuthority.map(LoadTarget.bytes)
            credentials.certificate = try context.clientCertificate.map(LoadTarget.bytes)
            credentials.key = try context.clientKey.map(LoadTarget.bytes)
            credentials.token = credentials.token ?? context.token
            if let path = context.tokenFile, credentials.token == nil {
                credentials.token = String(decoding: try CertificateFile.read(path), as: UTF8.self).filter {
                    !$0.isWhitespace
                }
            }
            credentials.isInsecure = credentials.isInsecure || context.insecureSkipTLSVerify
            credentials.serverName = context.tlsServerName
        }
        if let path = server.authority { credentials.authority = try CertificateFile.read(path) }
        if let path = server.certificate { credentials.certificate = try CertificateFile.read(path) }
        if let path = server.key { credentials.key = try CertificateFile.read(path) }
        try self.init(url: url, credentials, http2: http2, process: server.process)
    }

    private static func bytes(_ material: ResolvedContext.Material) throws -> [UInt8] {
        switch material {
        case .path(let path): return try CertificateFile.read(path)
        case .base64(let text):
            guard let bytes = Base64.decode(text) else { throw BenchError("a certificate or key is not base64") }
            return bytes
        }
    }

    /// Opens a connection on which `source` is asked for requests, `places` at once.
    func connect(_ group: any EventLoopGroup, places: Int, source: any LoadSource) async throws -> any Channel {
        let http2 = isHTTP2
        let tls = tls
        let serverName = serverName
        let authority = "\(host):\(port)"
        let headers = headers
        return try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 4)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    guard http2 else {
                        return try pipeline.addHandler(
                            HTTP1Load(headers: [("host", authority)] + headers, source: source))
                    }
                    let settings = [
                        HTTP2Setting(parameter: .initialWindowSize, value: HTTP2Load.streamWindow),
                        HTTP2Setting(parameter: .maxFrameSize, value: 16_384),
                        HTTP2Setting(parameter: .enablePush, value: 0),
                    ]
                    try pipeline.addHandlers(
                        NIOHTTP2Handler(mode: .client, initialSettings: settings),
                        HTTP2Load(authority: authority, headers: headers, places: places, source: source))
                }
            }
            .connect(host: host, port: port).get()
    }
}
