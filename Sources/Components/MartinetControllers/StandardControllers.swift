package import MartinetClient
package import MartinetReconcile
package import MartinetSchema

/// The controllers of a cluster, as one driver runs them.
package enum StandardControllers {
    package struct Configuration: Sendable {
        /// What the API server serves and lets list, watch and delete; one version of each resource.
        package var kinds: [Kind]
        /// The certificate authority of the API server.
        package var rootPEM: String
        package var signer: any TokenSigner
        /// Nil where requests to be certified stay unanswered.
        package var certificates: (any CertificateSigner)?

        package init(
            kinds: [Kind], rootPEM: String, signer: any TokenSigner, certificates: (any CertificateSigner)? = nil
        ) {
            self.certificates = certificates
            self.kinds = kinds
            self.rootPEM = rootPEM
            self.signer = signer
        }
    }

    package static func make(_ configuration: Configuration) -> [any Component] {
        [
            ReconcilerComponent(DeploymentController()),
            ReconcilerComponent(ReplicaSetController()),
            ReconcilerComponent(EndpointSliceController()),
            ReconcilerComponent(EndpointsController()),
            ReconcilerComponent(ServiceAccountController()),
            ReconcilerComponent(RootCertificatePublisher(pem: configuration.rootPEM)),
            ReconcilerComponent(TokenSecretController(signer: configuration.signer, rootPEM: configuration.rootPEM)),
            NamespaceController(kinds: configuration.kinds),
            ReconcilerComponent(GarbageCollector(kinds: configuration.kinds)),
            ReconcilerComponent(NodeLifecycleController()),
            ReconcilerComponent(TaintEvictionController()),
            ReconcilerComponent(PodGarbageCollector()),
            ReconcilerComponent(ClaimProtectionController()),
            ReconcilerComponent(VolumeProtectionController()),
            ReconcilerComponent(AttributesClassProtectionController()),
            ReconcilerComponent(ResourceQuotaController(kinds: configuration.kinds)),
        ]
            + configuration.kinds.filter { $0.name == "ClusterRole" }.map {
                ReconcilerComponent(ClusterRoleAggregation(clusterRoles: $0))
            } + signing(configuration)
    }

    private static func signing(_ configuration: Configuration) -> [any Component] {
        guard let signer = configuration.certificates else { return [] }
        return configuration.kinds.filter { $0.name == "CertificateSigningRequest" }.map {
            ReconcilerComponent(SigningRequestController(kind: $0, signer: signer))
        }
    }

    /// The account in `kube-system` as which a controller writes, which has the bootstrap role of its name; nil for one
    /// that writes as the controller manager.
    package static func account(of controller: String) -> String? {
        switch controller {
        case "deployment-controller", "replicaset-controller", "endpointslice-controller", "namespace-controller",
            "generic-garbage-collector", "node-controller", "pod-garbage-collector",
            "clusterrole-aggregation-controller", "resourcequota-controller",
            "volumeattributesclass-protection-controller":
            controller
        case "persistentvolumeclaim-protection-controller": "pvc-protection-controller"
        case "persistentvolume-protection-controller": "pv-protection-controller"
        case "endpoints-controller": "endpoint-controller"
        case "serviceaccount-controller": "service-account-controller"
        case "root-ca-certificate-publisher-controller": "root-ca-cert-publisher"
        case "taint-eviction-controller": "node-controller"
        case "certificatesigningrequest-controller": "certificate-controller"
        default: nil
        }
    }
}
