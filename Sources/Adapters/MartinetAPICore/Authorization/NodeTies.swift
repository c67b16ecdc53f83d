import MartinetClient
import MartinetAPI
import MartinetAuthorization
import MartinetSchema

/// What the pods of a node use, as the pods are now.
struct NodeTies: NodeAccess.Ties {
    /// The registry owns the authorizer that asks here.
    private let registry: @Sendable () -> Registry?

    init(_ registry: Registry) { self.registry = { [weak registry] in registry } }

    func isUsed(_ resource: String, namespace: String, name: String, by node: String) -> Bool {
        guard let registry = registry() else { return false }
        switch resource {
        case "persistentvolumes":
            // The volume is the node's as long as the claim that holds it is.
            guard let volume = registry.stored(.init(version: "v1", plural: resource, name: name)),
                let claim = volume.object.part("spec")?.part("claimRef")
            else { return false }
            return isUsed(
                "persistentvolumeclaims", namespace: claim.text("namespace"), name: claim.text("name"), by: node)
        case "volumeattachments":
            let found = registry.stored(.init(group: "storage.k8s.io", version: "v1", plural: resource, name: name))
            return found?.object.part("spec")?.text("nodeName") == node
        case "pods":
            let pod = registry.stored(.init(version: "v1", plural: resource, namespace: namespace, name: name))
            return pod?.object.part("spec")?.text("nodeName") == node
        default:
            return registry.pods(on: node, in: namespace).contains {
                NodeTies.names(resource, in: $0) == name || NodeTies.uses(resource, name, $0)
            }
        }
    }

    /// The one object of a resource that a pod names by itself.
    private static func names(_ resource: String, in pod: Object) -> String? {
        resource == "serviceaccounts" ? pod.part("spec")?.text("serviceAccountName") : nil
    }

    private static func uses(_ resource: String, _ name: String, _ pod: Object) -> Bool {
        guard let spec = pod.part("spec") else { return false }
        switch resource {
        case "secrets":
            return spec.parts("imagePullSecrets").contains { $0.text("name") == name }
                || volumes(spec).contains { volume in
                    volume.part("secret").map { $0.text("secretName") == name || $0.text("name") == name } ?? false
                        || otherSecrets(volume).contains(name)
                } || environment(spec, "secretKeyRef", "secretRef", name)
        case "configmaps":
            return volumes(spec).contains { $0.part("configMap")?.text("name") == name }
                || environment(spec, "configMapKeyRef", "configMapRef", name)
        case "persistentvolumeclaims":
            let own = pod.metadata.name
            return spec.parts("volumes").contains { volume in
                volume.part("persistentVolumeClaim")?.text("claimName") == name
                    || (volume.part("ephemeral") != nil && "\(own)-\(volume.text("name"))" == name)
            }
        case "resourceclaims":
            return spec.parts("resourceClaims").contains { $0.text("resourceClaimName") == name }
                || pod.part("status")?.parts("resourceClaimStatuses").contains {
                    $0.text("resourceClaimName") == name
                } ?? false
        default: return false
        }
    }

    /// The volumes of a pod, and the sources of its projected ones, which have the same fields.
    private static func volumes(_ spec: Object) -> [Object] {
        let volumes = spec.parts("volumes")
        return volumes + volumes.flatMap { $0.part("projected")?.parts("sources") ?? [] }
    }

    /// The secrets that drivers of a volume need.
    private static func otherSecrets(_ volume: Object) -> [String] {
        ["cephfs", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos", "csi"].compactMap { kind in
            let source = volume.part(kind)
            return (source?.part("secretRef") ?? source?.part("nodePublishSecretRef"))?.text("name")
        } + [volume.part("azureFile")?.text("secretName")].compactMap { $0 }
    }

    private static func environment(_ spec: Object, _ key: String, _ whole: String, _ name: String) -> Bool {
        ["initContainers", "containers", "ephemeralContainers"].flatMap { spec.parts($0) }.contains { container in
            container.parts("env").contains { $0.part("valueFrom")?.part(key)?.text("name") == name }
                || container.parts("envFrom").contains { $0.part(whole)?.text("name") == name }
        }
    }
}

extension Registry {
    /// The pods of a namespace that a node runs.
    fileprivate func pods(on node: String, in namespace: String) -> [Object] {
        guard let pods = served[.init(version: "v1", plural: "pods")] else { return [] }
        let page = pods.cache.page(Selection(namespace: namespace), from: nil, limit: 0, at: nil)
        return (page?.objects ?? []).filter { $0.field("spec.nodeName") == node }.map(\.object)
    }
}
