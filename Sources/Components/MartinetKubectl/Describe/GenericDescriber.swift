import MartinetYAML

/// Any object, field by field: what is described of custom resources and of kinds without a description of their own.
struct GenericDescriber {
    private static let metadataSkipped: Set<String> = ["managedFields", "name", "namespace", "labels", "annotations"]

    func describe(_ object: YAMLNode, _ writer: inout DescribeWriter) {
        writer.line(0, "Name:", object.metaName)
        writer.line(0, "Namespace:", object.metaNamespace)
        for (title, key) in [("Labels", "labels"), ("Annotations", "annotations")] {
            let entries = object.entries("metadata", key).filter { $0.key != LastApplied.key }.sorted {
                $0.key < $1.key
            }
            if entries.isEmpty { writer.line(0, "\(title):", "<none>") }
            for (index, entry) in entries.enumerated() {
                let separator = key == "labels" ? "=" : ": "
                writer.add(
                    0, [index == 0 ? "\(title):" : "", "\(entry.key)\(separator)\(entry.node.scalarText ?? "")"])
            }
        }
        writer.line(0, "API Version:", object.text("apiVersion"))
        writer.line(0, "Kind:", object.text("kind"))
        for entry in (object.map ?? []).sorted(by: { $0.key < $1.key }) {
            if entry.key == "apiVersion" || entry.key == "kind" { continue }
            var node = entry.node
            if entry.key == "metadata" {
                node = YAMLNode(.map((node.map ?? []).filter { !Self.metadataSkipped.contains($0.key) }))
            }
            field(entry.key, node, 0, &writer)
        }
    }

    private func field(_ key: String, _ node: YAMLNode, _ level: Int, _ writer: inout DescribeWriter) {
        let title = Self.title(key) + ":"
        switch node.value {
        case .map(let entries):
            writer.line(level, title)
            for entry in entries.sorted(by: { $0.key < $1.key }) { field(entry.key, entry.node, level + 1, &writer) }
        case .list(let items):
            writer.line(level, title)
            for item in items {
                if let entries = item.map {
                    for entry in entries.sorted(by: { $0.key < $1.key }) {
                        field(entry.key, entry.node, level + 1, &writer)
                    }
                } else {
                    writer.line(level + 1, item.scalarText ?? "<nil>")
                }
            }
        default: writer.line(level, title, node.scalarText ?? "<nil>")
        }
    }

    /// `creationTimestamp` is `Creation Timestamp`; runs of capitals stay together.
    static func title(_ key: String) -> String {
        guard !key.contains(where: { $0 == "." || $0 == "/" || $0 == "-" || $0 == "_" }) else { return key }
        let known = ["uid": "UID", "ip": "IP", "id": "ID", "url": "URL", "apiVersion": "API Version"]
        if let word = known[key] { return word }
        let letters = Array(key)
        var words = ""
        for (index, letter) in letters.enumerated() {
            let before = index > 0 ? letters[index - 1] : " "
            let after = index + 1 < letters.count ? letters[index + 1] : " "
            if index > 0, letter.isUppercase, before.isLowercase || (before.isUppercase && after.isLowercase) {
                words += " "
            }
            words += index == 0 ? letter.uppercased() : String(letter)
        }
        return words
    }
}
