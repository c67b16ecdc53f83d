package import MartinetAPI
package import MartinetClient
import MartinetSchema

/// What every namespace has from its first moment: the account `default` and the cluster's root certificate.
package enum NamespaceContentPlanner {
    package static let rootCertificate = "kube-root-ca.crt"

    package static func account(in namespace: Namespace, existing: ServiceAccount?) -> Plan {
        var plan = Plan()
        guard isActive(namespace), existing == nil else { return plan }
        let account = ServiceAccount {
            $0.metadata.name = "default"
            $0.metadata.namespace = namespace.metadata.name
        }
        plan.add(Write(.create(account), tolerates: [.alreadyExists, .notFound]))
        return plan
    }

    package static func rootCertificate(in namespace: Namespace, pem: String, existing: ConfigMap?) -> Plan {
        var plan = Plan()
        guard isActive(namespace) else { return plan }
        var map = existing ?? ConfigMap()
        map.metadata.name = rootCertificate
        map.metadata.namespace = namespace.metadata.name
        map.metadata.annotations["kubernetes.io/description"] =
            "The certificate authority of this cluster's API server, for clients inside it."
        map.data = ["ca.crt": pem]
        if existing == nil {
            plan.add(Write(.create(map), tolerates: [.alreadyExists, .notFound]))
        } else if map != existing {
            plan.add(Write(.update(map), tolerates: .notFound))
        }
        return plan
    }

    private static func isActive(_ namespace: Namespace) -> Bool {
        namespace.metadata.deletionTimestamp == nil && namespace.status.phase != "Terminating"
    }
}
