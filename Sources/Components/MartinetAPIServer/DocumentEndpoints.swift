import MartinetAPICore
import MartinetDocuments
import MartinetSchema
import MartinetTransport
import Synchronization

/// What the server says about itself: discovery, OpenAPI, version. Made when first asked for, from the served kinds.
final class DocumentEndpoints: Sendable {
    private struct State {
        var kinds: [Kind] = []
        var discovery: Discovery?
        var openAPI: OpenAPIDocuments?
        var made: [String: ServedDocument] = [:]
    }
    private let state = Mutex(State())
    private let registry: Registry
    /// Paths that are answered elsewhere.
    private let others: [String]

    init(registry: Registry, others: [String] = []) {
        self.registry = registry
        self.others = others
    }

    /// What there is to ask for, as `/` says it.
    var paths: [UInt8] {
        var paths: Set<String> = [
            "/api", "/apis", "/healthz", "/healthz/ping", "/livez", "/livez/ping", "/openapi/v2", "/openapi/v3",
            "/openapi/v3/", "/readyz", "/version",
        ]
        paths.formUnion(others)
        for kind in registry.served.all.map(\.kind) {
            if kind.group.isEmpty {
                paths.insert("/api/\(kind.version)")
            } else {
                paths.formUnion(["/apis/\(kind.group)", "/apis/\(kind.group)/\(kind.version)"])
            }
        }
        let list = Value.list(paths.sorted().map(Value.string))
        return JSONEncoder.encode(Value.map(Map(unsorted: [.init(key: "paths", value: list)])))
    }

    /// The document at a path, or nil where there is none.
    func document(_ path: String, _ headers: HTTPHeaderList) -> ServedDocument? {
        let accept = headers.all("accept").joined(separator: ",")
        var format: Discovery.Format?
        if path == "/api" || path == "/apis" {
            format = Discovery.Format.allCases.first {
                accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=\($0.rawValue);")
                    || accept.contains("v=\($0.rawValue),") && accept.contains("as=APIGroupDiscoveryList")
            }
        }
        let isProtobuf = path == "/openapi/v2" && accept.contains("protobuf")
        let key = path + (format?.rawValue ?? "") + (isProtobuf ? "#protobuf" : "")
        return state.withLock { state in
            refresh(&state)
            if let made = state.made[key] { return made }
            let document = make(path, format, isProtobuf, &state)
            if let document { state.made[key] = document }
            return document
        }
    }

    /// Forgets what was made when the served kinds are others.
    private func refresh(_ state: inout State) {
        let kinds = registry.served.all.map(\.kind)
        guard kinds != state.kinds else { return }
        state = State()
        state.kinds = kinds
    }

    private func make(_ path: String, _ format: Discovery.Format?, _ isProtobuf: Bool, _ state: inout State)
        -> ServedDocument?
    {
        let discovery = state.discovery ?? Discovery(kinds: state.kinds)
        state.discovery = discovery
        let parts = path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("api", 1): return format.map { discovery.aggregated(core: true, format: $0) } ?? discovery.coreVersions()
        case ("apis", 1): return format.map { discovery.aggregated(core: false, format: $0) } ?? discovery.groupList()
        case ("api", 2): return discovery.resources(group: "", version: parts[1])
        case ("apis", 2): return discovery.group(parts[1])
        case ("apis", 3): return discovery.resources(group: parts[1], version: parts[2])
        case ("version", 1): return VersionDocument(platform: platform).document()
        case ("openapi", _): return openAPI(Array(parts.dropFirst()), isProtobuf, &state)
        default: return nil
        }
    }

    private var platform: String {
        #if arch(arm64)
            "linux/arm64"
        #else
            "linux/amd64"
        #endif
    }

    private func openAPI(_ parts: [String], _ isProtobuf: Bool, _ state: inout State) -> ServedDocument? {
        let documents =
            state.openAPI ?? OpenAPIDocuments(kinds: state.kinds, defined: registry.definedSchemas)
        state.openAPI = documents
        if parts == ["v2"] {
            let (json, protobuf) = documents.v2()
            return isProtobuf ? protobuf : json
        }
        guard parts.first == "v3" else { return nil }
        if parts.count == 1 {
            let all = documents.names3.compactMap { name in documents.v3(name).map { (name: name, document: $0) } }
            return OpenAPIDocuments.index(all)
        }
        return documents.v3(parts.dropFirst().joined(separator: "/"))
    }
}
