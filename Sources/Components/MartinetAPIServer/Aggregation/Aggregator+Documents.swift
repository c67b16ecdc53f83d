import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetDocuments
import MartinetSchema
import MartinetTransport
import Synchronization

// Discovery and OpenAPI of all servers together.
extension Aggregator {
    private static let refresh = Duration.seconds(60)

    // MARK: - Fetching

    /// Asks a remote what it has, at most once a minute.
    func fetchDocuments(_ remote: RemoteService) {
        let now = runtime.monotonic()
        var entry = documents[remote.name]
        if let last = entry.fetched, now - last < Aggregator.refresh { return }
        entry.fetched = now
        documents[remote.name] = entry
        let accept = Discovery.Format.allCases.map(\.mediaType) + ["application/json"]
        get(remote, "/apis", accept: accept.joined(separator: ",")) { [self] answer in
            if let version = answer.flatMap({ Aggregator.version(in: $0, of: remote) }) {
                documents[remote.name].version = version
            } else {
                fetchResources(remote)
            }
        }
        get(remote, "/openapi/v2", accept: "application/json") { [self] answer in
            if let answer { documents[remote.name].openAPI2 = answer }
        }
        get(remote, "/openapi/v3\(remote.root)", accept: "application/json") { [self] answer in
            guard let answer else { return }
            documents[remote.name].openAPI3 = ServedDocument(
                contentType: "application/json", bytes: JSONEncoder.encode(answer))
        }
    }

    /// From a server that knows the old form of discovery alone.
    private func fetchResources(_ remote: RemoteService) {
        get(remote, remote.root, accept: "application/json") { [self] answer in
            guard let answer, let version = Aggregator.version(fromResources: answer, remote) else { return }
            documents[remote.name].version = version
        }
    }

    private func get(
        _ remote: RemoteService, _ path: String, accept: String, _ done: @escaping @Sendable (Value?) -> Void
    ) {
        let place = remote.connection
        guard let client = remote.client,
            let endpoint = registry.endpoint(
                ofService: place.service, namespace: place.namespace, port: place.port)
        else { return done(nil) }
        let host = endpoint.address.utf8.contains(58) ? "[\(endpoint.address)]" : endpoint.address
        let request = ClientRequest(
            "GET", "https://\(host):\(endpoint.port)\(path)",
            headers: RemoteIdentity.headers(Aggregator.own) + [("accept", accept)], timeout: .seconds(30))
        client.send(request) { [executor] result in
            executor.submit {
                guard case .success(let answer) = result, answer.status == 200 else { return done(nil) }
                done(try? JSONDecoder.decodeAny(answer.body).value)
            }
        }
    }

    private static func version(in list: Value, of remote: RemoteService) -> Value? {
        guard list["kind"].text == "APIGroupDiscoveryList" else { return nil }
        let group = list["items"].items.first { $0["metadata"]["name"].text == remote.group }
        return group?["versions"].items.first { $0["version"].text == remote.version }
    }

    /// The version of an aggregated document from an APIResourceList.
    private static func version(fromResources list: Value, _ remote: RemoteService) -> Value? {
        guard list["kind"].text == "APIResourceList" else { return nil }
        var resources: [Map] = []
        for item in list["resources"].items {
            guard case .map(let item) = item else { continue }
            let name = (item["name"] ?? .null).text
            let kind = Value.map(
                Map(unsorted: [
                    .init(key: "group", value: .string((item["group"] ?? .null).text)),
                    .init(key: "version", value: .string((item["version"] ?? .null).text)),
                    .init(key: "kind", value: item["kind"] ?? .string("")),
                ]))
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            if parts.count == 2, let index = resources.firstIndex(where: { $0["resource"] == .string(parts[0]) }) {
                let part = Value.map(
                    Map(unsorted: [
                        .init(key: "subresource", value: .string(parts[1])), .init(key: "responseKind", value: kind),
                        .init(key: "verbs", value: item["verbs"] ?? .list([])),
                    ]))
                resources[index]["subresources"] = .list((resources[index]["subresources"] ?? .null).items + [part])
                continue
            }
            var resource = Map()
            resource["resource"] = .string(name)
            resource["responseKind"] = kind
            resource["scope"] = .string(item["namespaced"] == .bool(true) ? "Namespaced" : "Cluster")
            resource["singularResource"] = item["singularName"] ?? .string("")
            for key in ["verbs", "shortNames", "categories"] { resource[key] = item[key] }
            resources.append(resource)
        }
        return .map(
            Map(unsorted: [
                .init(key: "version", value: .string(remote.version)),
                .init(key: "resources", value: .list(resources.map(Value.map))),
            ]))
    }

    // MARK: - Merging

    /// Whether the document at a path has parts of other servers.
    func merges(_ path: String) -> Bool {
        guard isNeeded else { return false }
        if ["/apis", "/openapi/v2", "/openapi/v3"].contains(path) { return true }
        let remotes = current.remotes.values
        return remotes.contains { path == "/apis/\($0.group)" || path == "/openapi/v3\($0.root)" }
    }

    /// The document at a path, with what other servers add to it. Takes its time: not for an event loop.
    ///
    /// - Parameters:
    ///   - local: what this server says there alone.
    ///   - plain: the same as JSON, where that is another document.
    func document(
        _ path: String, local: ServedDocument?, plain: @autoclosure () -> ServedDocument?
    ) -> ServedDocument? {
        let routes = current
        let remotes = routes.remotes.values.sorted { $0.name < $1.name }
        let key = "\(path) \(local?.contentType ?? "")"
        let source = "\(local?.hash ?? "") \(routes.generation) \(documents.generation)"
        return documents.merged(key, source) {
            switch path {
            case "/apis": return local.flatMap { groups($0, remotes) }
            case "/openapi/v2": return local.flatMap { openAPI2($0, plain(), remotes) }
            case "/openapi/v3": return local.flatMap { openAPI3($0, remotes) }
            case let path where path.hasPrefix("/openapi/v3/"):
                guard let remote = remotes.first(where: { path == "/openapi/v3\($0.root)" }) else { return local }
                return documents[remote.name].openAPI3
            default: return group(String(path.dropFirst(6)), local, remotes)
            }
        }
    }

    /// A group with the versions of all servers, in the order of their priorities.
    private func versions(
        _ name: String, _ local: [Value], _ remotes: [RemoteService], _ entry: (RemoteService) -> Value
    ) -> (priority: Int, versions: [Value]) {
        let kinds = registry.served.all.map(\.kind).filter { $0.group == name }
        var all = local.map { version in
            (kinds.filter { $0.version == version["version"].text }.map(\.priorities.version).max() ?? 0, version)
        }
        let own = remotes.filter { $0.group == name }
        all += own.map { ($0.priorities.version, entry($0)) }
        let sorted = all.enumerated().sorted {
            $0.element.0 == $1.element.0 ? $0.offset < $1.offset : $0.element.0 > $1.element.0
        }
        let priority = (own.map(\.priorities.group) + kinds.map(\.priorities.group)).max() ?? 0
        return (priority, sorted.map(\.element.1))
    }

    private func groups(_ local: ServedDocument, _ remotes: [RemoteService]) -> ServedDocument? {
        guard case .map(var tree)? = try? JSONDecoder.decodeAny(local.bytes).value else { return nil }
        let isAggregated = tree["items"] != nil
        let key = isAggregated ? "items" : "groups"
        let groups = (tree[key] ?? .null).items
        func name(_ group: Value) -> String { isAggregated ? group["metadata"]["name"].text : group["name"].text }
        var names = groups.map(name)
        for remote in remotes where !names.contains(remote.group) { names.append(remote.group) }
        let made = names.map { own -> (priority: Int, name: String, group: Value) in
            let before = groups.first { name($0) == own }
            let (priority, versions) = versions(own, before?["versions"].items ?? [], remotes) { remote in
                isAggregated ? self.version(remote) : Aggregator.version(remote)
            }
            var group = Map()
            if isAggregated {
                group["metadata"] = .map(Map(unsorted: [.init(key: "name", value: .string(own))]))
            } else {
                group["name"] = .string(own)
                group["preferredVersion"] = versions.first
            }
            group["versions"] = .list(versions)
            return (priority, own, .map(group))
        }.sorted { $0.priority == $1.priority ? $0.name < $1.name : $0.priority > $1.priority }
        tree[key] = .list(made.map(\.group))
        return ServedDocument(contentType: local.contentType, bytes: JSONEncoder.encode(Value.map(tree)))
    }

    /// A remote's version for the aggregated document: what is known of it, told to be stale where it does not answer.
    private func version(_ remote: RemoteService) -> Value {
        var version = Map()
        let known = documents[remote.name].version
        if case .map(let map)? = known { version = map }
        version["version"] = .string(remote.version)
        version["freshness"] = .string(remote.isAvailable && known != nil ? "Current" : "Stale")
        return .map(version)
    }

    private static func version(_ remote: RemoteService) -> Value {
        .map(
            Map(unsorted: [
                .init(key: "groupVersion", value: .string(remote.groupVersion)),
                .init(key: "version", value: .string(remote.version)),
            ]))
    }

    private func group(_ name: String, _ local: ServedDocument?, _ remotes: [RemoteService]) -> ServedDocument? {
        let before = local.flatMap { try? JSONDecoder.decodeAny($0.bytes).value }
        let (_, versions) = versions(name, before?["versions"].items ?? [], remotes, Aggregator.version)
        let tree = Map(unsorted: [
            .init(key: "kind", value: .string("APIGroup")), .init(key: "apiVersion", value: .string("v1")),
            .init(key: "name", value: .string(name)), .init(key: "versions", value: .list(versions)),
            .init(key: "preferredVersion", value: versions.first ?? .null),
        ])
        return ServedDocument(contentType: "application/json", bytes: JSONEncoder.encode(Value.map(tree)))
    }

    private func openAPI3(_ local: ServedDocument, _ remotes: [RemoteService]) -> ServedDocument? {
        guard case .map(var tree)? = try? JSONDecoder.decodeAny(local.bytes).value,
            case .map(var paths)? = tree["paths"]
        else { return nil }
        for remote in remotes {
            guard let document = documents[remote.name].openAPI3 else { continue }
            let url = "/openapi/v3\(remote.root)?hash=\(document.hash)"
            paths[String(remote.root.dropFirst())] = .map(
                Map(unsorted: [.init(key: "serverRelativeURL", value: .string(url))]))
        }
        tree["paths"] = .map(paths)
        return ServedDocument(contentType: local.contentType, bytes: JSONEncoder.encode(Value.map(tree)))
    }

    private func openAPI2(
        _ local: ServedDocument, _ plain: ServedDocument?, _ remotes: [RemoteService]
    ) -> ServedDocument? {
        let theirs = remotes.compactMap { remote in
            documents[remote.name].openAPI2.map { (root: remote.root, document: $0) }
        }
        guard !theirs.isEmpty else { return local }
        let isProtobuf = local.contentType == OpenAPIDocuments.protobufMediaType
        // Both forms are made from the JSON one.
        let own = isProtobuf ? plain : local
        guard let own, let merged = OpenAPIMerge.v2(own.bytes, theirs) else { return local }
        return isProtobuf ? merged.protobuf : merged.json
    }
}

extension Value {
    fileprivate subscript(key: String) -> Value { if case .map(let map) = self { map[key] ?? .null } else { .null } }
    fileprivate var text: String { if case .string(let text) = self { text } else { "" } }
    fileprivate var items: [Value] { if case .list(let values) = self { values } else { [] } }
}
