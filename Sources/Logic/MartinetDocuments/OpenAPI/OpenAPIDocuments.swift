package import MartinetSchema

/// OpenAPI for what is served: a v3 document for each group-version with an index, and one v2 document for all.
///
/// Descriptions are the schema's own documentation, and absent where it has none.
package struct OpenAPIDocuments: Sendable {
    private let discovery: Discovery
    private let names: SchemaNames
    private let defined: [Kind: Value]
    package static let title = "Kubernetes"
    package static let version = "1.36"

    /// - Parameter defined: the schemas of custom kinds as their definitions have them (`openAPIV3Schema`).
    package init(kinds: some Sequence<Kind>, defined: [Kind: Value] = [:]) {
        let kinds = Array(kinds)
        self.defined = defined
        discovery = Discovery(kinds: kinds)
        names = SchemaNames(Array(Schema.builtin.kinds) + kinds)
    }

    private var roots: RootPaths { RootPaths(groups: discovery.groups) }

    // MARK: - v3

    /// The documents' names (`api/v1`, `apis/apps/v1`), in the order of discovery.
    package var names3: [String] {
        roots.documents.map(\.name)
            + discovery.groups.flatMap { group in
                group.versions.map { group.name.isEmpty ? "api/\($0.name)" : "apis/\(group.name)/\($0.name)" }
            }
    }

    /// `/openapi/v3`: where each document lies. Clients keep what they have while its hash stays the same.
    ///
    /// - Parameter documents: by their names, as `v3(_:)` made them.
    package static func index(_ documents: [(name: String, document: ServedDocument)]) -> ServedDocument {
        let paths = documents.sorted { $0.name.precedes($1.name) }.map { name, document in
            JSONTree.Member(
                name,
                .object(["serverRelativeURL": .string("/openapi/v3/\(name)?hash=\(document.hash)")]))
        }
        return ServedDocument(.object(["paths": .object(paths)]))
    }

    /// `/openapi/v3/NAME`; nil where nothing of this name is served.
    package func v3(_ name: String) -> ServedDocument? {
        if let root = roots.documents.first(where: { $0.name == name }) {
            let writer = SchemaWriter(dialect: .v3, names: names, everywhere: [])
            return document([root.path], writer)
        }
        let parts = name.split(separator: "/").map(String.init)
        let (group, version): (String, String)
        switch (parts.first, parts.count) {
        case ("api", 2): (group, version) = ("", parts[1])
        case ("apis", 3): (group, version) = (parts[1], parts[2])
        default: return nil
        }
        guard
            let served = discovery.groups.first(where: { $0.name == group })?.versions
                .first(where: { $0.name == version })
        else { return nil }
        let everywhere = group.isEmpty ? [] : [(group: group, version: version)]
        let writer = SchemaWriter(dialect: .v3, names: names, everywhere: everywhere, defined: defined)
        let paths = OperationBuilder(group: group, version: version).paths(for: served.kinds)
        // Upstream publishes custom resources under a title of their own.
        let isCustom = served.kinds.allSatisfy(\.protobufPackage.isEmpty)
        return document(
            paths, writer, title: isCustom ? "Kubernetes CRD Swagger" : Self.title,
            version: isCustom ? "v0.1.0" : Self.version)
    }

    private func document(
        _ paths: [OpenAPIPath], _ writer: SchemaWriter, title: String = title, version: String = version
    ) -> ServedDocument {
        var writer = writer
        let items = paths.map { JSONTree.Member($0.path, V3Paths.item($0, &writer)) }
        var schemas: JSONTree? = writer.finish()
        if case .object(let members)? = schemas, members.isEmpty { schemas = nil }
        return ServedDocument(
            .object([
                "openapi": .string("3.0.0"),
                "info": .object(["title": .string(title), "version": .string(version)]),
                "paths": .object(items),
                "components": .object(["schemas": schemas, "securitySchemes": Self.security]),
            ]))
    }

    static let security = JSONTree.object([
        "BearerToken": .object([
            "type": .string("apiKey"), "name": .string("authorization"), "in": .string("header"),
        ])
    ])

    // MARK: - v2

    package static let protobufMediaType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

    /// `/openapi/v2`, all group-versions in one tree.
    package func v2Tree() -> JSONTree {
        // In v2 the shared options are known under every group-version, served or not.
        var known: Set<String> = []
        // Two old versions, of which upstream knows the names only.
        var everywhere = [
            (group: "apiextensions.k8s.io", version: "v1beta1"), (group: "apiregistration.k8s.io", version: "v1beta1"),
        ]
        let served = Set(discovery.groups.flatMap { group in group.versions.map { "\(group.name)/\($0.name)" } })
        for kind in Schema.builtin.kinds
        where !kind.group.isEmpty && kind.group != "meta.k8s.io" && kind.group != "apidiscovery.k8s.io" {
            if kind.isForgotten, !served.contains(kind.apiVersion) { continue }
            if known.insert(kind.apiVersion).inserted { everywhere.append((kind.group, kind.version)) }
        }
        everywhere.sort { $0.group == $1.group ? $0.version.precedes($1.version) : $0.group.precedes($1.group) }
        var writer = SchemaWriter(dialect: .v2, names: names, everywhere: everywhere, defined: defined)
        var items: [JSONTree.Member] = []
        for group in discovery.groups {
            for version in group.versions {
                let paths = OperationBuilder(group: group.name, version: version.name).paths(for: version.kinds)
                items += paths.map { JSONTree.Member($0.path, V2Paths.item($0, &writer)) }
            }
        }
        items += roots.documents.map { JSONTree.Member($0.path.path, V2Paths.item($0.path, &writer)) }
        items.sort { $0.key.precedes($1.key) }
        return .object([
            "swagger": .string("2.0"),
            "info": .object(["title": .string(Self.title), "version": .string(Self.version)]),
            "paths": .object(items), "definitions": writer.finish(), "securityDefinitions": Self.security,
            "security": .list([.object(["BearerToken": .list([])])]),
        ])
    }

    /// `/openapi/v2` as JSON and, from the same tree, as gnostic's protobuf, which kubectl up to 1.26 asks for.
    package func v2() -> (json: ServedDocument, protobuf: ServedDocument) {
        let tree = v2Tree()
        return (
            ServedDocument(tree),
            ServedDocument(contentType: Self.protobufMediaType, bytes: GnosticEncoder.encode(tree))
        )
    }
}
