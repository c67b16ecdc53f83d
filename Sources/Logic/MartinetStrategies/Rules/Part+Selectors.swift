import MartinetSchema

extension Part {
    /// Whether a label selector can be used at all.
    var isUsableSelector: Bool {
        if !isSet { return true }
        for (key, value) in self.matchLabels.pairs
        where !Form.qualifiedName.faults(key).isEmpty || !Form.labelValue.faults(value.text).isEmpty { return false }
        return self.matchExpressions.items.allSatisfy { item in
            let values = item["values"].strings
            guard Form.qualifiedName.faults(item.key.text).isEmpty,
                values.allSatisfy({ Form.labelValue.faults($0).isEmpty })
            else { return false }
            switch item.operator.text {
            case "In", "NotIn": return !values.isEmpty
            case "Exists", "DoesNotExist": return values.isEmpty
            default: return false
            }
        }
    }

    /// Whether a label selector selects these labels: none selects nothing, an empty one everything.
    func selects(_ labels: Part) -> Bool {
        isSet
            && self.matchLabels.pairs.allSatisfy { labels.text(key: $0.key) == $0.value.text }
            && self.matchExpressions.items.allSatisfy { item in
                let value = labels.text(key: item.key.text)
                switch item.operator.text {
                case "In": return value.map(item["values"].strings.contains) ?? false
                case "NotIn": return value.map { !item["values"].strings.contains($0) } ?? true
                case "Exists": return value != nil
                default: return value == nil
                }
            }
    }

    var isEmptySelector: Bool { self.matchLabels.count == 0 && self.matchExpressions.count == 0 }

    /// Whether a label selector has values that no label can have.
    var hasInvalidSelectorValues: Bool {
        self.matchExpressions.items.flatMap { $0["values"].strings }.contains {
            !Form.labelValue.faults($0).isEmpty
        }
    }
}
