package import MartinetYAML

/// A kubeconfig file as a tree: what is known is read from it, what is not known stays in it.
///
/// Pure: the caller reads and writes the file, and makes its writing atomic.
package struct Kubeconfig: Sendable {
    package enum Section: String, Sendable, CaseIterable {
        case clusters, users, contexts

        /// The key that the entry's body is under.
        package var body: String {
            switch self {
            case .clusters: "cluster"
            case .users: "user"
            case .contexts: "context"
            }
        }
    }

    /// The path the caller read it from. Relative paths inside are relative to its folder.
    package let file: String
    package private(set) var tree: YAMLNode

    /// - Parameter tree: the document of the file; nil for an empty or absent file.
    package init(_ tree: YAMLNode?, file: String = "") throws(KubeconfigError) {
        self.file = file
        let empty: YAMLNode = .map([
            "apiVersion": "v1", "kind": "Config", "preferences": .map([:]), "clusters": [], "users": [],
            "contexts": [], "current-context": "",
        ])
        self.tree = tree.flatMap { $0.isNull ? nil : $0 } ?? empty
        try check()
    }

    /// Reads the text of one file.
    package static func read(_ bytes: [UInt8], file: String) throws -> Kubeconfig {
        let documents = try YAML.read(bytes, file: file)
        guard documents.count <= 1 else {
            throw KubeconfigError(
                code: .malformed, file: file, mark: documents[1].mark,
                message: "a kubeconfig is one document, this has \(documents.count)")
        }
        return try Kubeconfig(documents.first, file: file)
    }

    private func fault(_ node: YAMLNode?, _ message: String) -> KubeconfigError {
        KubeconfigError(code: .malformed, file: file, mark: node?.mark ?? .none, message: message)
    }

    private func check() throws(KubeconfigError) {
        guard tree.map != nil else { throw fault(tree, "a kubeconfig is a map, not \(tree.kind)") }
        if let kind = tree["kind"], kind.string != "Config" { throw fault(kind, "the kind is not Config") }
        if let version = tree["apiVersion"], version.string != "v1" { throw fault(version, "the apiVersion is not v1") }
        if let current = tree["current-context"], current.string == nil, !current.isNull {
            throw fault(current, "current-context is a string, not \(current.kind)")
        }
        for section in Section.allCases {
            guard let list = tree[section.rawValue], !list.isNull else { continue }
            guard let items = list.list else { throw fault(list, "\(section.rawValue) is a list, not \(list.kind)") }
            for item in items {
                guard item["name"]?.string != nil else {
                    throw fault(item, "an entry of \(section.rawValue) has no name")
                }
                guard let body = item[section.body] else { continue }
                guard body.map != nil || body.isNull else {
                    throw fault(body, "\(section.body) is a map, not \(body.kind)")
                }
            }
        }
    }

    package func items(_ section: Section) -> [YAMLNode] { tree[section.rawValue]?.list ?? [] }

    package func names(_ section: Section) -> [String] { items(section).compactMap { $0["name"]?.string } }

    /// The body of an entry; of equal names the first counts.
    package func entry(_ section: Section, _ name: String) -> YAMLNode? {
        items(section).first { $0["name"]?.string == name }.map { $0[section.body] ?? YAMLNode(.map([])) }
    }

    package var currentContext: String? {
        tree["current-context"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    package mutating func setCurrentContext(_ name: String?) { tree["current-context"] = YAMLNode(.string(name ?? "")) }

    package mutating func set(_ section: Section, _ name: String, _ body: YAMLNode) {
        var items = items(section)
        if let index = items.firstIndex(where: { $0["name"]?.string == name }) {
            items[index][section.body] = body
        } else {
            // kubectl writes the body before the name.
            items.append(.map([section.body: body, "name": YAMLNode(.string(name))]))
        }
        tree[section.rawValue] = YAMLNode(.list(items))
    }

    /// Returns whether there was one.
    @discardableResult
    package mutating func remove(_ section: Section, _ name: String) -> Bool {
        let items = items(section)
        let kept = items.filter { $0["name"]?.string != name }
        if kept.count != items.count { tree[section.rawValue] = YAMLNode(.list(kept)) }
        return kept.count != items.count
    }

    /// The text to write back.
    package func text() -> [UInt8] { YAML.write(tree) }
}
