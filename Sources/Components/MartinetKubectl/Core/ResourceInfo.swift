import MartinetSchema

/// A resource that a server has: what discovery says about it.
struct ResourceInfo: Hashable, Sendable {
    let group: String
    let version: String
    let kind: String
    let plural: String
    let singular: String
    let shortNames: [String]
    let categories: [String]
    let verbs: [String]
    let isNamespaced: Bool

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// `deployments.apps`: how messages and `-o name` tell it from others of its name.
    var fullName: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// `deployment.apps`.
    var shownName: String { group.isEmpty ? singularName : "\(singularName).\(group)" }
    var singularName: String { singular.isEmpty ? kind.lowercased() : singular }
    /// The kind's schema where it is a built-in one.
    var builtin: Kind? { Self.builtin(group: group, version: version, kind: kind) }

    func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(PathPart.encode(namespace))" }
        path += "/\(plural)"
        if let name { path += "/\(PathPart.encode(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }

    init(
        group: String, version: String, kind: String, plural: String, singular: String = "", shortNames: [String] = [],
        categories: [String] = [], verbs: [String] = [], isNamespaced: Bool
    ) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.singular = singular
        self.shortNames = shortNames
        self.categories = categories
        self.verbs = verbs
        self.isNamespaced = isNamespaced
    }

    init(_ kind: Kind) {
        self.init(
            group: kind.group, version: kind.version, kind: kind.name, plural: kind.plural, singular: kind.singular,
            shortNames: kind.shortNames, categories: kind.categories, verbs: kind.verbs,
            isNamespaced: kind.isNamespaced)
    }

    static func builtin(group: String, version: String, kind: String) -> Kind? {
        Schema.builtin.kinds.first { $0.name == kind && $0.version == version && $0.group == group }
    }
}
