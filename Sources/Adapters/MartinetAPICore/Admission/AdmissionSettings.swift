package import MartinetPodSecurity
package import MartinetWebhooks

/// Which admission plugins are there, and what they are told.
package struct AdmissionSettings: Sendable {
    /// Whose pods are spared the levels of their namespaces, and what namespaces without labels ask.
    package struct PodSecurity: Sendable {
        package var defaults = PodSecurityPolicy()
        package var exemptUsers: Set<String> = []
        package var exemptNamespaces: Set<String> = []
        package var exemptRuntimeClasses: Set<String> = []
        package init() {}
    }

    package struct Invalid: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    package private(set) var enabled: Set<String> = AdmissionSettings.onByDefault
    package var podSecurity = PodSecurity()
    /// What the ImagePolicyWebhook is told.
    package private(set) var imagePolicy: ImagePolicySettings?

    /// Upstream's defaults.
    package init() {}

    /// - Parameters:
    ///   - enable: names that are added to the defaults, as `--enable-admission-plugins` has them.
    ///   - disable: names that are taken from them.
    ///   - configuration: what `--admission-control-config-file` says.
    /// - Throws: where a name is that of no plugin.
    package init(
        enable: [String], disable: [String], configuration: AdmissionConfiguration? = nil
    ) throws(Invalid) {
        for name in enable + disable where !AdmissionSettings.known.contains(name) {
            let missing = AdmissionSettings.missing.contains(name) ? "is not there yet" : "is no admission plugin"
            throw Invalid(description: "admission plugin \(name) \(missing)")
        }
        if let both = enable.first(where: disable.contains) {
            throw Invalid(description: "admission plugin \(both) is both enabled and disabled")
        }
        enabled = enabled.union(enable).subtracting(disable)
        guard enabled.contains("ImagePolicyWebhook") else { return }
        imagePolicy = configuration?.imagePolicy
        guard imagePolicy != nil else {
            throw Invalid(
                description:
                    "admission plugin ImagePolicyWebhook: --admission-control-config-file has no configuration of it")
        }
    }

    /// Source: kube-apiserver v1.36, the plugins that are on when no flag says otherwise.
    private static let onByDefault: Set<String> = [
        "NamespaceLifecycle", "LimitRanger", "ServiceAccount", "TaintNodesByCondition", "PodSecurity", "Priority",
        "DefaultTolerationSeconds", "DefaultStorageClass", "StorageObjectInUseProtection", "RuntimeClass",
        "PersistentVolumeClaimResize", "CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction",
        "DefaultIngressClass", "ResourceQuota", "MutatingAdmissionPolicy", "ValidatingAdmissionPolicy",
        "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook",
    ]
    private static let byFlag: Set<String> = [
        "NodeRestriction", "AlwaysPullImages", "PodNodeSelector", "SecurityContextDeny", "DenyEscalatingExec",
        "ImagePolicyWebhook",
    ]
    private static var known: Set<String> { onByDefault.union(byFlag) }
    /// Upstream's plugins that this server has none of.
    private static let missing: Set<String> = [
        "ClusterTrustBundleAttest", "DenyServiceExternalIPs", "EventRateLimit", "ExtendedResourceToleration",
        "LimitPodHardAntiAffinityTopology", "NamespaceAutoProvision", "NamespaceExists",
        "OwnerReferencesPermissionEnforcement", "PodTolerationRestriction", "PodTopologyLabels",
        "PodSecurityPolicy",
    ]
}
