import MartinetSchema

/// The paths that belong to no group-version: what groups and versions there are, what the server is, and the keys of the
/// tokens that it issues. Each is a v3 document of its own.
struct RootPaths {
    let groups: [Discovery.Group]

    /// By the names of the v3 documents.
    var documents: [(name: String, path: OpenAPIPath)] {
        var all: [(name: String, path: OpenAPIPath)] = [
            (".well-known/openid-configuration", configuration), ("openid/v1/jwks", keys),
        ]
        func add(_ name: String, _ tag: String, _ id: String, _ type: String) {
            guard let type = Schema.builtin.type(named: type) else { return }
            var operation = OpenAPIOperation(
                "get", id, content: .type(type), produces: MediaTypes.of(protobuf: type.kind != nil))
            if type.kind == nil { operation.produces = [MediaTypes.json] }
            operation.consumes = operation.produces
            all.append((name, OpenAPIPath(path: "/\(name)/", tag: tag, operations: [operation])))
        }
        add("version", "version", "getCodeVersion", "version.Info")
        if groups.contains(where: \.name.isEmpty) { add("api", "core", "getCoreAPIVersions", "meta/v1.APIVersions") }
        add("apis", "apis", "getAPIVersions", "meta/v1.APIGroupList")
        for group in groups where !group.name.isEmpty {
            let name = OperationBuilder.camel(group.name)
            add(
                "apis/\(group.name)", name, "get\(OperationBuilder.capitalized(name))APIGroup", "meta/v1.APIGroup")
        }
        return all
    }

    private var configuration: OpenAPIPath {
        text(
            "/.well-known/openid-configuration/", "WellKnown", "getServiceAccountIssuerOpenIDConfiguration",
            MediaTypes.json)
    }

    private var keys: OpenAPIPath {
        text("/openid/v1/jwks/", "openid", "getServiceAccountIssuerOpenIDKeyset", "application/jwk-set+json")
    }

    private func text(_ path: String, _ tag: String, _ id: String, _ type: String) -> OpenAPIPath {
        var operation = OpenAPIOperation("get", id, content: .text, produces: [type])
        operation.consumes = nil
        return OpenAPIPath(path: path, tag: tag, operations: [operation])
    }
}
