package import MartinetSchema

/// Puts the OpenAPI v2 documents of other servers into one's own: their paths below what they serve, and what those refer to.
///
/// Source: kube-openapi's `aggregator`, as far as its result can be told apart.
package enum OpenAPIMerge {
    /// - Parameters:
    ///   - local: the own document, in JSON.
    ///   - remotes: what each serves (`/apis/GROUP/VERSION`), and its document.
    package static func v2(
        _ local: [UInt8], _ remotes: [(root: String, document: Value)]
    ) -> (json: ServedDocument, protobuf: ServedDocument)? {
        guard case .map(var tree)? = try? JSONDecoder.decodeAny(local).value, case .map(var paths)? = tree["paths"],
            case .map(var definitions)? = tree["definitions"]
        else { return nil }
        for remote in remotes {
            guard case .map(let document) = remote.document, case .map(let theirs)? = document["paths"] else {
                continue
            }
            var known = Map()
            if case .map(let map)? = document["definitions"] { known = map }
            var renamed: [String: String] = [:]
            for entry in known.entries {
                guard let own = definitions[entry.key], own != entry.value else { continue }
                // What everybody has from the same library is the same, whatever its descriptions say.
                guard !entry.key.hasPrefix("io.k8s.") else { continue }
                var number = 2
                while definitions["\(entry.key)_v\(number)"] != nil { number += 1 }
                renamed[entry.key] = "\(entry.key)_v\(number)"
            }
            var wanted: Set<String> = []
            for entry in theirs.entries where entry.key == remote.root || entry.key.hasPrefix(remote.root + "/") {
                if paths[entry.key] == nil { paths[entry.key] = redirected(entry.value, renamed, &wanted) }
            }
            var done: Set<String> = []
            while let name = wanted.popFirst() {
                guard done.insert(name).inserted, let definition = known[name] else { continue }
                let target = renamed[name] ?? name
                let value = redirected(definition, renamed, &wanted)
                if definitions[target] == nil { definitions[target] = value }
            }
        }
        tree["paths"] = .map(paths)
        tree["definitions"] = .map(definitions)
        let json = Value.map(tree)
        return (
            ServedDocument(contentType: "application/json", bytes: JSONEncoder.encode(json)),
            ServedDocument(
                contentType: OpenAPIDocuments.protobufMediaType, bytes: GnosticEncoder.encode(JSONTree(json)))
        )
    }

    private static let prefix = "#/definitions/"

    /// A tree whose references lead to where their targets are now; notes which those are.
    private static func redirected(
        _ value: Value, _ renamed: [String: String], _ wanted: inout Set<String>, depth: Int = 0
    ) -> Value {
        guard depth < 128 else { return value }
        switch value {
        case .list(let values):
            return .list(values.map { redirected($0, renamed, &wanted, depth: depth + 1) })
        case .map(let map):
            var out = map
            for entry in map.entries {
                if entry.key == "$ref", case .string(let text) = entry.value, text.hasPrefix(prefix) {
                    let name = String(text.dropFirst(prefix.count))
                    wanted.insert(name)
                    out["$ref"] = .string(prefix + (renamed[name] ?? name))
                } else {
                    out[entry.key] = redirected(entry.value, renamed, &wanted, depth: depth + 1)
                }
            }
            return .map(out)
        default: return value
        }
    }
}
