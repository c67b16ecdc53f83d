import MartinetAPI
import MartinetClient
import MartinetSchema

/// The agent of a node changes its own node and the pods on it, and nothing else.
///
/// Source: the NodeRestriction admission controller.
struct NodeRestriction: AdmissionPlugin {
    let name = "NodeRestriction"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.identity.groups.contains("system:nodes"),
            attributes.identity.user.hasPrefix("system:node:")
        else { return }
        let node = String(attributes.identity.user.dropFirst(12))
        guard !node.isEmpty else {
            throw attributes.forbidden(
                "could not determine node from user \(attributes.identity.user.debugDescription)")
        }
        switch (attributes.kind.group, attributes.kind.name) {
        case ("", "Pod"): try admitPod(attributes, node, registry)
        case ("", "Node"): try admitNode(attributes, node)
        case ("", "PersistentVolumeClaim"): try admitClaim(attributes, node)
        case ("coordination.k8s.io", "Lease"):
            guard attributes.resource.namespace == "kube-node-lease" else {
                throw attributes.forbidden(
                    "can only access leases in the \"kube-node-lease\" system namespace")
            }
            guard attributes.object.metadata.name == node else {
                throw attributes.forbidden("can only access node lease with the same name as the requesting node")
            }
        case ("storage.k8s.io", "CSINode"):
            guard attributes.object.metadata.name == node else {
                throw attributes.forbidden("can only access CSINode with the same name as the requesting node")
            }
        case ("resource.k8s.io", "ResourceSlice"):
            let slice = attributes.verb == .delete ? attributes.old ?? attributes.object : attributes.object
            guard slice.part("spec")?.text("nodeName") == node else {
                throw attributes.forbidden(
                    "can only access ResourceSlice with the same NodeName as the requesting node")
            }
        case ("certificates.k8s.io", "CertificateSigningRequest"): try admitSigningRequest(attributes, node)
        case ("", "ServiceAccount"):
            guard attributes.verb == .create, attributes.resource.subresource == "token" else { break }
            try admitToken(attributes, node, registry)
        default: break
        }
    }

    // MARK: - Pods

    private func admitPod(_ attributes: AdmissionAttributes, _ node: String, _ registry: Registry) throws(APIError) {
        func nodeName(_ object: Object?) -> String { object?.part("spec")?.text("nodeName") ?? "" }
        switch (attributes.verb, attributes.resource.subresource) {
        case (.create, ""): try admitMirror(attributes, node, registry)
        case (.delete, ""), (.delete, "eviction"):
            guard nodeName(attributes.old) == node else {
                throw attributes.forbidden("node \"\(node)\" can only delete pods with spec.nodeName set to itself")
            }
        case (.update, "status"):
            guard nodeName(attributes.old) == node else {
                throw attributes.forbidden(
                    "node \"\(node)\" can only update pod status for pods with spec.nodeName set to itself")
            }
            guard attributes.object.metadata.labels == attributes.old?.metadata.labels else {
                throw attributes.forbidden("node \"\(node)\" cannot update labels through pod status")
            }
            for field in ["resourceClaimStatuses", "extendedResourceClaimStatus"]
            where attributes.object.part("status")?[field: field] != attributes.old?.part("status")?[field: field] {
                throw attributes.forbidden("node \"\(node)\" cannot update status.\(field)")
            }
        case (_, ""):
            throw attributes.forbidden(
                "unexpected operation \"\(attributes.verb.rawValue.uppercased())\", node \"\(node)\" can only create and delete mirror pods"
            )
        default:
            throw attributes.forbidden(
                "unexpected pod subresource \"\(attributes.resource.subresource)\", only 'status' and 'eviction' are allowed"
            )
        }
    }

    /// A node makes only what shows its static pods, and those name nothing of the API.
    private func admitMirror(
        _ attributes: AdmissionAttributes, _ node: String, _ registry: Registry
    ) throws(APIError) {
        let pod = Pod(object: attributes.object)
        guard pod.metadata.annotations["kubernetes.io/config.mirror"] != nil else {
            throw attributes.forbidden(
                "pod does not have \"kubernetes.io/config.mirror\" annotation, node \"\(node)\" can only create mirror pods"
            )
        }
        guard pod.spec.nodeName == node else {
            throw attributes.forbidden("node \"\(node)\" can only create pods with spec.nodeName set to itself")
        }
        let owners = attributes.object.part("metadata")?.parts("ownerReferences") ?? []
        guard owners.count == 1, let owner = owners.first, owner.text("apiVersion") == "v1",
            owner.text("kind") == "Node", owner.text("name") == node, owner[field: "controller"] == .bool(true),
            owner[field: "blockOwnerDeletion"] != .bool(true)
        else {
            throw attributes.forbidden(
                "node \"\(node)\" can only create pods with a single controller owner reference set to itself")
        }
        let stored = registry.stored(ResourceName(version: "v1", plural: "nodes", name: node))
        guard stored?.object.metadata.uid == owner.text("uid") else {
            throw attributes.forbidden("the owner reference does not carry the uid of node \"\(node)\"")
        }
        if let what = NodeRestriction.reference(attributes.object) {
            throw attributes.forbidden("node \"\(node)\" can not create pods that reference \(what)")
        }
    }

    private static func reference(_ pod: Object) -> String? {
        guard let spec = pod.part("spec") else { return nil }
        if !spec.text("serviceAccountName").isEmpty { return "serviceaccounts" }
        if !spec.parts("resourceClaims").isEmpty { return "resourceclaims" }
        if !spec.parts("imagePullSecrets").isEmpty { return "secrets" }
        for volume in spec.parts("volumes") {
            if volume.part("secret") != nil { return "secrets" }
            if volume.part("configMap") != nil { return "configmaps" }
            if volume.part("persistentVolumeClaim") != nil || volume.part("ephemeral") != nil {
                return "persistentvolumeclaims"
            }
            for source in volume.part("projected")?.parts("sources") ?? [] {
                if source.part("secret") != nil { return "secrets" }
                if source.part("configMap") != nil { return "configmaps" }
                if source.part("serviceAccountToken") != nil { return "serviceaccounts" }
                if source.part("clusterTrustBundle") != nil { return "clustertrustbundles" }
            }
        }
        for container in spec.parts("containers") + spec.parts("initContainers") {
            for source in container.parts("envFrom") {
                if source.part("secretRef") != nil { return "secrets" }
                if source.part("configMapRef") != nil { return "configmaps" }
            }
            for variable in container.parts("env") {
                if variable.part("valueFrom")?.part("secretKeyRef") != nil { return "secrets" }
                if variable.part("valueFrom")?.part("configMapKeyRef") != nil { return "configmaps" }
            }
        }
        return nil
    }

    // MARK: - Nodes and claims

    private static let ownLabels: Set<String> = [
        "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.kubernetes.io/region", "failure-domain.kubernetes.io/zone", "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone", "node.kubernetes.io/windows-build",
    ]

    private static func isForbidden(_ label: String) -> Bool {
        guard let slash = label.firstIndex(of: "/") else { return false }
        let domain = label[..<slash]
        func isIn(_ parent: String) -> Bool { domain == parent || domain.hasSuffix("." + parent) }
        if isIn("node-restriction.kubernetes.io") { return true }
        guard isIn("kubernetes.io") || isIn("k8s.io") else { return false }
        return !ownLabels.contains(label) && !isIn("kubelet.kubernetes.io") && !isIn("node.kubernetes.io")
    }

    private func admitNode(_ attributes: AdmissionAttributes, _ node: String) throws(APIError) {
        let metadata = attributes.object.metadata
        guard metadata.name == node else {
            throw attributes.forbidden("node \"\(node)\" is not allowed to modify node \"\(metadata.name)\"")
        }
        guard attributes.verb == .create || attributes.verb == .update else { return }
        let source = attributes.object.part("spec")?[field: "configSource"]
        if source != nil, source != attributes.old?.part("spec")?[field: "configSource"] {
            throw attributes.forbidden("node \"\(node)\" is not allowed to set spec.configSource")
        }
        let before = attributes.old?.metadata
        let keys = Set(metadata.labels.keys).union(before.map { Array($0.labels.keys) } ?? [])
        let changed = keys.filter { metadata.labels[$0] != before?.labels[$0] && NodeRestriction.isForbidden($0) }
        guard changed.isEmpty else {
            let list = changed.sorted().joined(separator: ", ")
            throw attributes.forbidden(
                attributes.old == nil
                    ? "node \"\(node)\" is not allowed to set the following labels: \(list)"
                    : "is not allowed to modify labels: \(list)")
        }
        guard let old = attributes.old else { return }
        guard attributes.object.part("spec")?[field: "taints"] == old.part("spec")?[field: "taints"] else {
            throw attributes.forbidden("node \"\(node)\" is not allowed to modify taints")
        }
        let owners = attributes.object.part("metadata")?[field: "ownerReferences"]
        guard owners == old.part("metadata")?[field: "ownerReferences"] else {
            throw attributes.forbidden("node \"\(node)\" is not allowed to modify ownerReferences")
        }
    }

    private func admitClaim(_ attributes: AdmissionAttributes, _ node: String) throws(APIError) {
        guard attributes.resource.subresource == "status", let old = attributes.old else {
            throw attributes.forbidden("may only update PVC status")
        }
        func bare(_ claim: Object) -> Object {
            var claim = claim
            claim.change("metadata") { metadata in
                for field in ["resourceVersion", "managedFields"] { metadata[field: field] = nil }
            }
            claim.change("status") { status in
                for field in ["capacity", "conditions", "allocatedResources", "allocatedResourceStatuses"] {
                    status[field: field] = nil
                }
            }
            return claim
        }
        guard bare(attributes.object) == bare(old) else {
            throw attributes.forbidden(
                "node \"\(node)\" is not allowed to update fields other than status.capacity, status.conditions and status.allocatedResources"
            )
        }
    }
}
