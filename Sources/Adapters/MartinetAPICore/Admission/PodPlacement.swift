import MartinetAPI
import MartinetClient
import MartinetSchema

/// Pods of a namespace run on the nodes that its annotation selects.
struct PodNodeSelector: AdmissionPlugin {
    let name = "PodNodeSelector"
    private static let annotation = "scheduler.alpha.kubernetes.io/node-selector"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isPodCreation, let wanted = try selector(attributes, registry) else { return }
        var pod = Pod(object: attributes.object)
        for (key, value) in wanted {
            if let own = pod.spec.nodeSelector[key], own != value {
                throw attributes.forbidden(
                    "pod node label selector conflicts with its namespace node label selector: spec.nodeSelector[\(key)] is \"\(own)\", the namespace wants \"\(value)\""
                )
            }
            pod.spec.nodeSelector[key] = value
        }
        attributes.object = pod.object
    }

    /// `a=b,c=d`.
    private func selector(
        _ attributes: AdmissionAttributes, _ registry: Registry
    ) throws(APIError) -> [(String, String)]? {
        let namespace = ResourceName(version: "v1", plural: "namespaces", name: attributes.resource.namespace ?? "")
        guard let text = registry.stored(namespace)?.object.metadata.annotations[PodNodeSelector.annotation] else {
            return nil
        }
        var pairs: [(String, String)] = []
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.filter { $0 != " " } }
            guard sides.count == 2, !sides[0].isEmpty else {
                throw attributes.forbidden(
                    "the annotation \(PodNodeSelector.annotation) of its namespace must be like a=b,c=d, found \(text.debugDescription)"
                )
            }
            pairs.append((String(sides[0]), String(sides[1])))
        }
        return pairs
    }
}

/// Images are pulled every time: nobody uses an image of somebody else's only because it is there.
struct AlwaysPullImages: AdmissionPlugin {
    let name = "AlwaysPullImages"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.concerns("Pod"), attributes.resource.subresource.isEmpty,
            attributes.verb == .create || attributes.verb == .update, hasNewImages(attributes)
        else { return }
        attributes.object.change("spec") { spec in
            for list in ["initContainers", "containers", "ephemeralContainers"] where !spec.parts(list).isEmpty {
                spec.changeEach(list) { $0[field: "imagePullPolicy"] = .string("Always") }
            }
            guard spec.parts("volumes").contains(where: { $0.part("image") != nil }) else { return }
            spec.changeEach("volumes") { volume in
                guard volume.part("image") != nil else { return }
                volume.change("image") { $0[field: "pullPolicy"] = .string("Always") }
            }
        }
    }

    private func hasNewImages(_ attributes: AdmissionAttributes) -> Bool {
        guard let old = attributes.old else { return true }
        func images(_ pod: Object) -> Set<String> {
            let spec = pod.part("spec")
            return Set(
                ["initContainers", "containers", "ephemeralContainers"].flatMap { spec?.parts($0) ?? [] }
                    .map { $0.text("image") })
        }
        return !images(attributes.object).isSubset(of: images(old))
    }
}

/// Pods say nothing about whom they run as: what a node does by default must do.
///
/// Source: the SecurityContextDeny admission controller, which upstream has dropped.
struct SecurityContextDeny: AdmissionPlugin {
    let name = "SecurityContextDeny"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.concerns("Pod"), attributes.resource.subresource.isEmpty,
            attributes.verb == .create || attributes.verb == .update, let spec = attributes.object.part("spec")
        else { return }
        for field in ["supplementalGroups", "seLinuxOptions", "runAsUser", "fsGroup"]
        where spec.part("securityContext")?[field: field] != nil {
            throw attributes.forbidden("spec.securityContext.\(field) is set and must not be")
        }
        for list in ["initContainers", "containers"] {
            for (index, container) in spec.parts(list).enumerated() {
                for field in ["seLinuxOptions", "runAsUser"]
                where container.part("securityContext")?[field: field] != nil {
                    throw attributes.forbidden("spec.\(list)[\(index)].securityContext.\(field) is set and must not be")
                }
            }
        }
    }
}

/// A claim grows only once it is bound, and only where its class lets it.
struct PersistentVolumeClaimResize: AdmissionPlugin {
    let name = "PersistentVolumeClaimResize"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.verb == .update, attributes.concerns("PersistentVolumeClaim"),
            attributes.resource.subresource.isEmpty, let old = attributes.old
        else { return }
        func size(_ claim: Object) -> Quantity {
            let amount = claim.part("spec")?.part("resources")?.map("requests")["storage"]
            return if case .string(let text)? = amount { Quantity(text) ?? Quantity(0) } else { Quantity(0) }
        }
        guard size(old) < size(attributes.object) else { return }
        guard old.part("status")?.text("phase") == "Bound" else {
            throw attributes.forbidden("Only bound persistent volume claims can be expanded")
        }
        let name = PersistentVolumeClaimResize.className(attributes.object)
        let classes = ResourceName(
            group: "storage.k8s.io", version: "v1", plural: "storageclasses", name: name)
        guard !name.isEmpty, name == PersistentVolumeClaimResize.className(old),
            registry.stored(classes)?.object[field: "allowVolumeExpansion"] == .bool(true)
        else {
            throw attributes.forbidden(
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize: StorageClass \"\(name)\" does not set allowVolumeExpansion: true"
            )
        }
    }

    private static func className(_ claim: Object) -> String {
        claim.metadata.annotations["volume.beta.kubernetes.io/storage-class"]
            ?? claim.part("spec")?.text("storageClassName") ?? ""
    }
}
