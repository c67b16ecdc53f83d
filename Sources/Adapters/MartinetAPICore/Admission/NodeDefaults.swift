import MartinetAPI
import MartinetClient
import MartinetSchema

/// Nothing is placed on a new node before it has said that it is ready.
struct TaintNodesByCondition: AdmissionPlugin {
    let name = "TaintNodesByCondition"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isCreation(of: "Node", group: "") else { return }
        var node = Node(object: attributes.object)
        let key = "node.kubernetes.io/not-ready"
        if !node.spec.taints.contains(where: { $0.key == key && $0.effect == "NoSchedule" }) {
            node.spec.taints.append(Taint { ($0.key, $0.effect) = (key, "NoSchedule") })
        }
        attributes.object = node.object
    }
}

/// Volumes, claims and classes of volumes stay while somebody uses them: a finalizer waits for that.
struct StorageObjectInUseProtection: AdmissionPlugin {
    let name = "StorageObjectInUseProtection"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.verb == .create, attributes.resource.subresource.isEmpty,
            let finalizer = finalizer(attributes.kind)
        else { return }
        var metadata = attributes.object.metadata
        if !metadata.finalizers.contains(finalizer) { metadata.finalizers.append(finalizer) }
        attributes.object.metadata = metadata
    }

    private func finalizer(_ kind: Kind) -> String? {
        switch (kind.group, kind.name) {
        case ("", "PersistentVolumeClaim"): "kubernetes.io/pvc-protection"
        case ("", "PersistentVolume"): "kubernetes.io/pv-protection"
        case ("storage.k8s.io", "VolumeAttributesClass"): "kubernetes.io/vac-protection"
        default: nil
        }
    }
}
