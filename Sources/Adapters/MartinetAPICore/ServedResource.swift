package import MartinetClient
package import MartinetSchema
package import MartinetStrategies

/// A resource that the API server serves: a kind, the rules beyond its schema, and the objects.
package struct ServedResource: Sendable {
    package let kind: Kind
    /// The fingerprint of the schema that the kind belongs to.
    package let fingerprint: UInt64
    package let strategy: any Strategy
    package let cache: ResourceCache
    /// The kind in which objects are stored, where that is another version than this one.
    let storageKind: Kind?

    package init(
        kind: Kind, fingerprint: UInt64, strategy: any Strategy, cache: ResourceCache, storageKind: Kind? = nil
    ) {
        self.storageKind = storageKind
        self.kind = kind
        self.fingerprint = fingerprint
        self.strategy = strategy
        self.cache = cache
    }

    var group: String { kind.group }

    /// Where an object lies in the store.
    func key(namespace: String?, name: String) -> String {
        kind.isNamespaced ? "\(cache.prefix)\(namespace ?? "")/\(name)" : "\(cache.prefix)\(name)"
    }

    /// Where a resource's objects lie: core resources under their plural, others under their group too.
    static func prefix(group: String, plural: String) -> String {
        group.isEmpty ? "/registry/core/\(plural)/" : "/registry/\(group)/\(plural)/"
    }

    /// The namespace and name that a key of this resource stands for.
    func split(_ key: String) -> (namespace: String, name: String) {
        let rest = key.dropFirst(cache.prefix.count)
        guard kind.isNamespaced, let slash = rest.firstIndex(of: "/") else { return ("", String(rest)) }
        return (String(rest[..<slash]), String(rest[rest.index(after: slash)...]))
    }
}

/// Which group-version and plural leads to which resource. Replaced as a whole when a custom resource comes or goes.
package struct ServedResources: Sendable {
    private struct Path: Hashable {
        let group: String
        let version: String
        let plural: String
    }
    private var byPath: [Path: ServedResource] = [:]

    package init(_ resources: [ServedResource]) {
        for resource in resources {
            byPath[Path(group: resource.kind.group, version: resource.kind.version, plural: resource.kind.plural)] =
                resource
        }
    }

    package subscript(name: ResourceName) -> ServedResource? {
        byPath[Path(group: name.group, version: name.version, plural: name.plural)]
    }

    /// All of them, in the order of group, version and plural.
    package var all: [ServedResource] {
        byPath.values.sorted {
            ($0.kind.group, $0.kind.version, $0.kind.plural) < ($1.kind.group, $1.kind.version, $1.kind.plural)
        }
    }
}
