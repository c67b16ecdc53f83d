/// Whether somebody may hand on what a role grants: nobody gives away what he has not got himself.
package enum Escalation {
    /// What of the wanted rules the owned ones do not grant, in parts of one verb on one thing.
    ///
    /// Each part must be covered by one owned rule alone, as upstream has it: two rules that together cover a name and a
    /// wildcard do not add up.
    package static func missing(from owned: [PolicyRule], of wanted: [PolicyRule]) -> [PolicyRule] {
        wanted.flatMap(\.parts).filter { part in !owned.contains { $0.covers(part) } }
    }

    /// A missing part as text.
    package static func describe(_ part: PolicyRule) -> String {
        func list(_ items: [String]) -> String { "[" + items.map(\.debugDescription).joined(separator: ",") + "]" }
        if !part.paths.isEmpty { return "{NonResourceURLs:\(list(part.paths)), Verbs:\(list(part.verbs))}" }
        let names = part.names.isEmpty ? "" : ", ResourceNames:\(list(part.names))"
        return "{APIGroups:\(list(part.groups)), Resources:\(list(part.resources))\(names), Verbs:\(list(part.verbs))}"
    }
}
