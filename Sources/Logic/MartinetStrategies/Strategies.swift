package import MartinetSchema

/// The strategy of each kind.
package enum Strategies {
    /// - Parameter compiler: what judges expressions (CEL); without one they are only checked for being there.
    package static func strategy(for kind: Kind, compiler: (any ExpressionCompiler)? = nil) -> any Strategy {
        GenericStrategy(kind: kind, rules: rules(for: "\(kind.apiVersion).\(kind.name)", compiler) ?? NoRules())
    }

    private static func rules(for kind: String, _ compiler: (any ExpressionCompiler)?) -> (any KindRules)? {
        switch kind {
        case "admissionregistration.k8s.io/v1.MutatingAdmissionPolicy": MutatingPolicyRules(compiler: compiler)
        case "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicy": ValidatingPolicyRules(compiler: compiler)
        case "admissionregistration.k8s.io/v1.MutatingWebhookConfiguration":
            WebhookRules(isMutating: true, compiler: compiler)
        case "admissionregistration.k8s.io/v1.ValidatingWebhookConfiguration":
            WebhookRules(isMutating: false, compiler: compiler)
        case "resource.k8s.io/v1.DeviceClass": DeviceClassRules(compiler: compiler)
        case "resource.k8s.io/v1.ResourceClaim": ResourceClaimRules(compiler: compiler)
        case "resource.k8s.io/v1.ResourceClaimTemplate": ResourceClaimTemplateRules(compiler: compiler)
        default: rules[kind]
        }
    }

    private static let rules: [String: any KindRules] = core.merging(groups) { own, _ in own }

    private static let core: [String: any KindRules] = [
        "v1.Binding": BindingRules(), "v1.ConfigMap": ConfigMapRules(), "v1.Endpoints": EndpointsRules(),
        "v1.Event": EventRules(isNew: false), "v1.LimitRange": LimitRangeRules(), "v1.Namespace": NamespaceRules(),
        "v1.Node": NodeRules(), "v1.PersistentVolume": PersistentVolumeRules(),
        "v1.PersistentVolumeClaim": PersistentVolumeClaimRules(), "v1.Pod": PodRules(),
        "v1.PodTemplate": PodTemplateRules(), "v1.ReplicationController": ReplicationControllerRules(),
        "v1.ResourceQuota": ResourceQuotaRules(), "v1.Secret": SecretRules(), "v1.Service": ServiceRules(),
        "v1.ServiceAccount": ServiceAccountRules(),
    ]

    private static let groups: [String: any KindRules] = [
        "admissionregistration.k8s.io/v1.MutatingAdmissionPolicyBinding": PolicyBindingRules(isMutating: true),
        "admissionregistration.k8s.io/v1.ValidatingAdmissionPolicyBinding": PolicyBindingRules(isMutating: false),
        "apiregistration.k8s.io/v1.APIService": APIServiceRules(),
        "authentication.k8s.io/v1.TokenRequest": TokenRequestRules(),
        "authorization.k8s.io/v1.LocalSubjectAccessReview": AccessReviewRules(asks: .anyoneInNamespace),
        "authorization.k8s.io/v1.SelfSubjectAccessReview": AccessReviewRules(asks: .own),
        "authorization.k8s.io/v1.SubjectAccessReview": AccessReviewRules(asks: .anyone),
        "autoscaling/v1.Scale": ScaleRules(), "policy/v1.Eviction": EvictionRules(),
        "policy/v1beta1.Eviction": EvictionRules(), "apps/v1.ControllerRevision": ControllerRevisionRules(),
        "apps/v1.DaemonSet": DaemonSetRules(),
        "apps/v1.Deployment": DeploymentRules(), "apps/v1.ReplicaSet": ReplicaSetRules(),
        "apps/v1.StatefulSet": StatefulSetRules(),
        "autoscaling/v1.HorizontalPodAutoscaler": AutoscalerRules(isElder: true),
        "autoscaling/v2.HorizontalPodAutoscaler": AutoscalerRules(isElder: false), "batch/v1.CronJob": CronJobRules(),
        "batch/v1.Job": JobRules(),
        "certificates.k8s.io/v1.CertificateSigningRequest": CertificateSigningRequestRules(),
        "coordination.k8s.io/v1.Lease": LeaseRules(), "discovery.k8s.io/v1.EndpointSlice": EndpointSliceRules(),
        "events.k8s.io/v1.Event": EventRules(isNew: true),
        "flowcontrol.apiserver.k8s.io/v1.FlowSchema": FlowSchemaRules(),
        "flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfiguration": PriorityLevelRules(),
        "networking.k8s.io/v1.IPAddress": IPAddressRules(), "networking.k8s.io/v1.Ingress": IngressRules(),
        "networking.k8s.io/v1.IngressClass": IngressClassRules(),
        "networking.k8s.io/v1.NetworkPolicy": NetworkPolicyRules(),
        "networking.k8s.io/v1.ServiceCIDR": ServiceCIDRRules(), "node.k8s.io/v1.RuntimeClass": RuntimeClassRules(),
        "policy/v1.PodDisruptionBudget": PodDisruptionBudgetRules(),
        "rbac.authorization.k8s.io/v1.ClusterRole": ClusterRoleRules(),
        "rbac.authorization.k8s.io/v1.ClusterRoleBinding": RoleBindingRules(isNamespaced: false),
        "rbac.authorization.k8s.io/v1.Role": RoleRules(),
        "rbac.authorization.k8s.io/v1.RoleBinding": RoleBindingRules(isNamespaced: true),
        "resource.k8s.io/v1.ResourceSlice": ResourceSliceRules(),
        "scheduling.k8s.io/v1.PriorityClass": PriorityClassRules(), "storage.k8s.io/v1.CSIDriver": CSIDriverRules(),
        "storage.k8s.io/v1.CSINode": CSINodeRules(), "storage.k8s.io/v1.CSIStorageCapacity": CSIStorageCapacityRules(),
        "storage.k8s.io/v1.StorageClass": StorageClassRules(),
        "storage.k8s.io/v1.VolumeAttachment": VolumeAttachmentRules(),
        "storage.k8s.io/v1.VolumeAttributesClass": VolumeAttributesClassRules(),
    ]
}
