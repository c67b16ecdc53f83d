package import MartinetAPI
package import MartinetSchema

extension LabelSelector {
    /// Whether labels satisfy every requirement. The empty selector matches everything; an unknown operator nothing.
    package func matches(_ labels: StringMap) -> Bool {
        for (key, value) in matchLabels where labels[key] != value { return false }
        return matchExpressions.allSatisfy { $0.matches(labels) }
    }

    package var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }
}

extension LabelSelectorRequirement {
    package func matches(_ labels: StringMap) -> Bool {
        let value = labels[key]
        switch `operator` {
        case "In": return value.map(values.contains) ?? false
        case "NotIn": return !(value.map(values.contains) ?? false)
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        default: return false
        }
    }
}

extension StringMap {
    /// Whether these pairs, read as a selector by equality, are all in `labels`.
    package func isContained(in labels: StringMap) -> Bool { allSatisfy { labels[$0.key] == $0.value } }
}
