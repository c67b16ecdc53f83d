import MartinetAPICore
import MartinetBase
import MartinetDocuments
import MartinetSchema
import MartinetTransport
import Synchronization

/// What the server says about itself: discovery, OpenAPI, version. Each document is made when it is first asked for, apart
/// from the event loops, and kept as bytes until other kinds are served.
final class DocumentEndpoints: Sendable {
    private let set = Mutex<DocumentSet?>(nil)
    private let registry: Registry
    /// Paths that are answered elsewhere.
    private let others: [String]
    private let maker: any SerialExecutorPort

    init(registry: Registry, others: [String] = []) {
        self.registry = registry
        self.others = others
        maker = registry.runtime.executor(named: "martinet.apiserver.documents")
    }

    /// What there is to ask for, as `/` says it.
    var paths: [UInt8] {
        var paths: Set<String> = [
            "/api", "/apis", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version",
        ]
        paths.formUnion(HealthChecks.paths)
        paths.formUnion(others)
        for kind in registry.served.kinds {
            if kind.group.isEmpty {
                paths.insert("/api/\(kind.version)")
            } else {
                paths.formUnion(["/apis/\(kind.group)", "/apis/\(kind.group)/\(kind.version)"])
            }
        }
        let list = Value.list(paths.sorted().map(Value.string))
        return JSONEncoder.encode(Value.map(Map(unsorted: [.init(key: "paths", value: list)])))
    }

    /// Hands over the document at a path, or nil where there is none: at once where it is there, else when it is made.
    ///
    /// - Parameter packed: whether it is wanted as gzip too.
    func find(
        _ place: DocumentPlace, packed: Bool, _ then: @escaping @Sendable (DocumentSet.Made?) -> Void
    ) {
        let set = current()
        if let made = set.kept(place, packed: packed) { return then(made) }
        guard set.isKnown(place) else { return then(nil) }
        maker.submit { then(set.make(place, packed: packed)) }
    }

    /// The documents of what is served now. Those of other kinds are forgotten.
    private func current() -> DocumentSet {
        let kinds = registry.served.kinds
        return set.withLock { set in
            if let set, set.kinds == kinds { return set }
            let new = DocumentSet(kinds: kinds) { [registry] in registry.definedSchemas }
            set = new
            return new
        }
    }
}
