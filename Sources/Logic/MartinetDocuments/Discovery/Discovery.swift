package import MartinetSchema

/// What `/api` and `/apis` answer: which groups, versions and resources are served, derived from the kinds alone.
///
/// Groups stand in the order of their priorities, then of their names; versions in the order of theirs, then as
/// Kubernetes orders version names (v2, v1, v1beta1, v1alpha1).
package struct Discovery: Sendable {
    package struct Version: Sendable {
        package let name: String
        /// In the order of their plural names.
        package fileprivate(set) var kinds: [Kind]
    }

    package struct Group: Sendable {
        /// Empty for the core group.
        package let name: String
        package fileprivate(set) var versions: [Version]
    }

    package let groups: [Group]
    /// The address of this server as legacy clients read it, such as `192.0.2.2:6443`; empty leaves it out.
    package let serverAddress: String

    /// - Parameter kinds: all that are served; those without a resource are passed over.
    package init(kinds: some Sequence<Kind>, serverAddress: String = "") {
        var byGroup: [String: [String: [Kind]]] = [:]
        for kind in kinds where !kind.plural.isEmpty {
            byGroup[kind.group, default: [:]][kind.version, default: []].append(kind)
        }
        var groups: [(group: Group, priority: Int)] = []
        for (name, byVersion) in byGroup {
            let sorted = byVersion.map { version, kinds in
                (
                    version: Version(name: version, kinds: kinds.sorted { $0.plural.precedes($1.plural) }),
                    priority: kinds.map(\.priorities.version).max() ?? 0
                )
            }.sorted {
                $0.priority == $1.priority
                    ? VersionName($1.version.name) < VersionName($0.version.name) : $0.priority > $1.priority
            }
            let priority = byVersion.values.joined().map(\.priorities.group).max() ?? 0
            groups.append((Group(name: name, versions: sorted.map(\.version)), priority))
        }
        groups.sort { $0.priority == $1.priority ? $0.group.name.precedes($1.group.name) : $0.priority > $1.priority }
        self.groups = groups.map(\.group)
        self.serverAddress = serverAddress
    }

    private var addresses: JSONTree? {
        guard !serverAddress.isEmpty else { return nil }
        return .list([.object(["clientCIDR": .string("0.0.0.0/0"), "serverAddress": .string(serverAddress)])])
    }

    // MARK: - Legacy documents

    /// `/api`
    package func coreVersions() -> ServedDocument {
        let versions = groups.first { $0.name.isEmpty }?.versions ?? []
        return ServedDocument(
            .object([
                "kind": .string("APIVersions"), "versions": .strings(versions.map(\.name)),
                "serverAddressByClientCIDRs": addresses ?? .list([]),
            ]))
    }

    /// `/apis`
    package func groupList() -> ServedDocument {
        let named = groups.filter { !$0.name.isEmpty }
        return ServedDocument(
            .object([
                "kind": .string("APIGroupList"), "apiVersion": .string("v1"),
                "groups": .list(named.map { JSONTree.object(Discovery.members(of: $0)) }),
            ]))
    }

    /// `/apis/GROUP`; nil where no such group is served.
    package func group(_ name: String) -> ServedDocument? {
        guard !name.isEmpty, let group = groups.first(where: { $0.name == name }) else { return nil }
        let head: [JSONTree.Member] = [.init("kind", .string("APIGroup")), .init("apiVersion", .string("v1"))]
        return ServedDocument(.object(head + Discovery.members(of: group)))
    }

    private static func members(of group: Group) -> [JSONTree.Member] {
        let versions = group.versions.map { version in
            JSONTree.object([
                "groupVersion": .string("\(group.name)/\(version.name)"), "version": .string(version.name),
            ])
        }
        return [
            .init("name", .string(group.name)), .init("versions", .list(versions)),
            .init("preferredVersion", versions.first ?? .object([])),
        ]
    }

    /// `/api/VERSION` (an empty group) and `/apis/GROUP/VERSION`; nil where no such version is served.
    package func resources(group name: String, version: String) -> ServedDocument? {
        guard let group = groups.first(where: { $0.name == name }),
            let version = group.versions.first(where: { $0.name == version })
        else { return nil }
        var entries: [JSONTree] = []
        for kind in version.kinds {
            entries.append(Discovery.resource(kind))
            for subresource in Discovery.subresources(of: kind) {
                entries.append(Discovery.resource(subresource, of: kind))
            }
        }
        return ServedDocument(
            .object([
                // The oldest document of all has never said its own version.
                "kind": .string("APIResourceList"), "apiVersion": name.isEmpty ? nil : .string("v1"),
                "groupVersion": .string(name.isEmpty ? version.name : "\(name)/\(version.name)"),
                "resources": .list(entries),
            ]))
    }

    private static func resource(_ kind: Kind) -> JSONTree {
        .object([
            "name": .string(kind.plural), "singularName": .string(kind.singular),
            "namespaced": .bool(kind.isNamespaced),
            "kind": .string(kind.name), "verbs": .strings(kind.verbs),
            "shortNames": kind.shortNames.isEmpty ? nil : .strings(kind.shortNames),
            "categories": kind.categories.isEmpty ? nil : .strings(kind.categories),
            "storageVersionHash": kind.storageHash.isEmpty ? nil : .string(kind.storageHash),
        ])
    }

    private static func resource(_ subresource: Kind.Subresource, of kind: Kind) -> JSONTree {
        let served = ServedKind(subresource, of: kind)
        return .object([
            "name": .string("\(kind.plural)/\(subresource.name)"), "singularName": .string(""),
            "namespaced": .bool(kind.isNamespaced),
            "group": served.isForeign && !served.group.isEmpty ? .string(served.group) : nil,
            "version": served.isForeign ? .string(served.version) : nil, "kind": .string(served.name),
            "verbs": .strings(subresource.verbs),
        ])
    }

    /// By their names; those of custom resources as they are declared.
    private static func subresources(of kind: Kind) -> [Kind.Subresource] {
        kind.protobufPackage.isEmpty ? kind.subresources : kind.subresources.sorted { $0.name.precedes($1.name) }
    }

    // MARK: - Aggregated documents

    package enum Format: String, Sendable, CaseIterable {
        case v2, v2beta1
        package var mediaType: String {
            "application/json;g=apidiscovery.k8s.io;v=\(rawValue);as=APIGroupDiscoveryList"
        }
    }

    /// `/api` (the core group) or `/apis` (all others) in one document.
    package func aggregated(core: Bool, format: Format = .v2) -> ServedDocument {
        let items = groups.filter { $0.name.isEmpty == core }.map { group in
            JSONTree.object([
                "metadata": .object(["name": core ? nil : .string(group.name)]),
                "versions": .list(
                    group.versions.map { version in
                        .object([
                            "version": .string(version.name),
                            "resources": .list(version.kinds.map(Discovery.aggregated)),
                            "freshness": .string("Current"),
                        ])
                    }),
            ])
        }
        let tree = JSONTree.object([
            "kind": .string("APIGroupDiscoveryList"), "apiVersion": .string("apidiscovery.k8s.io/\(format.rawValue)"),
            "metadata": .object([]), "items": .list(items),
        ])
        return ServedDocument(tree, contentType: format.mediaType)
    }

    private static func aggregated(_ kind: Kind) -> JSONTree {
        let subresources = Discovery.subresources(of: kind).map { subresource in
            let served = ServedKind(subresource, of: kind)
            return JSONTree.object([
                "subresource": .string(subresource.name),
                "responseKind": responseKind(
                    group: served.isForeign ? served.group : "", version: served.isForeign ? served.version : "",
                    kind: served.name),
                "verbs": .strings(subresource.verbs),
            ])
        }
        return .object([
            "resource": .string(kind.plural), "responseKind": responseKind(group: "", version: "", kind: kind.name),
            "scope": .string(kind.isNamespaced ? "Namespaced" : "Cluster"), "singularResource": .string(kind.singular),
            "verbs": .strings(kind.verbs), "shortNames": kind.shortNames.isEmpty ? nil : .strings(kind.shortNames),
            "categories": kind.categories.isEmpty ? nil : .strings(kind.categories),
            "subresources": subresources.isEmpty ? nil : .list(subresources),
        ])
    }

    /// Group and version are empty where they are those of the resource: clients fill them in.
    private static func responseKind(group: String, version: String, kind: String) -> JSONTree {
        .object(["group": .string(group), "version": .string(version), "kind": .string(kind)])
    }
}

/// The kind that a subresource speaks: its own one, or that of the resource.
struct ServedKind {
    let group: String
    let version: String
    let name: String
    /// Whether it is of another group or version than the resource.
    let isForeign: Bool

    init(_ subresource: Kind.Subresource, of kind: Kind) {
        let parts = subresource.kind.split(separator: "/").map(String.init)
        let last = (parts.last ?? "").split(separator: ".").map(String.init)
        if parts.count == 2, last.count == 2 {
            (group, version, name) = (parts[0], last[0], last[1])
        } else if last.count == 2 {
            (group, version, name) = ("", last[0], last[1])
        } else {
            (group, version, name) = (kind.group, kind.version, last.first ?? kind.name)
        }
        isForeign = group != kind.group || version != kind.version
    }
}
