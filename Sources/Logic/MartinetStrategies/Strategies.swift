package import MartinetSchema

/// The strategy of each kind.
package enum Strategies {
    private static let rules: [String: any KindRules] = [
        "v1.Pod": PodRules(), "v1.Service": ServiceRules(), "v1.Namespace": NamespaceRules(), "v1.Node": NodeRules(),
        "v1.ConfigMap": ConfigMapRules(), "v1.Secret": SecretRules(), "v1.ServiceAccount": ServiceAccountRules(),
        "v1.Endpoints": EndpointsRules(), "v1.Event": EventRules(), "v1.Binding": BindingRules(),
        "events.k8s.io/v1.Event": EventRules(), "apps/v1.Deployment": DeploymentRules(),
        "apps/v1.ReplicaSet": ReplicaSetRules(), "coordination.k8s.io/v1.Lease": LeaseRules(),
        "discovery.k8s.io/v1.EndpointSlice": EndpointSliceRules(),
        "apiextensions.k8s.io/v1.CustomResourceDefinition": CustomResourceDefinitionRules(),
    ]

    package static func strategy(for kind: Kind) -> any Strategy {
        GenericStrategy(kind: kind, rules: rules["\(kind.apiVersion).\(kind.name)"] ?? NoRules())
    }
}
