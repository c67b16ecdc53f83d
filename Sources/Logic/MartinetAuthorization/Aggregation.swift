/// What a ClusterRole with an aggregation rule consists of.
package enum Aggregation {
    /// A ClusterRole that may be gathered.
    package struct Source: Sendable {
        package let name: String
        package let rules: [PolicyRule]
        package init(name: String, rules: [PolicyRule]) {
            self.name = name
            self.rules = rules
        }
    }

    /// The rules of all selected roles, each rule once: selector by selector, in the order of the roles' names.
    ///
    /// - Parameters:
    ///   - name: the role that gathers; it never gathers itself.
    ///   - selected: for each selector, the roles that it selects.
    package static func rules(for name: String, selected: [[Source]]) -> [PolicyRule] {
        var rules: [PolicyRule] = []
        var seen: Set<PolicyRule> = []
        for sources in selected {
            for source in sources.sorted(by: { $0.name < $1.name }) where source.name != name {
                for rule in source.rules where seen.insert(rule).inserted { rules.append(rule) }
            }
        }
        return rules
    }
}
