package import MartinetAPI
package import MartinetSchema

extension Object {
    /// The metadata of an object of any kind, custom ones too; empty where the type has none.
    package var metadata: ObjectMeta {
        get {
            guard let slot = metadataSlot, case .object(let inner)? = self[slot], inner.type.isLaidOutLikeObjectMeta
            else { return ObjectMeta() }
            return ObjectMeta(object: inner)
        }
        set {
            guard let slot = metadataSlot else { return }
            self[slot] = newValue.object.isEmpty ? nil : .object(newValue.object)
        }
    }

    package mutating func setResourceVersion(_ version: String) {
        var metadata = metadata
        metadata.resourceVersion = version
        self.metadata = metadata
    }

    package var key: ObjectKey {
        let metadata = metadata
        return ObjectKey(namespace: metadata.namespace, name: metadata.name)
    }

    private var metadataSlot: Int? {
        // Nearly every kind has its metadata first.
        if type.fieldCount > 0, type.field(0).name == "metadata" { return 0 }
        return type.field(named: "metadata")?.slot
    }

    /// The objects of a list object.
    package var items: [Object] {
        guard let slot = type.field(named: "items")?.slot, case .list(let values)? = self[slot] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    /// The metadata of a list object.
    package var listMetadata: ListMeta {
        guard let slot = metadataSlot, case .object(let inner)? = self[slot], inner.type == ListMeta.type else {
            return ListMeta()
        }
        return ListMeta(object: inner)
    }

    /// The object as this view, where it is of that type.
    package func view<V: View>(_ view: V.Type) -> V? { type == V.type ? V(object: self) : nil }
}

extension ObjectType {
    // A custom kind's table carries a copy of the type, with the same slots.
    var isLaidOutLikeObjectMeta: Bool {
        self == ObjectMeta.type || (name == ObjectMeta.type.name && fieldCount == ObjectMeta.type.fieldCount)
    }
}

extension View {
    /// The kind that this view is of. Asking it of a view of a mere part of an object is a programming error.
    package static var kind: Kind {
        guard let kind = type.kind else { preconditionFailure("\(type.name) is no kind") }
        return kind
    }
}

extension ObjectMeta {
    /// The owner that manages the object; an object has at most one.
    package var controllerReference: OwnerReference? { ownerReferences.first { $0.controller == true } }
    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
    /// resourceVersions of one resource compare as numbers; 0 for what is none.
    package var revision: UInt64 { UInt64(resourceVersion) ?? 0 }
}

extension OwnerReference {
    /// A reference to a managing owner of this kind, as controllers write it.
    package static func controller(_ owner: Object) -> OwnerReference {
        OwnerReference { reference in
            let metadata = owner.metadata
            reference.apiVersion = owner.type.kind?.apiVersion ?? ""
            reference.kind = owner.type.kind?.name ?? ""
            reference.name = metadata.name
            reference.uid = metadata.uid
            reference.controller = true
            reference.blockOwnerDeletion = true
        }
    }
}

extension ObjectReference {
    /// What events and endpoints say to point at an object.
    package init(to target: Object) {
        self.init { reference in
            let metadata = target.metadata
            reference.kind = target.type.kind?.name ?? ""
            reference.apiVersion = target.type.kind?.apiVersion ?? ""
            reference.namespace = metadata.namespace
            reference.name = metadata.name
            reference.uid = metadata.uid
            reference.resourceVersion = metadata.resourceVersion
        }
    }
}
