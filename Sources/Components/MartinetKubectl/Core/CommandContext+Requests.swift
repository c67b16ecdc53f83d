import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// Forms of a patch, by their media types.
enum PatchKind: String {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"
}

extension CommandContext {
    /// Sends a request; an answer that is no success is thrown as a `StatusError`. Warnings go to standard error.
    func send(_ request: SessionRequest) async throws -> SessionResponse {
        var request = request
        if request.timeout == nil { request.timeout = try? connection().timeout }
        let verbosity = flags.int("v")
        if verbosity >= 6 { say("\(request.method) \(request.target)") }
        let response = try await session().send(request)
        for warning in response.headers("warning") { say("Warning: \(Self.warningText(warning))") }
        guard (200..<300).contains(response.status) else {
            throw StatusError(status: response.status, body: try await response.body.collect(limit: 16 << 20))
        }
        return response
    }

    func json(_ request: SessionRequest) async throws -> YAMLNode {
        var request = request
        if !request.headers.contains(where: { $0.name == "Accept" }) {
            request.headers.append((name: "Accept", value: "application/json"))
        }
        let body = try await send(request).body.collect(limit: 1 << 30)
        return try YAML.readJSON(body, file: "\(request.method) \(request.path)").first ?? YAMLNode(.null)
    }

    /// `299 - "text"` (RFC 9111 §5.5).
    private static func warningText(_ header: String) -> String {
        guard let open = header.firstIndex(of: "\""), let close = header.lastIndex(of: "\""), open < close else {
            return header
        }
        return String(header[header.index(after: open)..<close]).replacing("\\\"", with: "\"")
    }

    // MARK: Verbs

    func get(
        _ resource: ResourceInfo, _ namespace: String?, _ name: String, subresource: String? = nil, past: Past? = nil
    ) async throws -> YAMLNode {
        try await json(
            SessionRequest(
                "GET", resource.path(namespace: namespace, name: name, subresource: subresource),
                query: past?.query ?? []))
    }

    /// All items of a list, chunk by chunk, each with its kind and apiVersion.
    func list(
        _ resource: ResourceInfo, _ namespace: String?, labels: String = "", fields: String = "", past: Past? = nil
    ) async throws -> [YAMLNode] {
        var items: [YAMLNode] = []
        var token = ""
        repeat {
            var query = [(name: "limit", value: "500")]
            if !labels.isEmpty { query.append((name: "labelSelector", value: labels)) }
            if !fields.isEmpty { query.append((name: "fieldSelector", value: fields)) }
            if !token.isEmpty { query.append((name: "continue", value: token)) }
            query += past?.query ?? []
            let page = try await json(SessionRequest("GET", resource.path(namespace: namespace), query: query))
            items += Self.items(page, resource)
            token = page["metadata"]?["continue"]?.string ?? ""
        } while !token.isEmpty
        return items
    }

    static func items(_ list: YAMLNode, _ resource: ResourceInfo) -> [YAMLNode] {
        (list["items"]?.list ?? []).map { item in
            var item = item
            item["apiVersion"] = item["apiVersion"] ?? YAMLNode(.string(resource.apiVersion))
            item["kind"] = item["kind"] ?? YAMLNode(.string(resource.kind))
            return item
        }
    }

    private func writeQuery(_ manager: String = "") -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        if dryRun == .server { query.append((name: "dryRun", value: "All")) }
        let given = flags.string("field-manager")
        query.append((name: "fieldManager", value: given.isEmpty ? manager : given))
        query.append((name: "fieldValidation", value: fieldValidation))
        return query
    }

    private var fieldValidation: String {
        switch flags.string("validate") {
        case "false", "ignore": "Ignore"
        case "warn": "Warn"
        default: "Strict"
        }
    }

    private func write(
        _ method: String, _ path: String, _ body: YAMLNode, _ query: [(name: String, value: String)], _ type: String
    ) async throws -> YAMLNode {
        try await json(
            SessionRequest(
                method, path, query: query, headers: [(name: "Content-Type", value: type)],
                body: Array(JSONText.compact(body).utf8)))
    }

    /// Posts something to a path, such as a review or an eviction.
    func post(_ path: String, _ body: YAMLNode) async throws -> YAMLNode {
        try await write(
            "POST", path, body, dryRun == .server ? [(name: "dryRun", value: "All")] : [], "application/json")
    }

    func create(_ resource: ResourceInfo, _ namespace: String?, _ object: YAMLNode, manager: String) async throws
        -> YAMLNode
    {
        try await write(
            "POST", resource.path(namespace: namespace), object, writeQuery(manager), "application/json")
    }

    func replace(_ resource: ResourceInfo, _ namespace: String?, _ name: String, _ object: YAMLNode, manager: String)
        async throws -> YAMLNode
    {
        try await write(
            "PUT", resource.path(namespace: namespace, name: name), object, writeQuery(manager), "application/json")
    }

    func patch(
        _ resource: ResourceInfo, _ namespace: String?, _ name: String, _ patch: YAMLNode, _ kind: PatchKind,
        manager: String, subresource: String? = nil, force: Bool = false
    ) async throws -> YAMLNode {
        var query = writeQuery(manager)
        if force { query.append((name: "force", value: "true")) }
        return try await write(
            "PATCH", resource.path(namespace: namespace, name: name, subresource: subresource), patch, query,
            kind.rawValue)
    }

    func delete(_ resource: ResourceInfo, _ namespace: String?, _ name: String, _ options: YAMLNode) async throws
        -> YAMLNode
    {
        let query = dryRun == .server ? [(name: "dryRun", value: "All")] : []
        return try await write(
            "DELETE", resource.path(namespace: namespace, name: name), options, query, "application/json")
    }

    // MARK: Dry runs

    enum DryRun { case none, client, server }

    var dryRun: DryRun {
        switch flags.string("dry-run") {
        case "client", "unchanged", "true": .client
        case "server": .server
        default: .none
        }
    }

    /// ` (dry run)`, ` (server dry run)` or nothing, for the line that says what was done.
    var dryRunSuffix: String {
        switch dryRun {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }
}
