import MartinetAdmissionPolicies
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import MartinetVersions

/// The kinds that are served without anybody defining them: all that the schema has a resource for, as far as the
/// configuration says so.
enum BuiltinResources {
    /// Every kind with a resource, served or not.
    static let kinds: [Kind] = Schema.builtin.kinds.filter { !$0.plural.isEmpty }

    static func all(_ config: RuntimeConfig, reached: ReachedRevision) -> [ServedResource] {
        let expressions = KubernetesExpressions()
        return kinds.filter(config.serves).map { kind in
            let storage = Versions.storage(of: kind)
            let cache = ResourceCache(
                prefix: ServedResource.prefix(group: storage.group, plural: storage.plural), reached: reached)
            let hub = strategy(for: storage, expressions)
            guard storage != kind else {
                return ServedResource(
                    kind: kind, fingerprint: Schema.builtin.fingerprint, strategy: hub, cache: cache,
                    deprecation: Deprecations.warning(kind))
            }
            return ServedResource(
                kind: kind, fingerprint: Schema.builtin.fingerprint,
                strategy: ConvertingStrategy(kind: kind, storage: storage, rules: hub), cache: cache,
                storageKind: storage, storageStrategy: hub, deprecation: Deprecations.warning(kind))
        }
    }

    private static func strategy(for kind: Kind, _ expressions: any ExpressionCompiler) -> any Strategy {
        kind.name == "CustomResourceDefinition"
            ? CustomResourceDefinitionStrategy.strategy(for: kind)
            : Strategies.strategy(for: kind, compiler: expressions)
    }
}
