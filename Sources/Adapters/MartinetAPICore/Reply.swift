package import MartinetSchema
package import MartinetStore

/// What the registry answers to a request that it grants.
package enum Reply: Sendable {
    case stored(CachedObject, isNew: Bool)
    /// An object that is not stored as such: a Status, a Scale, a Binding.
    case object(Object, code: Int)
    case list(List)

    package struct List: Sendable {
        package let kind: Kind
        package let objects: [CachedObject]
        package let revision: Revision
        package let `continue`: String
        package let remaining: Int64?
    }
}

extension Reply {
    /// The reply as one tree, for callers in the process.
    package var tree: Object {
        switch self {
        case .stored(let cached, _): return cached.object
        case .object(let object, _): return object
        case .list(let list):
            guard let type = list.kind.listType else { return Object(type: list.kind.type) }
            var object = Object(type: type)
            var metadata = Object(type: type.field(0).type ?? type)
            if let field = metadata.type.field(named: "resourceVersion") {
                metadata[string: field.slot] = String(list.revision.value)
            }
            if let field = metadata.type.field(named: "continue") { metadata[string: field.slot] = list.continue }
            if let remaining = list.remaining, let field = metadata.type.field(named: "remainingItemCount") {
                metadata[optionalInt: field.slot] = remaining
            }
            object[0] = .object(metadata)
            object[1] = .list(list.objects.map { .object($0.object) })
            return object
        }
    }
}
