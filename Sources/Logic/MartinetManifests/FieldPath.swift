import MartinetYAML

/// The places that faults name, `spec.containers[0].env[1].name`, as steps through a document.
enum FieldPath {
    enum Step: Equatable {
        case member(String)
        case index(Int)
    }

    /// What a walk came to.
    struct Found {
        /// As the document writes it; the rest as the fault names it.
        var path = ""
        /// Of what holds the last step.
        var parent = ""
        /// Where the value is, or what would hold it.
        var mark: Mark
        /// Whether all steps were there.
        var isWhole = true
        /// What is there; nil where not all steps were.
        var node: YAMLNode?

        /// The entry of a map of words whose key or value the message repeats; itself where there is none.
        func entry(in message: String) -> Found {
            guard let entries = node?.map, let quote = message.firstRange(of: ", not \"") else { return self }
            let word = message[quote.upperBound...].prefix { $0 != "\"" }
            guard let entry = entries.first(where: { $0.key == word || $0.node.string ?? "" == word }) else {
                return self
            }
            let isPlain = entry.key.utf8.allSatisfy { $0 != 46 && $0 != 47 && $0 > 32 && $0 != 91 }
            return Found(
                path: isPlain ? "\(path).\(entry.key)" : "\(path)[\"\(entry.key)\"]", parent: path,
                mark: entry.key == word ? entry.keyMark : entry.node.mark, node: entry.node)
        }
    }

    /// Of `metadata.annotations[a.b/c]` the last step is a member too: maps and objects are the same in a document.
    static func steps(_ text: String) -> [Step] {
        var steps: [Step] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "[" {
                let inner = rest.dropFirst().prefix { $0 != "]" }
                rest = rest.dropFirst(inner.count + 2)
                if let index = Int(inner) { steps.append(.index(index)) } else { steps.append(.member(String(inner))) }
                continue
            }
            if first == "." { rest.removeFirst() }
            let name = rest.prefix { $0 != "." && $0 != "[" }
            rest = rest.dropFirst(name.count)
            if !name.isEmpty { steps.append(.member(String(name))) }
        }
        return steps
    }

    static func walk(_ steps: [Step], _ root: YAMLNode) -> Found {
        var found = Found(mark: root.mark, node: root)
        for step in steps {
            found.parent = found.path
            let (name, entry) = self.step(step, found.node)
            found.path += name
            guard let entry else {
                found.isWhole = false
                found.node = nil
                continue
            }
            found.node = entry.node
            // Of a block the key is what the eye looks for.
            let isBlock = entry.node.map != nil || entry.node.list != nil
            found.mark = isBlock && !entry.key.isEmpty ? entry.keyMark : entry.node.mark
        }
        if found.path.first == "." { found.path.removeFirst() }
        if found.parent.first == "." { found.parent.removeFirst() }
        return found
    }

    /// One step: what is appended to the path, and what it comes to.
    private static func step(_ step: Step, _ node: YAMLNode?) -> (String, YAMLNode.Entry?) {
        switch step {
        case .index(let index):
            guard let items = node?.list, items.indices.contains(index) else { return ("[\(index)]", nil) }
            return ("[\(index)]", YAMLNode.Entry(key: "", node: items[index]))
        case .member(let name):
            // Some of upstream's names differ from the field's in the case of a letter.
            let entry = node?.entry(name) ?? node?.map?.first { $0.key.lowercased() == name.lowercased() }
            let written = entry?.key ?? name
            let isPlain = !written.isEmpty && written.utf8.allSatisfy { $0 != 46 && $0 != 47 && $0 > 32 && $0 != 91 }
            return (isPlain ? ".\(written)" : "[\"\(written)\"]", entry)
        }
    }
}
