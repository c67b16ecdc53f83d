package import MartinetAPI
package import MartinetClient
import MartinetSchema

/// Lets claims and volumes that are to be deleted go once nobody uses them (KEP-498, storage object in use protection).
package enum StorageProtectionPlanner {
    package static let claimFinalizer = "kubernetes.io/pvc-protection"
    package static let volumeFinalizer = "kubernetes.io/pv-protection"

    package static let classFinalizer = "kubernetes.io/vac-protection"

    /// - Parameter pods: those of the claim's namespace.
    package static func plan(_ claim: PersistentVolumeClaim, pods: [Pod]) -> Plan {
        let isUsed = pods.contains { uses($0, claim) }
        return isUsed ? Plan() : release(claim, claimFinalizer)
    }

    /// A volume is used as long as it is bound, whatever became of the claim.
    package static func plan(_ volume: PersistentVolume) -> Plan {
        volume.status.phase == "Bound" ? Plan() : release(volume, volumeFinalizer)
    }

    /// A class is used while a claim asks for it or has it, or a volume has it (KEP-3751).
    package static func plan(
        _ one: VolumeAttributesClass, claims: [PersistentVolumeClaim], volumes: [PersistentVolume]
    ) -> Plan {
        let name = one.metadata.name
        let isUsed =
            claims.contains {
                $0.spec.volumeAttributesClassName == name || $0.status.currentVolumeAttributesClassName == name
                    || $0.status.modifyVolumeStatus?.targetVolumeAttributesClassName == name
            } || volumes.contains { $0.spec.volumeAttributesClassName == name }
        return isUsed ? Plan() : release(one, classFinalizer)
    }

    /// The names of the claims that a pod mounts: those it names, and those made for its ephemeral volumes.
    package static func claims(of pod: Pod) -> [String] {
        pod.spec.volumes.compactMap { volume in
            if let claim = volume.persistentVolumeClaim { return claim.claimName }
            return volume.ephemeral == nil ? nil : "\(pod.metadata.name)-\(volume.name)"
        }
    }

    // A pod without a node that is to go has nothing mounted and never will.
    private static func uses(_ pod: Pod, _ claim: PersistentVolumeClaim) -> Bool {
        !pod.isTerminal && !(pod.spec.nodeName.isEmpty && pod.isTerminating)
            && claims(of: pod).contains(claim.metadata.name)
    }

    private static func release<V: View>(_ view: V, _ finalizer: String) -> Plan {
        let metadata = view.object.metadata
        guard metadata.deletionTimestamp != nil, metadata.finalizers.contains(finalizer) else { return Plan() }
        var object = view.object
        var changed = metadata
        changed.finalizers.removeAll { $0 == finalizer }
        object.metadata = changed
        var plan = Plan()
        plan.steps.append([Write(.update(V(object: object)), tolerates: [.notFound])])
        return plan
    }
}
