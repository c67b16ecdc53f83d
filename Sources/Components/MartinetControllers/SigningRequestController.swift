import MartinetBase
package import MartinetClient
package import MartinetReconcile
package import MartinetSchema

/// Approves, signs and takes away requests to be certified.
package struct SigningRequestController: Reconciler {
    private let kind: Kind
    private let signer: any CertificateSigner
    private let lifetime: Duration

    /// - Parameters:
    ///   - kind: `certificates.k8s.io/v1.CertificateSigningRequest`.
    ///   - lifetime: the longest that a certificate is good for; upstream's is a year.
    package init(kind: Kind, signer: any CertificateSigner, lifetime: Duration = .seconds(365 * 86_400)) {
        self.kind = kind
        self.signer = signer
        self.lifetime = lifetime
    }

    package var name: String { "certificatesigningrequest-controller" }
    package var watches: [WatchedResource] { [WatchedResource(kind)] }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        (cache.store(ResourceName(kind))?.all ?? []).map(\.key)
    }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] { [change.key] }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let object = context.cache.store(ResourceName(kind))?[key] else { return Plan() }
        return SigningRequestPlanner.plan(object, signer: signer, now: context.now, lifetime: lifetime)
    }
}
