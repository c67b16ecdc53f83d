import MartinetAPI
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Lets a claim that is to be deleted go when no pod mounts it any more.
package struct ClaimProtectionController: Reconciler {
    package init() {}

    package var name: String { "persistentvolumeclaim-protection-controller" }
    package var watches: [WatchedResource] { [WatchedResource(PersistentVolumeClaim.self), WatchedResource(Pod.self)] }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        cache.list(PersistentVolumeClaim.self).map(\.metadata.key)
    }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        guard let pod = change.latest(Pod.self) else { return [change.key] }
        return StorageProtectionPlanner.claims(of: pod).map {
            ObjectKey(namespace: pod.metadata.namespace, name: $0)
        }
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let claim = context.cache.get(PersistentVolumeClaim.self, key),
            claim.metadata.deletionTimestamp != nil
        else { return Plan() }
        return StorageProtectionPlanner.plan(claim, pods: context.cache.list(Pod.self, namespace: key.namespace))
    }
}

/// Lets a volume that is to be deleted go when no claim is bound to it.
package struct VolumeProtectionController: Reconciler {
    package init() {}

    package var name: String { "persistentvolume-protection-controller" }
    package var watches: [WatchedResource] { [WatchedResource(PersistentVolume.self)] }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { cache.list(PersistentVolume.self).map(\.metadata.key) }
    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] { [change.key] }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        context.cache.get(PersistentVolume.self, key).map(StorageProtectionPlanner.plan) ?? Plan()
    }
}

/// Lets a class of volume attributes that is to be deleted go when nothing has it any more.
package struct AttributesClassProtectionController: Reconciler {
    package init() {}

    package var name: String { "volumeattributesclass-protection-controller" }
    package var watches: [WatchedResource] {
        [
            WatchedResource(VolumeAttributesClass.self), WatchedResource(PersistentVolumeClaim.self),
            WatchedResource(PersistentVolume.self),
        ]
    }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        cache.list(VolumeAttributesClass.self).map(\.metadata.key)
    }

    // There are few classes, and seldom is one deleted: whatever changes, those that wait are looked at.
    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        cache.list(VolumeAttributesClass.self).filter { $0.metadata.deletionTimestamp != nil }.map(\.metadata.key)
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let one = context.cache.get(VolumeAttributesClass.self, key) else { return Plan() }
        return StorageProtectionPlanner.plan(
            one, claims: context.cache.list(PersistentVolumeClaim.self),
            volumes: context.cache.list(PersistentVolume.self))
    }
}
