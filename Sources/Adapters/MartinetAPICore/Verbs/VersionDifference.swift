import MartinetClient
import MartinetSchema

/// What differs between two versions of an object, and who says that it was them.
enum VersionDifference {
    /// More fields than these are not named; deeper ones neither.
    private static let fieldsMax = 24
    private static let depthMax = 12
    private static let uninteresting: Set<String> = ["resourceVersion", "managedFields", "generation"]

    /// Paths of what was added, changed or removed, as `spec.replicas` or `spec.containers[web].image`.
    static func fields(_ old: Object?, _ new: Object) -> [String] {
        guard let old, let before = tree(old), let after = tree(new) else { return [] }
        var found: [String] = []
        compare(before, after, "", 0, &found)
        return found
    }

    /// The field managers whose entries are new or say something new.
    static func managers(_ old: Object?, _ new: Object) -> [String] {
        let changed = names(old, new) { $0 }
        // Who only lost fields to another keeps the time of its own last change.
        let written = names(old, new) { entry in
            guard case .map(let map) = entry else { return entry }
            return .map(Map(unsorted: map.entries.filter { $0.key != "fieldsV1" }))
        }
        return written.isEmpty ? changed : written
    }

    private static func names(_ old: Object?, _ new: Object, _ seen: (Value) -> Value) -> [String] {
        let before = Set((old.map(entries) ?? []).map(seen))
        var names: [String] = []
        for entry in entries(new) where !before.contains(seen(entry)) {
            guard case .map(let map) = entry, case .string(let name)? = map["manager"], !names.contains(name) else {
                continue
            }
            names.append(name)
        }
        return names
    }

    private static func tree(_ object: Object) -> Value? {
        try? JSONDecoder.decodeAny(JSONEncoder.encode(object)).value
    }

    private static func entries(_ object: Object) -> [Value] {
        guard case .map(let root)? = tree(object), case .map(let metadata)? = root["metadata"],
            case .list(let entries)? = metadata["managedFields"]
        else { return [] }
        return entries
    }

    private static func compare(_ old: Value, _ new: Value, _ path: String, _ depth: Int, _ found: inout [String]) {
        guard old != new, found.count < fieldsMax else { return }
        switch (old, new) {
        case (.map(let a), .map(let b)) where depth < depthMax:
            let keys = Set(a.entries.map(\.key)).union(b.entries.map(\.key)).sorted()
            for key in keys where !(path == "metadata" && uninteresting.contains(key)) {
                let inner = path.isEmpty ? key : key.contains(".") ? "\(path)[\(key)]" : "\(path).\(key)"
                step(a[key], b[key], inner, depth, &found)
            }
        case (.list(let a), .list(let b)) where depth < depthMax:
            guard let x = named(a), let y = named(b) else { return found.append(path) }
            for key in Set(x.keys).union(y.keys).sorted() { step(x[key], y[key], "\(path)[\(key)]", depth, &found) }
        default: found.append(path)
        }
    }

    private static func step(_ old: Value?, _ new: Value?, _ path: String, _ depth: Int, _ found: inout [String]) {
        if let old, let new { return compare(old, new, path, depth + 1, &found) }
        if old != nil || new != nil, found.count < fieldsMax { found.append(path) }
    }

    /// The elements by what tells them apart; nil where nothing does.
    private static func named(_ list: [Value]) -> [String: Value]? {
        var byName: [String: Value] = [:]
        for element in list {
            guard case .map(let map) = element else { return nil }
            let name = ["name", "type", "uid"].lazy.compactMap { key -> String? in
                if case .string(let text)? = map[key] { text } else { nil }
            }.first
            guard let name, byName.updateValue(element, forKey: name) == nil else { return nil }
        }
        return byName
    }
}
