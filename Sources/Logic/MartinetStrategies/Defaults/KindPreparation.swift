import MartinetSchema

/// What the system does with objects of a kind on their way to the store, beyond keeping status and spec apart. Pure: what
/// takes the time or the caller is the API server's.
struct KindPreparation: Sendable {
    /// Whether generation counts; nil: where the kind has a spec and a status.
    var hasGeneration: Bool?
    var create: @Sendable (inout Object) -> Void = { _ in }
    var update: @Sendable (_ object: inout Object, _ old: Object) -> Void = { _, _ in }

    static func of(_ kind: Kind) -> KindPreparation { byKind["\(kind.apiVersion).\(kind.name)"] ?? KindPreparation() }

    private static let byKind: [String: KindPreparation] = {
        var all: [String: KindPreparation] = [:]
        for name in countless { all[name] = KindPreparation(hasGeneration: false) }
        for name in counted { all[name] = KindPreparation(hasGeneration: true) }
        all.merge(named) { $1 }
        return all
    }()

    /// Kinds with a spec and a status whose generation upstream leaves alone.
    private static let countless = [
        "v1.PersistentVolume", "v1.PersistentVolumeClaim", "v1.ResourceQuota", "v1.Service", "v1.Node", "v1.Namespace",
        "autoscaling/v1.HorizontalPodAutoscaler", "autoscaling/v2.HorizontalPodAutoscaler",
        "certificates.k8s.io/v1.CertificateSigningRequest",
        "apiregistration.k8s.io/v1.APIService", "resource.k8s.io/v1.ResourceClaim", "networking.k8s.io/v1.ServiceCIDR",
        "storage.k8s.io/v1.VolumeAttachment", "internal.apiserver.k8s.io/v1alpha1.StorageVersion",
    ]

    /// Kinds without a status whose generation counts all the same.
    private static let counted = [
        "v1.PodTemplate", "networking.k8s.io/v1.NetworkPolicy", "networking.k8s.io/v1.IngressClass",
        "discovery.k8s.io/v1.EndpointSlice", "scheduling.k8s.io/v1.PriorityClass", "resource.k8s.io/v1.DeviceClass",
        "resource.k8s.io/v1.ResourceSlice", "admissionregistration.k8s.io/v1.ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1.MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1.MutatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1.MutatingAdmissionPolicy",
    ]

    private static let named: [String: KindPreparation] = [
        "v1.Pod": KindPreparation(hasGeneration: true),
        "apps/v1.DaemonSet": KindPreparation(
            create: { TemplateGeneration.set(1, on: &$0) },
            update: { daemon, old in
                let before = TemplateGeneration.of(old)
                let isNew = daemon.part("spec")?.part("template") != old.part("spec")?.part("template")
                TemplateGeneration.set(isNew ? before + 1 : before, on: &daemon)
            }),
    ]
}

/// How often a DaemonSet's template has changed, in an annotation since the field was dropped.
enum TemplateGeneration {
    private static let key = "deprecated.daemonset.template.generation"

    static func of(_ daemon: Object) -> Int64 {
        guard case .string(let text)? = daemon.part("metadata")?.map("annotations")[key] else { return 0 }
        return Int64(text) ?? 0
    }

    static func set(_ generation: Int64, on daemon: inout Object) {
        guard generation > 0 else { return }
        daemon.change("metadata") { metadata in
            var annotations = metadata.map("annotations")
            annotations[key] = .string(String(generation))
            metadata[field: "annotations"] = .map(annotations)
        }
    }
}
