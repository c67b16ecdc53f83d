import MartinetAPI
import MartinetAuthorization
package import MartinetClient
package import MartinetSchema

/// Fills the ClusterRoles that gather their rules from others.
package struct ClusterRoleAggregation: Reconciler {
    private let kind: Kind

    package init(clusterRoles kind: Kind) { self.kind = kind }

    package var name: String { "clusterrole-aggregation-controller" }
    package var watches: [WatchedResource] { [WatchedResource(kind)] }

    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] {
        (cache.store(ResourceName(kind))?.all ?? []).filter { $0.part("aggregationRule") != nil }.map(\.key)
    }

    /// Any role may be gathered by any other, and there are few that gather.
    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] { allKeys(cache) }

    package func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        var plan = Plan()
        guard let store = context.cache.store(ResourceName(kind)), var role = store[key],
            let rule = role.part("aggregationRule")
        else { return plan }
        let roles = store.all
        let selected = rule.parts("clusterRoleSelectors").map { selector in
            let selector = LabelSelector(object: selector)
            return roles.filter { selector.matches($0.metadata.labels) }.map {
                Aggregation.Source(name: $0.metadata.name, rules: PolicyRule.rules(of: $0))
            }
        }
        let rules = Aggregation.rules(for: key.name, selected: selected)
        guard rules != PolicyRule.rules(of: role) else { return plan }
        PolicyRule.set(rules, in: &role)
        var request = APIRequest(.update, ResourceName(kind, name: key.name))
        request.object = role
        plan.add(Write(request, tolerates: [.notFound]))
        return plan
    }
}
