package import MartinetYAML

/// `pod/web`, `deployment.apps/web configured`: what `-o name` prints, and what commands say they have done.
package enum NamePrinter {
    /// - Parameter operation: what was done, such as `created`; nil prints the name alone.
    package static func text(kind: String, group: String, name: String, operation: String? = nil) -> String {
        let resource = group.isEmpty ? kind.lowercased() : "\(kind.lowercased()).\(group)"
        return "\(resource)/\(name)" + (operation.map { " \($0)" } ?? "") + "\n"
    }

    /// The same for an object, and for each item of a list.
    package static func text(_ object: YAMLNode, operation: String? = nil) -> String {
        if let items = object["items"]?.list, object["kind"]?.string?.hasSuffix("List") == true {
            return items.map { text($0, operation: operation) }.joined()
        }
        let version = object["apiVersion"]?.string ?? ""
        let group = version.contains("/") ? String(version.prefix { $0 != "/" }) : ""
        let name = object["metadata"]?["name"]?.string ?? ""
        return text(
            kind: object["kind"]?.string ?? "<unknown>", group: group, name: name.isEmpty ? "<unknown>" : name,
            operation: operation)
    }
}
