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

        package init(kinds: [Kind], rootPEM: String, signer: any TokenSigner) {
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
    }
}
