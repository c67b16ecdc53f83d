import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

/// What a namespace that is being emptied says about why it is still there.
struct NamespaceConditions {
    let left: [String: Int]
    let finalizers: [String: Int]
    let failures: [String]
    let now: Timestamp

    func set(_ status: inout NamespaceStatus) {
        set(
            &status, "NamespaceDeletionContentFailure", !failures.isEmpty, ("ContentDeletionFailed", "ContentDeleted"),
            failures.isEmpty
                ? "All content successfully deleted, may be waiting on finalization"
                : "Not everything could be deleted: \(failures.joined(separator: "; "))")
        set(
            &status, "NamespaceContentRemaining", !left.isEmpty, ("SomeResourcesRemain", "ContentRemoved"),
            left.isEmpty
                ? "All content successfully removed"
                : "Some resources are remaining: \(list(left, "has", "resource instances"))")
        set(
            &status, "NamespaceFinalizersRemaining", !finalizers.isEmpty,
            ("SomeFinalizersRemain", "ContentHasNoFinalizers"),
            finalizers.isEmpty
                ? "All content-preserving finalizers finished"
                : "Some content in the namespace has finalizers remaining: "
                    + list(finalizers, "in", "resource instances"))
    }

    private func list(_ counts: [String: Int], _ verb: String, _ noun: String) -> String {
        counts.keys.sorted { $0.precedes($1) }.map { "\($0) \(verb) \(counts[$0] ?? 0) \(noun)" }
            .joined(separator: ", ")
    }

    private func set(
        _ status: inout NamespaceStatus, _ type: String, _ value: Bool, _ reasons: (yes: String, no: String),
        _ message: String
    ) {
        let text = value ? "True" : "False"
        let index = status.conditions.firstIndex { $0.type == type }
        let old = index.map { status.conditions[$0] }
        let condition = NamespaceCondition { condition in
            condition.type = type
            condition.status = text
            condition.reason = value ? reasons.yes : reasons.no
            condition.message = message
            condition.lastTransitionTime = old?.status == text ? old?.lastTransitionTime : now
        }
        if let index { status.conditions[index] = condition } else { status.conditions.append(condition) }
    }
}
