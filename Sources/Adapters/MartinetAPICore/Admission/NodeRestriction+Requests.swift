import MartinetAPI
import MartinetAuthorization
import MartinetClient
import MartinetSchema

// What a node asks the server to make for it: tokens of its pods' accounts, and its own certificates.
extension NodeRestriction {
    /// A node has tokens of the accounts of its own pods, for the audiences that those pods name.
    func admitToken(_ attributes: AdmissionAttributes, _ node: String, _ registry: Registry) throws(APIError) {
        let spec = attributes.object.part("spec")
        guard let reference = spec?.part("boundObjectRef"), reference.text("apiVersion") == "v1",
            reference.text("kind") == "Pod", !reference.text("name").isEmpty
        else { throw attributes.forbidden("node requested token not bound to a pod") }
        let uid = reference.text("uid")
        guard !uid.isEmpty else {
            throw attributes.forbidden("node requested token with a pod binding without a uid")
        }
        let name = ResourceName(
            version: "v1", plural: "pods", namespace: attributes.resource.namespace, name: reference.text("name"))
        guard let pod = registry.stored(name)?.object else { throw APIError.notFound(name) }
        guard pod.metadata.uid == uid else {
            throw attributes.forbidden(
                "the UID in the bound object reference (\(uid)) does not match the UID in record. The object might have been deleted and then recreated"
            )
        }
        guard pod.part("spec")?.text("nodeName") == node else {
            throw attributes.forbidden("node requested token bound to a pod scheduled on a different node")
        }
        var audiences: [String] = []
        if case .list(let values)? = spec?[field: "audiences"] {
            audiences = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        guard audiences.count <= 1 else { throw attributes.forbidden("node may only request 0 or 1 audiences") }
        let audience = audiences.first ?? ""
        guard NodeRestriction.names(audience, pod, registry) || permits(audience, attributes, registry) else {
            throw attributes.forbidden(
                "audience \(audience.debugDescription) not found in pod spec volume, \(attributes.identity.user) is not authorized to request tokens for this audience"
            )
        }
    }

    private func permits(_ audience: String, _ attributes: AdmissionAttributes, _ registry: Registry) -> Bool {
        var asked = AccessRequest(attributes.identity, verb: "request-serviceaccounts-token-audience")
        asked.resource = audience
        asked.namespace = attributes.resource.namespace ?? ""
        asked.name = attributes.resource.name ?? ""
        return registry.authorizer.decide(asked).isAllowed
    }

    /// Whether a volume of the pod, or the driver of one, asks for tokens of this audience.
    private static func names(_ audience: String, _ pod: Object, _ registry: Registry) -> Bool {
        let namespace = pod.metadata.namespace
        for volume in pod.part("spec")?.parts("volumes") ?? [] {
            let sources = volume.part("projected")?.parts("sources") ?? []
            if sources.contains(where: { $0.part("serviceAccountToken")?.text("audience") == audience }) { return true }
            var driver = volume.part("csi")?.text("driver") ?? ""
            var claim = volume.part("persistentVolumeClaim")?.text("claimName") ?? ""
            if volume.part("ephemeral") != nil { claim = "\(pod.metadata.name)-\(volume.text("name"))" }
            if !claim.isEmpty { driver = Self.driver(ofClaim: claim, namespace, registry) }
            guard !driver.isEmpty else { continue }
            let found = registry.stored(
                ResourceName(group: "storage.k8s.io", version: "v1", plural: "csidrivers", name: driver))
            let requests = found?.object.part("spec")?.parts("tokenRequests") ?? []
            if requests.contains(where: { $0.text("audience") == audience }) { return true }
        }
        return false
    }

    private static func driver(ofClaim name: String, _ namespace: String, _ registry: Registry) -> String {
        let claim = registry.stored(
            ResourceName(version: "v1", plural: "persistentvolumeclaims", namespace: namespace, name: name))
        let volume = claim?.object.part("spec")?.text("volumeName") ?? ""
        guard !volume.isEmpty else { return "" }
        let stored = registry.stored(ResourceName(version: "v1", plural: "persistentvolumes", name: volume))
        return stored?.object.part("spec")?.part("csi")?.text("driver") ?? ""
    }

    /// A node asks for certificates of its own name.
    func admitSigningRequest(_ attributes: AdmissionAttributes, _ node: String) throws(APIError) {
        guard attributes.verb == .create, attributes.resource.subresource.isEmpty,
            let spec = attributes.object.part("spec"),
            ["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"].contains(
                spec.text("signerName"))
        else { return }
        guard case .bytes(let pem)? = spec[field: "request"],
            let names = RequestSubject.values(of: [0x55, 0x04, 0x03], pem: pem)
        else { throw attributes.forbidden("unable to parse csr: spec.request must be a PEM CERTIFICATE REQUEST") }
        guard names == ["system:node:\(node)"] else {
            throw attributes.forbidden("can only create a node CSR with CN=system:node:\(node)")
        }
    }
}
