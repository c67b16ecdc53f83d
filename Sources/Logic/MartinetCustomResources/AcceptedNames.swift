package import MartinetAPI
package import MartinetBase
package import MartinetSchema

/// Which names a definition may have: the first to claim one in a group keeps it.
///
/// Source: apiextensions' naming and establishing controllers, v1.36.
package enum AcceptedNames {
    /// The status that a definition has beside others.
    ///
    /// A pure function: the same definitions give the same status, and a status that is right already comes back as it
    /// is, times included.
    /// - Parameters:
    ///   - others: every other definition, with its status; those of other groups do not matter.
    ///   - builtins: the kinds that are served without a definition.
    ///   - now: when a condition that changes has changed.
    package static func status(
        of crd: CustomResourceDefinition, others: [CustomResourceDefinition], builtins: [Kind], now: Timestamp
    ) -> CustomResourceDefinitionStatus {
        var resources: Set<String> = []
        var kinds: Set<String> = []
        for other in others where other.spec.group == crd.spec.group && other.metadata.name != crd.metadata.name {
            let names = other.status.acceptedNames
            resources.formUnion([names.plural, names.singular] + names.shortNames)
            kinds.formUnion([names.kind, names.listKind])
        }
        for kind in builtins where kind.group == crd.spec.group {
            resources.formUnion([kind.plural, kind.singular] + kind.shortNames)
            kinds.formUnion([kind.name, "\(kind.name)List"])
        }
        resources.remove("")
        kinds.remove("")
        var status = crd.status
        let conflict = accept(crd.spec.names, into: &status.acceptedNames, resources, kinds)
        set(
            "NamesAccepted", conflict == nil ? "True" : "False", conflict?.reason ?? "NoConflicts",
            conflict?.message ?? "no conflicts found", now, &status)
        if conflict == nil {
            if !status.conditions.contains(where: { $0.type == "Established" && $0.status == "True" }) {
                set(
                    "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now, &status)
            }
        } else if !status.conditions.contains(where: { $0.type == "Established" }) {
            set("Established", "False", "NotAccepted", "not all names are accepted", now, &status)
        }
        return status
    }

    /// Takes over the names that are free or already accepted. The last conflict, in the order of the names, is told.
    private static func accept(
        _ wanted: CustomResourceDefinitionNames, into accepted: inout CustomResourceDefinitionNames,
        _ resources: Set<String>, _ kinds: Set<String>
    ) -> (reason: String, message: String)? {
        var conflict: (reason: String, message: String)?
        func isFree(_ name: String, _ owned: String, _ taken: Set<String>, _ reason: String) -> Bool {
            if name == owned || !taken.contains(name) { return true }
            conflict = (reason, "\(name.debugDescription) is already in use")
            return false
        }
        if isFree(wanted.plural, accepted.plural, resources, "PluralConflict") { accepted.plural = wanted.plural }
        if isFree(wanted.singular, accepted.singular, resources, "SingularConflict") {
            accepted.singular = wanted.singular
        }
        let taken = wanted.shortNames.filter { resources.contains($0) && !accepted.shortNames.contains($0) }
        if taken.isEmpty {
            accepted.shortNames = wanted.shortNames
        } else {
            let texts = taken.map { "\($0.debugDescription) is already in use" }
            conflict = (
                "ShortNamesConflict", texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
            )
        }
        if isFree(wanted.kind, accepted.kind, kinds, "KindConflict") { accepted.kind = wanted.kind }
        if isFree(wanted.listKind, accepted.listKind, kinds, "ListKindConflict") {
            accepted.listKind = wanted.listKind
        }
        accepted.categories = wanted.categories
        return conflict
    }

    private static func set(
        _ type: String, _ value: String, _ reason: String, _ message: String, _ now: Timestamp,
        _ status: inout CustomResourceDefinitionStatus
    ) {
        let index = status.conditions.firstIndex { $0.type == type }
        var condition = index.map { status.conditions[$0] } ?? CustomResourceDefinitionCondition()
        if condition.status == value, condition.reason == reason, condition.message == message { return }
        if condition.status != value { condition.lastTransitionTime = now }
        condition.type = type
        condition.status = value
        condition.reason = reason
        condition.message = message
        if let index { status.conditions[index] = condition } else { status.conditions.append(condition) }
    }
}
