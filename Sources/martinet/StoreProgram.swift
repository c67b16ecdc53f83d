import Glibc
import MartinetBase
import MartinetCertificates
import MartinetEtcdServer
import MartinetEtcdStore
import MartinetStore
import MartinetTransport

/// `martinet store serve|move`: the store without an API server.
enum StoreProgram {
    static let usage = """
        martinet store serve --data=FILE [--listen-client-urls=http://127.0.0.1:2379]
                             [--cert-file=F --key-file=F] [--trusted-ca-file=F --client-cert-auth=true]
            serve etcd's own API from the store in FILE
        martinet store move --from=PLACE --to=PLACE [--etcd-cafile=F --etcd-certfile=F --etcd-keyfile=F]
            copy every object from one store to another, which must be empty; a place is a file, or the urls of an etcd's
            members with commas between. No server may use either meanwhile.
        """

    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        do {
            let flags = try StoreFlags(Array(arguments.dropFirst()))
            switch arguments.first {
            case "serve": try await serve(flags)
            case "move": try await StoreMove(flags).run()
            default:
                print(usage)
                return arguments.isEmpty ? 0 : 2
            }
            return 0
        } catch {
            Log.standardError("martinet store: \(error)")
            return 1
        }
    }

    private static func serve(_ flags: StoreFlags) async throws {
        let data = try flags.required("data")
        let url = flags["listen-client-urls"] ?? "http://127.0.0.1:2379"
        let (isTLS, host, port) = try place(url)
        var tls: ServerTLS?
        if isTLS {
            let identity = TLSIdentity(
                certificateChain: try CertificateFile.read(try flags.required("cert-file")),
                privateKey: try CertificateFile.read(try flags.required("key-file")))
            tls = ServerTLS(
                identity: identity, clientAuthorities: try flags["trusted-ca-file"].map { try CertificateFile.read($0) }
            )
        }
        let runtime = ProductionRuntime()
        let store = try SQLiteStore(path: data, runtime: runtime)
        let server = try EtcdServer(store: store, runtime: runtime, sizeBytes: { size(of: data) })
        let loops = EventLoops(threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
        let requires = flags["client-cert-auth"] == "true"
        let bound = try server.listen(.ip(host, port: port), loops: loops, tls: tls, requiresCertificate: requires)
        Log(component: "store").info("serving etcd's api", [("data", data), ("port", String(bound))])
        await Signals.wait(for: [SIGTERM, SIGINT])
        await server.shutdown()
        await withCheckedContinuation { done in store.close { done.resume() } }
        await loops.shutdown()
    }

    private static func size(of path: String) -> Int64 {
        var information = stat()
        return stat(path, &information) == 0 ? Int64(information.st_size) : 0
    }

    /// `https://127.0.0.1:2379`
    private static func place(_ url: String) throws(SettingsError) -> (isTLS: Bool, host: String, port: Int) {
        let isTLS = url.hasPrefix("https://")
        let rest = url.dropFirst(isTLS ? 8 : 7)
        guard isTLS || url.hasPrefix("http://"), let colon = rest.lastIndex(of: ":"),
            let port = UInt16(rest[rest.index(after: colon)...])
        else {
            throw SettingsError(
                message: "--listen-client-urls must be one url such as http://127.0.0.1:2379, found \(url)")
        }
        let host = rest[..<colon].filter { $0 != "[" && $0 != "]" }
        return (isTLS, host == "localhost" ? "127.0.0.1" : host, Int(port))
    }
}

/// `--name=value` and `--name value`.
struct StoreFlags: Sendable {
    private var values: [String: String] = [:]
    static let ofStore: Set<String> = [
        "data", "listen-client-urls", "cert-file", "key-file", "trusted-ca-file", "client-cert-auth", "from", "to",
        "etcd-cafile", "etcd-certfile", "etcd-keyfile",
    ]

    init(_ arguments: [String], known: Set<String> = StoreFlags.ofStore) throws(SettingsError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let sides = argument.drop { $0 == "-" }.split(separator: "=", maxSplits: 1).map(String.init)
            guard argument.hasPrefix("--"), let name = sides.first, known.contains(name) else {
                throw SettingsError(message: "there is no flag \(argument)")
            }
            guard let value = sides.count > 1 ? sides[1] : rest.popFirst() else {
                throw SettingsError(message: "\(argument) needs a value")
            }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name] }

    func required(_ name: String) throws(SettingsError) -> String {
        guard let value = values[name] else { throw SettingsError(message: "--\(name) is needed") }
        return value
    }
}
