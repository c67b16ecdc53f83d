import MartinetCustomResources
import MartinetSchema
import MartinetStore
import MartinetStrategies

/// The kinds that are served without anybody defining them.
enum BuiltinResources {
    /// What something in the cluster acts on. The schema knows every other kind of v1.36 as well; one is served once
    /// there is a component that honours it.
    static let served = [
        "v1.Namespace", "v1.Node", "v1.Pod", "v1.Service", "v1.Endpoints", "v1.ConfigMap", "v1.Secret",
        "v1.ServiceAccount", "v1.Event", "discovery.k8s.io/v1.EndpointSlice", "coordination.k8s.io/v1.Lease",
        "apps/v1.Deployment", "apps/v1.ReplicaSet", "apiextensions.k8s.io/v1.CustomResourceDefinition",
    ]

    private static func strategy(for kind: Kind) -> any Strategy {
        kind.name == "CustomResourceDefinition" ? CustomResourceDefinitionStrategy() : Strategies.strategy(for: kind)
    }

    static func all(revision: Revision) -> [ServedResource] {
        served.compactMap { name in
            guard let kind = Schema.builtin.type(named: name)?.kind else { return nil }
            return ServedResource(
                kind: kind, fingerprint: Schema.builtin.fingerprint, strategy: strategy(for: kind),
                cache: ResourceCache(
                    prefix: ServedResource.prefix(group: kind.group, plural: kind.plural), revision: revision))
        }
    }
}

extension BuiltinResources {
    /// The kinds of `served`.
    static let kinds: [Kind] = served.compactMap { Schema.builtin.type(named: $0)?.kind }
}
