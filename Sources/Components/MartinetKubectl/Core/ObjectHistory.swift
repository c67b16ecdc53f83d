import MartinetToolPorts
import MartinetYAML

/// What became of one object, as far as the server remembers it; oldest first.
struct ObjectHistory {
    struct Version {
        /// As it was then; of a deletion: as it was before.
        let object: YAMLNode
        private let notes: YAMLNode?

        init(_ item: YAMLNode) {
            notes = item.at("metadata", "annotations")
            object = item
        }

        private func note(_ name: String) -> String { notes?["\(ObjectHistory.prefix)\(name)"]?.scalarText ?? "" }
        /// created, changed, deleted or kept.
        var change: String { note("change") }
        var revision: Int64? { Int64(note("revision")) }
        var time: String { note("time") }
        var by: String { note("by") }
        var fields: [String] { note("fields").split(separator: ",").map(String.init) }
        /// Whether it was on its way out already: marked, while finalizers held it.
        var isEnding: Bool { !object.text("metadata", "deletionTimestamp").isEmpty }
    }

    static let prefix = "history.martinet.io/"
    let list: YAMLNode
    let versions: [Version]

    /// Throws where the server remembers nothing, does not know of the past, or never had the object.
    init(_ context: CommandContext, _ target: Target) async throws {
        let name = target.name ?? ""
        do {
            list = try await context.json(
                SessionRequest(
                    "GET", target.resource.path(namespace: target.namespace, name: name),
                    query: [(name: "history", value: "true")]))
        } catch let error as StatusError where error.isNotFound {
            try await context.requirePast(target.resource, target.namespace, name)
            throw error
        }
        guard list.text("kind").hasSuffix("List"), list.text("metadata", "name").isEmpty else {
            try await context.requirePast(target.resource, target.namespace, name)
            throw KubectlError("\(target.shown): the server sent no history")
        }
        versions = CommandContext.items(list, target.resource).map(Version.init)
    }

    /// The revision at which the object was last whole: just before its last deletion began.
    var lastWhole: Int64? {
        guard let end = versions.lastIndex(where: { $0.change == "deleted" }) else { return nil }
        var first = end
        while first > 0, versions[first - 1].isEnding { first -= 1 }
        return versions[first].revision.map { $0 - 1 }
    }
}
