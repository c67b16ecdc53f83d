package import MartinetSchema

/// A component's view of what it watches: read-only, and always in the order of namespace and name.
package struct ObjectCache {
    let stores: [ObjectIndex]
    private let byType: [ObjectType: ObjectIndex]

    /// - Parameter stores: of one type, the first answers typed questions.
    package init(stores: [ObjectIndex]) {
        self.stores = stores
        var byType: [ObjectType: ObjectIndex] = [:]
        for store in stores {
            if let type = store.watched.type, byType[type] == nil { byType[type] = store }
        }
        self.byType = byType
    }

    package func store(_ type: ObjectType) -> ObjectIndex? { byType[type] }
    package func store(_ resource: ResourceName) -> ObjectIndex? {
        stores.first { $0.watched.resource == resource }
    }
    package var isSynced: Bool { stores.allSatisfy(\.isSynced) }

    package func get<V: View>(_ view: V.Type, _ key: ObjectKey) -> V? { byType[V.type]?[key].map(V.init(object:)) }

    package func list<V: View>(_ view: V.Type, namespace: String? = nil) -> [V] {
        guard let store = byType[V.type] else { return [] }
        return (namespace.map(store.inNamespace) ?? store.all).map(V.init(object:))
    }

    package func list<V: View>(_ view: V.Type, ownedBy uid: String) -> [V] {
        byType[V.type]?.ownedBy(uid: uid).map(V.init(object:)) ?? []
    }

    /// What an owner may have: its own, and those of the namespace that no controller has.
    package func candidates<V: View>(_ view: V.Type, ownerUID: String, namespace: String) -> [V] {
        guard let store = byType[V.type] else { return [] }
        // One that names an owner which does not control it is among the free ones.
        let owned = store.ownedBy(uid: ownerUID).filter { $0.metadata.controllerReference != nil }
        return (owned + store.free(inNamespace: namespace)).map(V.init(object:))
    }

    /// The objects of every watched kind that name this owner.
    package func dependents(of uid: String) -> [Object] { stores.flatMap { $0.ownedBy(uid: uid) } }
}
