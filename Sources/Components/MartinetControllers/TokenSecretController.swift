import MartinetAPI
package import MartinetClient
package import MartinetReconcile
import MartinetSchema

/// Feeds the planner of service account token Secrets.
package struct TokenSecretController: Reconciler {
    private let signer: any TokenSigner
    private let rootPEM: String

    package init(signer: any TokenSigner, rootPEM: String) {
        self.signer = signer
        self.rootPEM = rootPEM
    }

    package var name: String { "legacy-service-account-token-controller" }
    package var watches: [WatchedResource] { [WatchedResource(Secret.self), WatchedResource(ServiceAccount.self)] }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        cache.list(Secret.self).filter { $0.type == TokenSecretPlanner.type }.map(\.metadata.key)
    }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        if let secret = change.latest(Secret.self) {
            return secret.type == TokenSecretPlanner.type ? [change.key] : []
        }
        // An account changes when it comes, goes, or comes again under its name.
        guard change.old?.metadata.uid != change.new?.metadata.uid else { return [] }
        return cache.list(Secret.self, namespace: change.key.namespace)
            .filter { secret in
                secret.type == TokenSecretPlanner.type
                    && secret.metadata.annotations[TokenSecretPlanner.accountName] == change.key.name
            }
            .map(\.metadata.key)
    }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        guard let secret = context.cache.get(Secret.self, key) else { return Plan() }
        let name = secret.metadata.annotations[TokenSecretPlanner.accountName] ?? ""
        let account = context.cache.get(ServiceAccount.self, ObjectKey(namespace: key.namespace, name: name))
        return TokenSecretPlanner.plan(secret, account: account, rootPEM: rootPEM, signer: signer)
    }
}
