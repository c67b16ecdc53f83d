package import MartinetAPI
package import MartinetClient
import MartinetSchema

/// Fills Secrets that ask for a service account's token, and removes those whose account is gone.
package enum TokenSecretPlanner {
    package static let type = "kubernetes.io/service-account-token"
    package static let accountName = "kubernetes.io/service-account.name"
    package static let accountUID = "kubernetes.io/service-account.uid"

    package static func plan(
        _ secret: Secret, account: ServiceAccount?, rootPEM: String, signer: any TokenSigner
    ) -> Plan {
        var plan = Plan()
        guard secret.type == type, secret.metadata.deletionTimestamp == nil,
            let name = secret.metadata.annotations[accountName]
        else { return plan }
        let uid = secret.metadata.annotations[accountUID] ?? ""
        guard let account, account.metadata.name == name, uid.isEmpty || uid == account.metadata.uid else {
            // A new Secret may be there before its account is seen, so the server is asked.
            let resource = ResourceName(ServiceAccount.kind, namespace: secret.metadata.namespace, name: name)
            plan.add(.ensureAbsent(resource, uid: uid))
            if let request = APIRequest.delete(secret.object) {
                plan.add(Write(request, tolerates: [.notFound, .conflict]))
            }
            return plan
        }
        var filled = secret
        filled.metadata.annotations[accountUID] = account.metadata.uid
        filled.data["namespace"] = .bytes(Array(secret.metadata.namespace.utf8))
        filled.data["ca.crt"] = .bytes(Array(rootPEM.utf8))
        if case .bytes(let token)? = secret.data["token"], !token.isEmpty {
            // Kept: whoever uses it would lose it otherwise.
        } else {
            let claims = LegacyTokenClaims(
                namespace: secret.metadata.namespace, secretName: secret.metadata.name, accountName: name,
                accountUID: account.metadata.uid)
            do {
                filled.data["token"] = .bytes(Array(try signer.legacyToken(claims).utf8))
            } catch {
                plan.events.append(.warning(secret.object, "TokenNotSigned", "The token cannot be signed: \(error)"))
                plan.requeueAfter = .seconds(60)
                return plan
            }
        }
        if filled != secret { plan.add(Write(.update(filled), tolerates: .notFound)) }
        return plan
    }
}
