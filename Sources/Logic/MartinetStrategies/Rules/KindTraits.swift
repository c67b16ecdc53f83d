/// How kinds differ in what an update is, by group and name.
enum KindTraits {
    /// An update of what does not exist makes it.
    static let madeByUpdate: Set<String> = [
        "/Endpoints", "/Event", "/LimitRange", "/Service", "coordination.k8s.io/Lease",
        "coordination.k8s.io/LeaseCandidate", "events.k8s.io/Event", "node.k8s.io/RuntimeClass",
        "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding",
        "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding",
    ]

    /// An update must say which version it changes.
    static let versioned: Set<String> = [
        "admissionregistration.k8s.io/MutatingAdmissionPolicy",
        "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
        "apiextensions.k8s.io/CustomResourceDefinition", "apiregistration.k8s.io/APIService",
        "certificates.k8s.io/ClusterTrustBundle", "certificates.k8s.io/PodCertificateRequest",
        "coordination.k8s.io/Lease", "coordination.k8s.io/LeaseCandidate", "internal.apiserver.k8s.io/StorageVersion",
        "node.k8s.io/RuntimeClass", "policy/PodDisruptionBudget", "resource.k8s.io/ResourcePoolStatusRequest",
        "storage.k8s.io/CSIDriver", "storage.k8s.io/CSINode", "storage.k8s.io/CSIStorageCapacity",
        "storage.k8s.io/VolumeAttachment", "storagemigration.k8s.io/StorageVersionMigration",
    ]
}
