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

    /// `/openapi/v3`: where each document lies. Clients keep what they have while its hash stays the same. No document is
    /// made for it.
    package func index() -> ServedDocument {
        let paths = names3.sorted { $0.precedes($1) }.compactMap { name in
            hash3(name).map { hash in
                JSONTree.Member(
                    name, .object(["serverRelativeURL": .string("/openapi/v3/\(name)?hash=\(hash)")]))
            }
        }
        return ServedDocument(.object(["paths": .object(paths)]))
    }

    /// The hash of what a document is made from: the schema with its texts, the kinds, and custom ones as they are defined.
    package func hash3(_ name: String) -> String? {
        if roots.documents.contains(where: { $0.name == name }) { return ContentHash.hex(seed(name)) }
        guard let (group, version) = OpenAPIDocuments.groupVersion(name), let served = served(group, version) else {
            return nil
        }
        var bytes = seed(name)
        for kind in served.kinds { append(kind, to: &bytes) }
        return ContentHash.hex(bytes)
    }

    private var hash2: String {
        var bytes = seed("v2")
        for group in discovery.groups {
            for version in group.versions {
                bytes += "\(group.name)/\(version.name)\n".utf8
                for kind in version.kinds { append(kind, to: &bytes) }
            }
        }
        return ContentHash.hex(bytes)
    }

    /// What all documents of one build have in common. The first number is the form of what is written: whoever changes the
    /// writers changes it, or clients keep what they have.
    private static let common =
        "2 \(version) \(Schema.builtin.fingerprint) \(Documentation.builtin.fingerprint)"

    private func seed(_ name: String) -> [UInt8] { Array("\(Self.common) \(name)\n".utf8) }

    /// What a kind adds to the hash. A built-in one is what the schema says; one with the same name may be defined.
    private func append(_ kind: Kind, to bytes: inout [UInt8]) {
        bytes += "\(kind.type.name) \(kind.plural) \(kind.isNamespaced)\n".utf8
        guard kind.protobufPackage.isEmpty else { return }
        bytes += "\(kind.name) \(kind.listType?.name ?? "") \(kind.verbs) \(kind.subresources)\n".utf8
        if let schema = defined[kind] { bytes += JSONEncoder.encode(schema) }
    }

    private static func groupVersion(_ name: String) -> (group: String, version: String)? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("api", 2): return ("", parts[1])
        case ("apis", 3): return (parts[1], parts[2])
        default: return nil
        }
    }

    private func served(_ group: String, _ version: String) -> Discovery.Version? {
        discovery.groups.first { $0.name == group }?.versions.first { $0.name == version }
    }

    /// `/openapi/v3/NAME`; nil where nothing of this name is served.
    package func v3(_ name: String) -> ServedDocument? {
        if let root = roots.documents.first(where: { $0.name == name }) {
            let writer = SchemaWriter(dialect: .v3, names: names, everywhere: [])
            return document([root.path], writer, hash: hash3(name))
        }
        guard let (group, version) = OpenAPIDocuments.groupVersion(name), let served = served(group, version) else {
            return nil
        }
        let everywhere = group.isEmpty ? [] : [(group: group, version: version)]
        let writer = SchemaWriter(dialect: .v3, names: names, everywhere: everywhere, defined: defined)
        let paths = OperationBuilder(group: group, version: version).paths(for: served.kinds)
        // Upstream publishes custom resources under a title of their own.
        let isCustom = served.kinds.allSatisfy(\.protobufPackage.isEmpty)
        return document(
            paths, writer, title: isCustom ? "Kubernetes CRD Swagger" : Self.title,
            version: isCustom ? "v0.1.0" : Self.version, hash: hash3(name))
    }

    private func document(
        _ paths: [OpenAPIPath], _ writer: SchemaWriter, title: String = title, version: String = version,
        hash: String?
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
            ]), hash: hash)
    }

    static let security = JSONTree.object([
        "BearerToken": .object([
            "type": .string("apiKey"), "name": .string("authorization"), "in": .string("header"),
        ])
    ])

    // MARK: - v2

    /// What gnostic's protobuf is called. Older clients ask for it with an `@`, which is no valid media type: an answer that
    /// carried it could not be read.
    package static let protobufMediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    package static let olderProtobufMediaType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

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

    /// `/openapi/v2` as JSON or as gnostic's protobuf, which kubectl up to 1.26 asks for. Both have one hash.
    package func v2(asProtobuf: Bool) -> ServedDocument {
        let tree = v2Tree()
        guard asProtobuf else { return ServedDocument(tree, hash: hash2) }
        return ServedDocument(
            contentType: Self.protobufMediaType, bytes: GnosticEncoder.encode(tree), hash: hash2)
    }
}
