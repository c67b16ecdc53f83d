package import MartinetClient
import MartinetCustomResources
package import MartinetSchema
package import MartinetStrategies
import MartinetVersions

/// A resource that the API server serves: a kind, the rules beyond its schema, and the objects.
package struct ServedResource: Sendable {
    package let kind: Kind
    /// The fingerprint of the schema that the kind belongs to.
    package let fingerprint: UInt64
    package let strategy: any Strategy
    package let cache: ResourceCache
    /// The kind in which objects are stored, where that is another version than this one.
    let storageKind: Kind?
    /// The rules of the kind in which objects are stored.
    let storageStrategy: any Strategy
    /// What to warn who uses this version of; nil for one that is here to stay.
    package let deprecation: String?
    private let converter: any VersionConverter
    /// Where a webhook converts between the versions: then `cache` is shared by them.
    let conversion: WebhookConversion?
    /// What the JSON of an object begins with that lies in the storage version.
    let storedHead: [UInt8]

    /// - Parameters:
    ///   - storageStrategy: the rules of `storageKind`, where they are others than the served version's.
    init(
        kind: Kind, fingerprint: UInt64, strategy: any Strategy, cache: ResourceCache, storageKind: Kind? = nil,
        storageStrategy: (any Strategy)? = nil, converter: any VersionConverter = BuiltinVersions(),
        deprecation: String? = nil, conversion: WebhookConversion? = nil
    ) {
        self.conversion = conversion
        let stored = storageKind ?? kind
        storedHead = Array("{\"kind\":\"\(stored.name)\",\"apiVersion\":\"\(stored.apiVersion)\"".utf8)
        self.storageKind = storageKind
        self.storageStrategy = storageStrategy ?? strategy
        self.converter = converter
        self.deprecation = deprecation
        self.kind = kind
        self.fingerprint = fingerprint
        self.strategy = strategy
        self.cache = cache
    }

    var group: String { kind.group }

    /// Whether its objects say how requests take turns.
    var configuresFlows: Bool { kind.group == FlowGate.group && kind.version == "v1" }

    /// Whether nothing of it is stored: what is created is a question, and what is read is made when it is asked for.
    var isVirtual: Bool { !kind.verbs.contains("watch") }

    /// An object as it is stored.
    func stored(_ object: Object) throws(APIError) -> Object {
        guard let storageKind else { return object }
        return try converter.convert(object, to: storageKind)
    }

    /// A stored object as it is served.
    func served(_ object: Object) throws(APIError) -> Object {
        storageKind == nil ? object : try converter.convert(object, to: kind)
    }

    /// An object of another version as this one.
    func converted(_ object: Object) throws(APIError) -> Object { try converter.convert(object, to: kind) }

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

/// Makes one version of an object from another.
protocol VersionConverter: Sendable {
    /// - Throws: where that takes somebody outside, who does not do it.
    func convert(_ object: Object, to kind: Kind) throws(APIError) -> Object
}

/// The versions of built-in kinds.
struct BuiltinVersions: VersionConverter {
    func convert(_ object: Object, to kind: Kind) -> Object { Versions.convert(object, to: kind) }
}

/// The versions of a custom resource: between them nothing differs but the name of the version, so nothing can fail.
struct CustomVersions: VersionConverter {
    func convert(_ object: Object, to kind: Kind) -> Object {
        (try? CustomResources.convert(object, to: kind)) ?? object
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
    /// What is served, in the order of group, version and plural: made once, for whoever looks whether it has changed.
    package private(set) var kinds: [Kind] = []

    package init(_ resources: [ServedResource]) {
        defer { kinds = all.map(\.kind) }
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

    /// Those that hold objects, each in one version only: its stored one where that is served. Events are those of the
    /// core group, which are the same objects.
    package var stored: [ServedResource] {
        var byPrefix: [String: ServedResource] = [:]
        for resource in all where !resource.isVirtual {
            let isBetter = resource.storageKind == nil || byPrefix[resource.cache.prefix] == nil
            if isBetter { byPrefix[resource.cache.prefix] = resource }
        }
        return byPrefix.values.sorted { $0.cache.prefix.precedes($1.cache.prefix) }
    }
}
