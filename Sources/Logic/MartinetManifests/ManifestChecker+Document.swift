import MartinetNearMiss
import MartinetSchema
import MartinetYAML

extension ManifestChecker {
    /// Checks a document from its apiVersion and kind on; returns the kind where it is a built-in one.
    mutating func document(_ node: YAMLNode) -> Kind? {
        guard let entries = node.map else {
            note(.wrongType, node.mark, "", "expected an object with apiVersion and kind, not \(shown(node))")
            return nil
        }
        let kind = word("kind", entries, node)
        let version = word("apiVersion", entries, node)
        guard let kind else {
            if let version {
                note(.missing, node.mark, "kind", "this field is required: a kind of \(version)")
            } else if problems.isEmpty {
                note(.missing, node.mark, "", "this is no object of Kubernetes: apiVersion and kind are required")
            }
            return nil
        }
        guard let version else { return withoutVersion(kind, node) }
        guard let found = resolve(version, kind, entries, node) else { return nil }
        object(node, found.type, "", above: [], isRoot: true)
        name(node, found)
        return found
    }

    /// The string under a key that every document has; a key that is written otherwise is told and used.
    private mutating func word(_ key: String, _ entries: [YAMLNode.Entry], _ node: YAMLNode) -> String? {
        guard let entry = entries.first(where: { $0.key == key }) else {
            if let near = entries.first(where: { $0.key.lowercased() == key.lowercased() }) {
                // The unknown field is told by the walk, where there is one.
                if near.node.string == nil || key == "kind" {
                    note(.unknownField, near.keyMark, near.key, "unknown field \"\(near.key)\"", "\"\(key)\"")
                }
                return near.node.string
            }
            return nil
        }
        guard let text = entry.node.string, !text.isEmpty else {
            note(.wrongType, entry.node.mark, key, "expected a string, not \(shown(entry.node))")
            return nil
        }
        return text
    }

    private var servedKinds: [Kind] { reader.schema.kinds.filter { !$0.plural.isEmpty } }

    /// Of several versions the one that the server prefers.
    private func preferred(_ kinds: [Kind]) -> Kind? {
        kinds.filter(\.isServedByDefault).max { $0.priorities < $1.priorities }
            ?? kinds.max { $0.priorities < $1.priorities }
    }

    private mutating func withoutVersion(_ kind: String, _ node: YAMLNode) -> Kind? {
        let kinds = servedKinds.filter { $0.name == kind }
        guard let best = preferred(kinds) else {
            note(.missing, node.mark, "apiVersion", "this field is required")
            return nil
        }
        note(
            .missing, node.mark, "apiVersion",
            "this field is required; for \(Self.article(kind)) write apiVersion: \(best.apiVersion)")
        object(node, best.type, "", above: [], isRoot: true)
        return best
    }

    /// The built-in kind of a document; nil, and where it is wrong a problem, where there is none.
    private mutating func resolve(
        _ version: String, _ kind: String, _ entries: [YAMLNode.Entry], _ node: YAMLNode
    ) -> Kind? {
        let kindMark = entries.first { $0.key == "kind" }?.node.mark ?? node.mark
        let versionMark = entries.first { $0.key == "apiVersion" }?.node.mark ?? node.mark
        let known = servedKinds
        let exact = known.first { $0.name == kind && $0.apiVersion == version }
        if let successor = Self.removed[kind], version.hasPrefix("policy/") || version.hasPrefix("extensions/") {
            note(.unknownKind, kindMark, "kind", "there is no \(kind) any more; \(successor)")
            return nil
        }
        let knowledge = reader.lookup(version, kind)
        if let exact, knowledge == .served || (knowledge == .unknown && !isReplaced(exact, known)) { return exact }
        if exact == nil, knowledge == .served { return nil }
        if let other = preferred(known.filter { $0.name == kind && $0 != exact }) {
            let isPast = reader.schema.kinds.contains { $0.name == kind && $0.apiVersion == version }
            let message = !isPast ? "there is no \(kind) in \(version)" : "\(version) is not served any more"
            note(
                .wrongVersion, versionMark, "apiVersion",
                "\(message); for \(Self.article(kind)) write apiVersion: \(other.apiVersion)")
            return other
        }
        if exact != nil {
            note(.wrongVersion, versionMark, "apiVersion", "the server does not serve \(kind) of \(version)")
            return exact
        }
        let groupIsOurs = known.contains { $0.apiVersion == version }
        // A group of somebody else's: only a server could tell.
        if knowledge == .unknown, !groupIsOurs, version.contains("."), version.contains("/") { return nil }
        let near = NearMiss.suggestion(for: kind, among: Set(known.map(\.name)).sorted())
        if let near, let meant = preferred(known.filter { $0.name == near }) {
            note(.unknownKind, kindMark, "kind", "there is no kind \"\(kind)\" in \(version)", "\"\(near)\"")
            object(node, meant.type, "", above: [], isRoot: true)
            return nil
        }
        if !groupIsOurs {
            let versions = Set(known.map(\.apiVersion)).sorted()
            note(
                .wrongVersion, versionMark, "apiVersion", "there is no apiVersion \"\(version)\"",
                NearMiss.suggestion(for: version, among: versions).map { "\"\($0)\"" })
        } else {
            note(.unknownKind, kindMark, "kind", "there is no kind \"\(kind)\" in \(version)")
        }
        return nil
    }

    /// Kinds that went without one in their place, and what does their work.
    private static let removed = [
        "PodSecurityPolicy": "what pods may do is said by the label pod-security.kubernetes.io/enforce of a namespace"
    ]

    /// Whether a version is one of the past: known, but served only when asked for, with another in its place.
    private func isReplaced(_ kind: Kind, _ known: [Kind]) -> Bool {
        !kind.isServedByDefault && known.contains { $0.name == kind.name && $0.isServedByDefault }
    }

    private static func article(_ kind: String) -> String {
        "AEIO".contains(kind.prefix(1)) ? "an \(kind)" : "a \(kind)"
    }

    // MARK: Names

    private static let strictGroups: Set<String> = ["", "apps", "batch", "networking.k8s.io", "storage.k8s.io"]

    private mutating func name(_ node: YAMLNode, _ kind: Kind) {
        guard kind.verbs.contains("create"), kind.type.field(named: "metadata") != nil else { return }
        guard let metadata = node["metadata"], !metadata.isNull else {
            return note(.missing, node.mark, "metadata", "this field is required: at least a name")
        }
        guard metadata.map != nil else { return }
        let misspelled = metadata.map?.contains {
            NearMiss.suggestion(for: $0.key, among: ["name"]) != nil && $0.key != "name"
        }
        guard let name = metadata["name"], !name.isNull else {
            if metadata["generateName"] == nil, misspelled != true {
                note(.missing, metadata.mark, "metadata.name", "this field is required")
            }
            return
        }
        if let text = name.string, text.isEmpty {
            return note(.badValue, name.mark, "metadata.name", "must not be empty")
        }
        guard let text = name.string, Self.strictGroups.contains(kind.group), !Self.isSubdomain(text) else { return }
        let meant = String(
            text.lowercased().map { ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "." || $0 == "-" ? $0 : "-" })
        var trimmed = meant.drop { $0 == "-" || $0 == "." }
        while trimmed.last == "-" || trimmed.last == "." { trimmed.removeLast() }
        let fits = Self.isSubdomain(String(trimmed))
        note(
            .badValue, name.mark, "metadata.name",
            "\"\(text.prefix(80))\" is no name: expected small letters, digits, '-' and '.', "
                + "beginning and ending with a letter or digit, at most 253", fits ? "\"\(trimmed)\"" : nil)
    }

    /// RFC 1123 as Kubernetes reads it.
    private static func isSubdomain(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        func isWord(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isWord(first) && isWord(last) && label.utf8.allSatisfy { isWord($0) || $0 == 45 }
        }
    }
}
