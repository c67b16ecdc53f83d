package import MartinetSchema

/// Objects with nothing but their metadata (`as=PartialObjectMetadata`), for clients that watch many kinds.
package enum PartialMetadata {
    /// The PartialObjectMetadata of an object; nil where the object has no metadata at all.
    package static func object(_ object: Object) -> Object? {
        guard let type = Schema.builtin.type(named: "meta/v1.PartialObjectMetadata"),
            let metadata = object.type.field(named: "metadata")
        else { return nil }
        var partial = Object(type: type)
        partial.set("metadata", object[metadata.slot])
        return partial
    }

    /// The PartialObjectMetadataList as an object, for encodings in which items do not say what they are.
    package static func tree(_ objects: some Sequence<Object>, head: TableConverter.ListHead) -> Object? {
        guard let type = Schema.builtin.type(named: "meta/v1.PartialObjectMetadataList") else { return nil }
        var list = Object(type: type)
        list.change("metadata") { metadata in
            metadata[field: "resourceVersion"] = head.resourceVersion.isEmpty ? nil : .string(head.resourceVersion)
            metadata[field: "continue"] = head.continue.isEmpty ? nil : .string(head.continue)
            metadata[field: "remainingItemCount"] = head.remainingItemCount.map(Value.int)
        }
        list[field: "items"] = .list(objects.compactMap { object($0).map(Value.object) })
        return list
    }

    /// The PartialObjectMetadataList as JSON, with the list's own metadata.
    package static func list(_ objects: some Sequence<Object>, head: TableConverter.ListHead) -> [UInt8] {
        let meta = JSONTree.object([
            "resourceVersion": .string(head.resourceVersion),
            "continue": head.continue.isEmpty ? nil : .string(head.continue),
            "remainingItemCount": head.remainingItemCount.map { .int(Int($0)) },
        ])
        let items = objects.compactMap(object).map { item in
            JSONTree.raw(String(decoding: JSONEncoder.encode(item), as: UTF8.self))
        }
        return JSONTree.object([
            "kind": .string("PartialObjectMetadataList"), "apiVersion": .string("meta.k8s.io/v1"), "metadata": meta,
            "items": .list(items),
        ]).bytes
    }
}
