import MartinetClient

/// The plugins, in the order in which they see a write.
struct AdmissionChain: Sendable {
    private let plugins: [any AdmissionPlugin]
    private let quotas = ResourceQuotaAdmission()

    init(_ settings: AdmissionSettings) {
        let enabled = settings.enabled
        // What the server itself writes is no choice.
        plugins = (AdmissionChain.all(settings) + [quotas]).filter {
            enabled.contains($0.name) || $0 is SystemFields || $0 is RoleAdmission
        }
    }

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        for plugin in plugins { try plugin.admit(&attributes, in: registry) }
        guard attributes.passes.begin() else { return }
        for plugin in plugins { try plugin.admit(&attributes, in: registry) }
    }

    /// Shows to webhooks alone what no other plugin knows.
    func review(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        try MutatingWebhooks().admit(&attributes, in: registry)
        try ValidatingWebhooks().validate(attributes, in: registry)
    }

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        for plugin in plugins { try plugin.validate(attributes, in: registry) }
    }

    func connect(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        for plugin in plugins { try plugin.connect(attributes, in: registry) }
    }

    /// Of a token's plugins there is one: who may have one that is bound to a pod.
    func admitToken(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        var attributes = attributes
        for plugin in plugins where plugin is NodeRestriction { try plugin.admit(&attributes, in: registry) }
    }

    /// What was admitted is stored by now, or never will be.
    func finished(_ key: String) { quotas.release(key) }

    /// Source of the order: kube-apiserver's list of plugins.
    private static func all(_ settings: AdmissionSettings) -> [any AdmissionPlugin] {
        [
            NamespaceLifecycle(), LimitRanger(), SystemFields(), ServiceAccountAdmission(), NodeRestriction(),
            TaintNodesByCondition(), AlwaysPullImages(), PodSecurityAdmission(settings.podSecurity),
            PodNodeSelector(), PodPriority(), DefaultTolerationSeconds(), DefaultStorageClass(),
            StorageObjectInUseProtection(), PersistentVolumeClaimResize(), RuntimeClassDefaults(),
            CertificateApproval(), CertificateSigning(), CertificateSubjectRestriction(), DefaultIngressClass(),
            SecurityContextDeny(), DenyEscalatingExec(), RoleAdmission(), MutatingPolicies(), MutatingWebhooks(),
            ImagePolicyAdmission(), ValidatingPolicies(), ValidatingWebhooks(),
        ]
    }
}
