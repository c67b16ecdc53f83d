import MartinetAPI
package import MartinetSchema

/// The objects that one watch shows, as far as is known: the watch's events and the answers to one's own writes.
///
/// An answer is newer than the watch, so it is taken in at once; what the watch brings later and older is passed over.
/// Thus a component always reads its own writes, and never does a thing twice because its cache lags.
/// Belongs to one driver and is touched on its executor only.
package final class ObjectIndex {
    package let watched: WatchedResource
    package private(set) var isSynced = false
    private var objects: [ObjectKey: Object] = [:]
    private var byOwner: [String: Set<ObjectKey>] = [:]
    /// By namespace: those that no controller has.
    private var free: [String: Set<ObjectKey>] = [:]
    private var byNamespace: [String: Set<ObjectKey>] = [:]
    /// Up to which revision the watch has told everything.
    private(set) var revision: UInt64 = 0
    private(set) var resourceVersion = ""
    private var seenInList: Set<ObjectKey>?
    /// Known by an answer to be gone, while the watch may still tell older things of them.
    private var goneUIDs: Set<String> = []

    init(_ watched: WatchedResource) { self.watched = watched }

    package var count: Int { objects.count }
    package subscript(key: ObjectKey) -> Object? { objects[key] }
    package var all: [Object] { sorted(objects.keys) }
    package func inNamespace(_ namespace: String) -> [Object] { sorted(byNamespace[namespace] ?? []) }
    package func ownedBy(uid: String) -> [Object] { sorted(byOwner[uid] ?? []) }

    /// Those of a namespace that no controller has, which one may adopt.
    package func free(inNamespace namespace: String) -> [Object] { sorted(free[namespace] ?? []) }

    // By key, because the order of a dictionary is another in every process.
    private func sorted(_ keys: some Sequence<ObjectKey>) -> [Object] { keys.sorted().compactMap { objects[$0] } }

    // MARK: - What the watch says

    /// A new initial list begins: what it does not name is gone.
    func beginList() { seenInList = [] }

    /// The initial list is complete. Returns what it did not name.
    func endList(resourceVersion: String) -> [ObjectChange] {
        let missing = objects.keys.filter { !(seenInList?.contains($0) ?? true) }.sorted()
        seenInList = nil
        goneUIDs = []
        isSynced = true
        advance(to: resourceVersion)
        return missing.compactMap { key in
            guard let old = objects[key], revision == 0 || old.metadata.revision <= revision else { return nil }
            remove(key)
            return ObjectChange(watched: watched, old: old, new: nil)
        }
    }

    func observed(_ object: Object) -> ObjectChange? {
        let key = object.key
        seenInList?.insert(key)
        if seenInList == nil { advance(to: object.metadata.resourceVersion) }
        if let old = objects[key], old.metadata.revision > object.metadata.revision { return nil }
        if goneUIDs.contains(object.metadata.uid) { return nil }
        return upsert(object, key)
    }

    func observedDeletion(_ object: Object) -> ObjectChange? {
        let key = object.key
        advance(to: object.metadata.resourceVersion)
        goneUIDs.remove(object.metadata.uid)
        guard let old = objects[key] else { return nil }
        // A later object of the same name is already known by the answer to its creation.
        guard old.metadata.uid == object.metadata.uid || old.metadata.revision <= object.metadata.revision else {
            return nil
        }
        remove(key)
        return ObjectChange(watched: watched, old: old, new: nil)
    }

    func advance(to version: String) {
        guard !version.isEmpty else { return }
        resourceVersion = version
        revision = max(revision, UInt64(version) ?? 0)
    }

    // MARK: - What answers say

    /// An answer that shows the object as it is stored.
    func learned(_ object: Object) -> ObjectChange? {
        let metadata = object.metadata
        // What is not newer than the watch, the watch has told already, and perhaps its deletion too.
        guard metadata.revision > revision, watched.isUnselected else { return nil }
        let key = metadata.key
        if let old = objects[key], old.metadata.revision >= metadata.revision { return nil }
        return upsert(object, key)
    }

    /// An answer that says that the object is no more.
    func learnedDeletion(_ key: ObjectKey, uid: String?) -> ObjectChange? {
        guard let old = objects[key], uid == nil || old.metadata.uid == uid else { return nil }
        goneUIDs.insert(old.metadata.uid)
        remove(key)
        return ObjectChange(watched: watched, old: old, new: nil)
    }

    // MARK: - Keeping the indexes

    private func upsert(_ object: Object, _ key: ObjectKey) -> ObjectChange? {
        let old = objects[key]
        if let old {
            if old.metadata.resourceVersion == object.metadata.resourceVersion { return nil }
            unindex(old, key)
        }
        objects[key] = object
        byNamespace[key.namespace, default: []].insert(key)
        let metadata = object.metadata
        for owner in metadata.ownerReferences { byOwner[owner.uid, default: []].insert(key) }
        if metadata.controllerReference == nil { free[key.namespace, default: []].insert(key) }
        return ObjectChange(watched: watched, old: old, new: object)
    }

    private func remove(_ key: ObjectKey) {
        guard let old = objects.removeValue(forKey: key) else { return }
        unindex(old, key)
        byNamespace[key.namespace]?.remove(key)
        if byNamespace[key.namespace]?.isEmpty == true { byNamespace[key.namespace] = nil }
    }

    private func unindex(_ object: Object, _ key: ObjectKey) {
        free[key.namespace]?.remove(key)
        if free[key.namespace]?.isEmpty == true { free[key.namespace] = nil }
        for owner in object.metadata.ownerReferences {
            byOwner[owner.uid]?.remove(key)
            if byOwner[owner.uid]?.isEmpty == true { byOwner[owner.uid] = nil }
        }
    }
}
