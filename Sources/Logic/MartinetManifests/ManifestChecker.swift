import MartinetNearMiss
import MartinetSchema
import MartinetYAML

/// Walks one document beside its kind's type and notes every problem.
struct ManifestChecker {
    let reader: ManifestReader
    let file: String
    private(set) var problems: [ManifestProblem] = []

    init(reader: ManifestReader, file: String) {
        self.reader = reader
        self.file = file
    }

    mutating func note(
        _ code: ManifestProblem.Code, _ mark: Mark, _ path: String, _ message: String, _ suggestion: String? = nil
    ) {
        guard problems.count < ManifestReader.problemsMax else { return }
        problems.append(
            ManifestProblem(code, file: file, mark: mark, path: path, message: message, suggestion: suggestion))
    }

    /// A type that lies above, and where the value of it begins.
    struct Level {
        let type: ObjectType
        let path: String
    }

    // MARK: Objects

    mutating func object(_ node: YAMLNode, _ type: ObjectType, _ path: String, above: [Level], isRoot: Bool = false) {
        guard let entries = node.map else {
            return note(.wrongType, node.mark, path, "expected a map with fields, not \(shown(node))")
        }
        for entry in entries {
            if isRoot, entry.key == "apiVersion" || entry.key == "kind" { continue }
            let inner = join(path, entry.key)
            if let field = type.field(named: entry.key) {
                value(entry.node, field, inner, above: above + [Level(type: type, path: path)])
            } else if type.flags.contains(.root), entry.key == "apiVersion" || entry.key == "kind" {
                continue
            } else if let additional = type.additional {
                single(entry.node, additional, inner, above: above)
            } else if !type.flags.contains(.preserveUnknown) {
                unknown(entry, type, inner, above, isRoot: isRoot)
            }
        }
        for field in type.fields where field.flags.contains(.required) {
            let there = entries.first { $0.key == field.name }
            if there == nil || there?.node.isNull == true, !isMisspelled(field.name, entries, type) {
                note(
                    .missing, there?.node.mark ?? node.mark, join(path, field.name),
                    "this field is required: \(expectation(field))")
            }
        }
    }

    /// Whether one of the unknown keys was probably meant to be this field: then that is told, not that it is missing.
    private func isMisspelled(_ name: String, _ entries: [YAMLNode.Entry], _ type: ObjectType) -> Bool {
        entries.contains { entry in
            type.field(named: entry.key) == nil && NearMiss.suggestion(for: entry.key, among: [name]) != nil
        }
    }

    private mutating func unknown(
        _ entry: YAMLNode.Entry, _ type: ObjectType, _ path: String, _ above: [Level], isRoot: Bool
    ) {
        let quoted = "\"\(entry.key)\""
        let known = (isRoot ? ["apiVersion", "kind"] : []) + type.fields.map(\.name)
        if let near = NearMiss.suggestion(for: entry.key, among: known) {
            return note(.unknownField, entry.keyMark, path, "unknown field \(quoted)", "\"\(near)\"")
        }
        if let meant = Self.meant(entry.key, among: known) {
            return note(.unknownField, entry.keyMark, path, "unknown field \(quoted)", "\"\(meant)\"")
        }
        // A field at the wrong depth is mostly a line that is indented too much or too little.
        if let level = above.last(where: { $0.type.field(named: entry.key) != nil }) {
            let place = level.path.isEmpty ? "the top of the document" : level.path
            return note(
                .unknownField, entry.keyMark, path,
                "unknown field \(quoted) here; it is a field of \(place): indent it less")
        }
        let holders = type.fields.filter { $0.container != .map && $0.type?.field(named: entry.key) != nil }
        if let below = holders.first(where: { $0.flags.contains(.required) }) ?? holders.first {
            let item = below.container == .list ? "an item of \(below.name)" : below.name
            return note(
                .unknownField, entry.keyMark, path,
                "unknown field \(quoted) here; it is a field of \(item): indent it more")
        }
        if let place = Self.below(entry.key, type) {
            return note(
                .unknownField, entry.keyMark, path,
                "unknown field \(quoted) here; it is a field of \(path.parentPath.isEmpty ? place : "\(path.parentPath).\(place)")"
            )
        }
        for level in above.reversed() {
            guard
                let place = level.type.fields.first(where: {
                    $0.container == .single && $0.type?.field(named: entry.key) != nil
                })
            else { continue }
            return note(
                .unknownField, entry.keyMark, path,
                "unknown field \(quoted) here; it is a field of \(join(level.path, place.name))")
        }
        let list = known.count <= 12 && !known.isEmpty ? "; there are \(known.joined(separator: ", "))" : ""
        note(.unknownField, entry.keyMark, path, "unknown field \(quoted)\(list)")
    }

    /// A short name for a long one: `name` for `secretName`, `pvc` for `persistentVolumeClaim`.
    private static func meant(_ key: String, among known: [String]) -> String? {
        let word = key.lowercased()
        guard word.utf8.count >= 3 else { return nil }
        let longer = known.filter { $0.utf8.count > word.utf8.count && $0.lowercased().hasSuffix(word) }
        if longer.count == 1 { return longer[0] }
        let initials = known.filter { name in
            let letters = name.prefix(1) + name.dropFirst().filter(\.isUppercase)
            return letters.lowercased() == word
        }
        if initials.count == 1 { return initials[0] }
        let shorter = known.filter { $0.utf8.count >= 4 && word.hasSuffix($0.lowercased()) }
        return shorter.count == 1 ? shorter[0] : nil
    }

    /// Where a field is two or three steps further in: `template.spec` for `containers`.
    private static func below(_ key: String, _ type: ObjectType) -> String? {
        var level: [(path: String, type: ObjectType)] = [("", type)]
        for _ in 0..<4 {
            var next: [(path: String, type: ObjectType)] = []
            for (path, type) in level where next.count < 64 {
                for field in type.fields where field.container == .single && field.name != "metadata" {
                    guard let inner = field.type else { continue }
                    let place = path.isEmpty ? field.name : "\(path).\(field.name)"
                    if inner.field(named: key) != nil { return place }
                    next.append((place, inner))
                }
            }
            level = next
        }
        return nil
    }

    // MARK: Values

    mutating func value(_ node: YAMLNode, _ field: Field, _ path: String, above: [Level]) {
        if node.isNull { return }
        switch field.container {
        case .single: single(node, field, path, above: above)
        case .nested: return
        case .map:
            guard let entries = node.map else {
                return note(
                    .wrongType, node.mark, path, "expected a map of \(noun(field, plural: true)), not \(shown(node))")
            }
            for entry in entries { single(entry.node, field, join(path, entry.key), above: above) }
        case .list:
            guard let items = node.list else {
                let hint = node.map != nil ? "; begin each item with \"- \"" : ""
                return note(
                    .wrongType, node.mark, path,
                    "expected a list of \(noun(field, plural: true)), not \(shown(node))\(hint)")
            }
            for (index, item) in items.enumerated() {
                if item.isNull {
                    note(.wrongType, item.mark, "\(path)[\(index)]", "expected \(noun(field)), but the item is empty")
                } else {
                    single(item, field, "\(path)[\(index)]", above: above)
                }
            }
            duplicates(items, field, path)
        }
    }

    mutating func single(_ node: YAMLNode, _ field: Field, _ path: String, above: [Level]) {
        if node.isNull { return }
        guard field.scalar == .object, let type = field.type else {
            if let fault = ScalarCheck.fault(node, field) {
                note(fault.code, node.mark, path, fault.message, fault.suggestion)
            }
            return
        }
        if type.flags.contains(.propsOrBool), node.bool != nil { return }
        if type.flags.contains(.propsOrArray) || type.flags.contains(.propsOrStrings)
            || type.flags.contains(.propsOrBool)
        {
            if let inner = type.fields.first?.type, node.map != nil { object(node, inner, path, above: above) }
            return
        }
        object(node, type, path, above: above)
    }

    private static let namedLists: Set<String> = ["containers", "initContainers", "ephemeralContainers", "volumes"]

    /// Two items with the name that tells them apart. (Of `env` the last counts, so that one is no fault.)
    private mutating func duplicates(_ items: [YAMLNode], _ field: Field, _ path: String) {
        guard field.mergeKey == "name", Self.namedLists.contains(field.name) else { return }
        var seen: [String: Mark] = [:]
        for (index, item) in items.enumerated() {
            guard let name = item["name"]?.string else { continue }
            if let first = seen[name] {
                note(
                    .duplicate, item["name"]?.mark ?? item.mark, "\(path)[\(index)].name",
                    "\"\(name)\" is the name of another item already, at \(first)")
            }
            seen[name] = item["name"]?.mark ?? item.mark
        }
    }

    // MARK: Words

    func join(_ path: String, _ key: String) -> String {
        let plain = !key.isEmpty && key.utf8.allSatisfy { $0 != 46 && $0 != 47 && $0 > 32 && $0 != 91 }
        if plain { return path.isEmpty ? key : "\(path).\(key)" }
        return "\(path)[\"\(key)\"]"
    }

    func shown(_ node: YAMLNode) -> String { ScalarCheck.shown(node) }

    private func noun(_ field: Field, plural: Bool = false) -> String {
        let word = ScalarCheck.noun(field.scalar)
        guard plural else { return field.scalar == .object ? "a map with fields" : word.singular }
        return word.plural
    }

    private func expectation(_ field: Field) -> String {
        switch field.container {
        case .list, .nested: "a list of \(noun(field, plural: true))"
        case .map: "a map of \(noun(field, plural: true))"
        case .single: noun(field)
        }
    }
}
