package import MartinetSchema

/// The parts of a configuration that replace as a whole what is there, by the schema.
package enum AtomicParts {
    /// Paths such as `.spec.selector`. Values of maps, whose keys the schema does not name, are not looked into.
    ///
    /// Source: apiserver's admission/plugin/policy/mutating/patch/smd.go. The value has passed `Validation.check`, which
    /// bounds its depth.
    package static func paths(in value: Value, _ shape: Shape) -> [String] {
        var found: [String] = []
        visit(value, shape, "", &found)
        return found
    }

    private static func visit(_ value: Value, _ shape: Shape, _ path: String, _ found: inout [String]) {
        switch value {
        case .map(let map):
            switch shape.form {
            case .structure, .map, .deduced, .opaque: if shape.isAtomic { found.append(path) }
            case .list, .scalar: return
            }
            for entry in map.entries where shape.declares(entry.key) {
                guard let inner = shape.member(entry.key) else { continue }
                visit(entry.value, inner, "\(path).\(entry.key)", &found)
            }
        case .list(let values):
            switch shape.form {
            case .list, .deduced, .opaque: if shape.isAtomicAsList { found.append(path) }
            case .structure, .map, .scalar: return
            }
            for (index, value) in values.enumerated() { visit(value, shape.element, "\(path)[\(index)]", &found) }
        default: return
        }
    }
}
