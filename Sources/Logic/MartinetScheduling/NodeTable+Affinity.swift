import MartinetAPI
import MartinetClient
import MartinetSchema

// Which rows a node selector selects, by label columns.
extension NodeTable {
    func rows(selecting selector: NodeSelector) -> RowSet {
        var result = RowSet()
        for term in selector.nodeSelectorTerms { result.formUnion(rows(selecting: term)) }
        return result
    }

    /// A term without requirements selects nothing.
    func rows(selecting term: NodeSelectorTerm) -> RowSet {
        guard !term.matchExpressions.isEmpty || !term.matchFields.isEmpty else { return RowSet() }
        var result = present
        for requirement in term.matchExpressions { result.formIntersection(rows(satisfying: requirement)) }
        for requirement in term.matchFields {
            var named = RowSet()
            for row in present.rows where requirement.key == "metadata.name" {
                let isIn = requirement.values.contains(name(row))
                if isIn == (requirement.operator == "In") { named.insert(row) }
            }
            result.formIntersection(named)
        }
        return result
    }

    private func rows(satisfying requirement: NodeSelectorRequirement) -> RowSet {
        let values = rowsOfLabel[requirement.key] ?? [:]
        var result = RowSet()
        switch requirement.operator {
        case "In", "NotIn":
            for value in requirement.values { if let rows = values[value] { result.formUnion(rows) } }
            if requirement.operator == "NotIn" { result = present.subtracting(result) }
        case "Exists", "DoesNotExist":
            for rows in values.values { result.formUnion(rows) }
            if requirement.operator == "DoesNotExist" { result = present.subtracting(result) }
        case "Gt", "Lt":
            guard let limit = requirement.values.first.flatMap({ Int64($0) }) else { return result }
            for (value, rows) in values {
                guard let number = Int64(value) else { continue }
                if requirement.operator == "Gt" ? number > limit : number < limit { result.formUnion(rows) }
            }
        default: break
        }
        return result
    }

    func rows(withLabels wanted: StringMap) -> RowSet {
        var result = present
        for (key, value) in wanted { result.formIntersection(rowsOfLabel[key]?[value] ?? RowSet()) }
        return result
    }

    /// Nil where the shape does not care.
    func rows(affine shape: PodShape) -> RowSet? {
        var result: RowSet?
        if !shape.nodeSelector.isEmpty { result = rows(withLabels: shape.nodeSelector) }
        if let required = shape.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution {
            let selected = rows(selecting: required)
            result?.formIntersection(selected)
            result = result ?? selected
        }
        return result
    }

    /// The rows with taints of these effects that the shape does not tolerate.
    func rows(untolerated shape: PodShape, effects: Set<String>) -> RowSet {
        var result = RowSet()
        for (taint, rows) in rowsOfTaint where effects.contains(taint.effect) && !shape.tolerates(taint) {
            result.formUnion(rows)
        }
        return result
    }
}

extension RowSet {
    func subtracting(_ other: RowSet) -> RowSet {
        var result = self
        result.subtract(other)
        return result
    }
}
