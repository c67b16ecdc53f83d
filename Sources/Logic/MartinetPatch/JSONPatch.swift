package import MartinetSchema

/// JSON patch (RFC 6902), with the one liberty that upstream takes: `replace` of a missing member adds it.
package struct JSONPatch: Sendable {
    private struct Operation {
        let name: String
        let path: [String]
        let from: [String]
        let value: Value?
    }

    private let operations: [Operation]
    /// How many operations one patch may have, as upstream.
    package static let operationsMax = 10_000

    package init(_ document: Value) throws(PatchError) {
        guard case .list(let items) = document else { throw PatchError(.malformed, "a JSON patch must be a list") }
        guard items.count <= JSONPatch.operationsMax else {
            throw PatchError(
                .malformed, "the patch has \(items.count) operations, at most \(JSONPatch.operationsMax) are accepted")
        }
        var operations: [Operation] = []
        for (index, item) in items.enumerated() { operations.append(try JSONPatch.operation(item, index)) }
        self.operations = operations
    }

    private static func operation(_ item: Value, _ index: Int) throws(PatchError) -> Operation {
        guard case .map(let map) = item else { throw PatchError(.malformed, "operation \(index) is no object") }
        for name in ["op", "path", "from"] {
            switch map[name] {
            case nil, .string: continue
            default: throw PatchError(.malformed, "operation \(index): \"\(name)\" must be a string")
            }
        }
        guard case .string(let name)? = map["op"] else {
            throw PatchError(.unprocessable, "operation \(index) has no \"op\"")
        }
        guard ["add", "remove", "replace", "move", "copy", "test"].contains(name) else {
            throw PatchError(
                .unprocessable,
                "operation \(index): \(name.debugDescription) is not add, remove, replace, move, copy or test")
        }
        guard case .string(let path)? = map["path"] else {
            throw PatchError(.unprocessable, "operation \(index) has no \"path\"")
        }
        var from: [String] = []
        if name == "move" || name == "copy" {
            guard case .string(let text)? = map["from"] else {
                throw PatchError(.unprocessable, "operation \(index) has no \"from\"")
            }
            from = try pointer(text)
        }
        if map["value"] == nil, name == "add" || name == "replace" || name == "test" {
            throw PatchError(.unprocessable, "operation \(index) has no \"value\"")
        }
        return Operation(name: name, path: try pointer(path), from: from, value: map["value"])
    }

    /// The parts of a JSON pointer (RFC 6901).
    private static func pointer(_ text: String) throws(PatchError) -> [String] {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else {
            throw PatchError(.unprocessable, "the path \(text.debugDescription) does not begin with a slash")
        }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    /// - Parameter copiesAbsent: whether copying a member that is not there copies a null, as upstream does.
    package func apply(to document: Value, copiesAbsent: Bool = false) throws(PatchError) -> Value {
        var document = document
        for operation in operations {
            let path = operation.path[...]
            switch operation.name {
            case "add": document = try JSONPatch.set(operation.value ?? .null, at: path, in: document, .add)
            case "replace": document = try JSONPatch.set(operation.value ?? .null, at: path, in: document, .replace)
            case "remove": document = try JSONPatch.remove(at: path, in: document).rest
            case "copy":
                let value = try JSONPatch.source(operation.from[...], in: document, copiesAbsent)
                document = try JSONPatch.set(value, at: path, in: document, .add)
            case "move":
                guard operation.path == operation.from || !operation.path.starts(with: operation.from) else {
                    throw PatchError(.unprocessable, "a value cannot be moved into itself")
                }
                let (value, rest) = try JSONPatch.remove(at: operation.from[...], in: document)
                document = try JSONPatch.set(value, at: path, in: rest, .add)
            default:
                let found = try? JSONPatch.get(path, in: document)
                guard (found ?? .null).isEqualJSON(operation.value ?? .null), found != nil || operation.value == .null
                else {
                    let path = operation.path.joined(separator: "/")
                    throw PatchError(.unprocessable, "testing value /\(path) failed", isFailedTest: true)
                }
            }
        }
        return document
    }

    private enum Mode { case add, replace }

    private static func missing(_ part: String) -> PatchError {
        PatchError(.unprocessable, "the path names \(part.debugDescription), which is not there")
    }

    /// A list's index; `-` and the length stand for the end where something can be added.
    private static func index(_ part: String, _ count: Int) throws(PatchError) -> Int {
        guard let number = Int(part), number >= 0, number < count, String(number) == part else { throw missing(part) }
        return number
    }

    private static func get(_ path: ArraySlice<String>, in value: Value) throws(PatchError) -> Value {
        guard let part = path.first else { return value }
        switch value {
        case .map(let map):
            guard let next = map[part] else { throw missing(part) }
            return try get(path.dropFirst(), in: next)
        case .list(let values): return try get(path.dropFirst(), in: values[try index(part, values.count)])
        default: throw missing(part)
        }
    }

    private static func source(
        _ path: ArraySlice<String>, in document: Value, _ copiesAbsent: Bool
    ) throws(PatchError) -> Value {
        if copiesAbsent, let last = path.last, case .map(let map) = try get(path.dropLast(), in: document),
            map[last] == nil
        {
            return .null
        }
        return try get(path, in: document)
    }

    private static func set(
        _ new: Value, at path: ArraySlice<String>, in value: Value, _ mode: Mode
    ) throws(PatchError) -> Value {
        guard let part = path.first else { return new }
        switch value {
        case .map(var map):
            if path.count == 1 {
                map[part] = new
            } else {
                guard let next = map[part] else { throw missing(part) }
                map[part] = try set(new, at: path.dropFirst(), in: next, mode)
            }
            return .map(map)
        case .list(var values):
            if path.count > 1 {
                let index = try index(part, values.count)
                values[index] = try set(new, at: path.dropFirst(), in: values[index], mode)
            } else if mode == .replace {
                values[try index(part, values.count)] = new
            } else {
                values.insert(new, at: part == "-" ? values.count : try index(part, values.count + 1))
            }
            return .list(values)
        default: throw missing(part)
        }
    }

    private static func remove(
        at path: ArraySlice<String>, in value: Value
    ) throws(PatchError) -> (removed: Value, rest: Value) {
        guard let part = path.first else { return (value, .null) }
        switch value {
        case .map(var map):
            guard let next = map[part] else { throw missing(part) }
            if path.count == 1 {
                map[part] = nil
                return (next, .map(map))
            }
            let (removed, rest) = try remove(at: path.dropFirst(), in: next)
            map[part] = rest
            return (removed, .map(map))
        case .list(var values):
            let index = try index(part, values.count)
            if path.count == 1 { return (values.remove(at: index), .list(values)) }
            let (removed, rest) = try remove(at: path.dropFirst(), in: values[index])
            values[index] = rest
            return (removed, .list(values))
        default: throw missing(part)
        }
    }
}

extension Value {
    /// JSON knows one kind of number: 1 and 1.0 are equal.
    func isEqualJSON(_ other: Value) -> Bool {
        switch (self, other) {
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): return Double(a) == b
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.isEqualJSON($1) }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && zip(a.entries, b.entries).allSatisfy { $0.key == $1.key && $0.value.isEqualJSON($1.value) }
        default: return self == other
        }
    }
}
