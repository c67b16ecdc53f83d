import MartinetAPI
package import MartinetClient
import MartinetReconcile
package import MartinetSchema

/// Feeds the garbage planner with every kind that may own or be owned.
package struct GarbageCollector: Reconciler {
    private let kinds: [Kind]
    private let kindOf: [String: Kind]

    /// - Parameter kinds: what the API server serves and lets list, watch and delete; one version of each resource.
    package init(kinds: [Kind]) {
        self.kinds = kinds.filter { !($0.name == "Event") }
        var byName: [String: Kind] = [:]
        for kind in self.kinds { byName["\(kind.group)/\(kind.name)"] = kind }
        kindOf = byName
    }

    package var name: String { "generic-garbage-collector" }
    package var watches: [WatchedResource] { kinds.map { WatchedResource($0) } }

    package func furtherWatches(_ cache: ObjectCache) -> [WatchedResource] {
        cache.list(CustomResourceDefinition.self).compactMap { CustomResources.resource($0)?.resource }
            .map { WatchedResource(custom: $0) }
    }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        (watches + furtherWatches(cache)).flatMap { cache.store($0.resource)?.all ?? [] }
            .filter { !$0.metadata.ownerReferences.isEmpty || $0.metadata.deletionTimestamp != nil }
            .compactMap(GarbageCollector.key)
    }

    /// `group/Kind/name`: the kind is part of the key.
    private static func key(_ object: Object) -> ObjectKey? {
        guard let kind = object.type.kind else { return nil }
        let metadata = object.metadata
        return ObjectKey(namespace: metadata.namespace, name: "\(kind.group)/\(kind.name)/\(metadata.name)")
    }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        let (old, new) = (change.old?.metadata, change.new?.metadata)
        if let old, let new, old.ownerReferences == new.ownerReferences, old.finalizers == new.finalizers,
            old.deletionTimestamp == new.deletionTimestamp
        {
            return []
        }
        let latest = change.latest
        var objects: [Object] = []
        if let new, !new.ownerReferences.isEmpty || new.deletionTimestamp != nil { objects.append(latest) }
        if new == nil || new?.deletionTimestamp != nil { objects += cache.dependents(of: latest.metadata.uid) }
        // An owner may be waiting for it.
        let references = (old.map { Array($0.ownerReferences) } ?? []) + (new.map { Array($0.ownerReferences) } ?? [])
        for reference in references {
            if case .present(let owner) = find(reference, latest.metadata.namespace, cache),
                owner.metadata.deletionTimestamp != nil
            {
                objects.append(owner)
            }
        }
        return Set(objects.compactMap(GarbageCollector.key)).sorted()
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        let cache = context.cache
        let parts = key.name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let found = resource(group: parts[0], kind: parts[1], cache),
            let object = cache.store(found.resource)?[ObjectKey(namespace: key.namespace, name: parts[2])]
        else { return Plan() }
        return GarbagePlanner(object: object, dependents: cache.dependents(of: object.metadata.uid)) { reference in
            find(reference, key.namespace, cache)
        }.plan()
    }

    private func resource(group: String, kind: String, _ cache: ObjectCache) -> CustomResources.Found? {
        if let known = kindOf["\(group)/\(kind)"] { return (ResourceName(known), known.isNamespaced) }
        return cache.list(CustomResourceDefinition.self).lazy
            .filter { $0.spec.group == group && $0.spec.names.kind == kind }
            .compactMap(CustomResources.resource).first
    }

    private func find(_ reference: OwnerReference, _ namespace: String, _ cache: ObjectCache) -> GarbagePlanner.Owner {
        let group = reference.apiVersion.contains("/") ? String(reference.apiVersion.prefix { $0 != "/" }) : ""
        guard let found = resource(group: group, kind: reference.kind, cache), let store = cache.store(found.resource),
            store.isSynced, !(found.isNamespaced && namespace.isEmpty)
        else { return .unknown }
        let space = found.isNamespaced ? namespace : ""
        if let owner = store[ObjectKey(namespace: space, name: reference.name)], owner.metadata.uid == reference.uid {
            return .present(owner)
        }
        var resource = found.resource
        resource.namespace = found.isNamespaced ? space : nil
        resource.name = reference.name
        return .absent(resource)
    }
}
