/// Where an object keeps how many replicas it wants, how many it has, and the selector of its pods.
///
/// Paths are dotted names from the root, such as `.spec.replicas`; the same accessors serve every kind, since a path is
/// followed through whatever the schema says lies there.
package struct ScalePaths: Sendable, Hashable {
    package let specReplicas: String
    package let statusReplicas: String
    /// Where the selector is, as text; nil where the kind publishes none.
    package let labelSelector: String?

    package init(specReplicas: String, statusReplicas: String, labelSelector: String?) {
        self.specReplicas = specReplicas
        self.statusReplicas = statusReplicas
        self.labelSelector = labelSelector
    }

    /// Where the built-in workloads keep them.
    package static let common = ScalePaths(
        specReplicas: ".spec.replicas", statusReplicas: ".status.replicas", labelSelector: nil)

    /// The wanted replicas; nil where the object does not say.
    package func specReplicas(of object: Object) -> Int64? { integer(specReplicas, object) }
    package func statusReplicas(of object: Object) -> Int64? { integer(statusReplicas, object) }
    package func labelSelector(of object: Object) -> String? {
        guard let labelSelector, case .string(let text)? = object.value(at: labelSelector) else { return nil }
        return text
    }

    /// Sets the wanted replicas, with the objects on the way. False where the schema has no such field.
    package func setSpecReplicas(_ replicas: Int64, of object: inout Object) -> Bool {
        object.setValue(.int(replicas), at: specReplicas)
    }

    private func integer(_ path: String, _ object: Object) -> Int64? {
        guard case .int(let number)? = object.value(at: path) else { return nil }
        return number
    }

    var tableText: String { "\(specReplicas)\t\(statusReplicas)\t\(labelSelector ?? "")" }

    /// Nil for the empty text of a kind that states none.
    init?(tableText: String) {
        let parts = tableText.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return nil }
        self.init(specReplicas: parts[0], statusReplicas: parts[1], labelSelector: parts[2].isEmpty ? nil : parts[2])
    }
}

extension Object {
    /// The value at a path of names such as `.spec.replicas`; nil where something on the way is absent.
    package func value(at path: String) -> Value? {
        var value = Value.object(self)
        for name in path.split(separator: ".") {
            guard let next = value.member(String(name)) else { return nil }
            value = next
        }
        return value
    }

    /// Sets the value at a path, making the objects on the way. False where the types have no such field.
    package mutating func setValue(_ value: Value, at path: String) -> Bool {
        set(value, at: path.split(separator: ".").map(String.init)[...])
    }

    private mutating func set(_ value: Value, at path: ArraySlice<String>) -> Bool {
        guard let name = path.first else { return false }
        guard let field = type.field(named: name) else {
            guard path.count == 1, type.additional != nil || type.flags.contains(.preserveUnknown) else { return false }
            var map = extra
            map[name] = value
            extra = map
            return true
        }
        if path.count == 1 {
            self[field.slot] = value
            return true
        }
        guard let inner = field.type, field.container == .single else { return false }
        var nested = Object(type: inner)
        if case .object(let present)? = self[field.slot] { nested = present }
        guard nested.set(value, at: path.dropFirst()) else { return false }
        self[field.slot] = .object(nested)
        return true
    }
}

extension Value {
    /// The member of this name, of an object or a map.
    package func member(_ name: String) -> Value? {
        switch self {
        case .object(let object):
            if let field = object.type.field(named: name) { return object[field.slot] }
            return object.extra[name]
        case .map(let map): return map[name]
        default: return nil
        }
    }
}
