package import MartinetSchema
package import MartinetStrategies

/// What an object inside a custom resource needs to be a Kubernetes object: apiVersion, kind, valid metadata.
package enum EmbeddedResources {
    package static func check(_ tree: Value, _ rule: SchemaRule) -> [FieldError] {
        var errors: [FieldError] = []
        rule.walk(tree) { value, rule, path in
            if rule.isEmbedded, case .map(let map) = value { checkResource(map, path, &errors) }
        }
        return errors
    }

    private static func checkResource(_ map: Map, _ path: String, _ errors: inout [FieldError]) {
        func report(_ reason: FieldError.Reason, _ field: String, _ message: String) {
            errors.append(FieldError(reason, "\(path).\(field)", message, origin: "embeddedResource"))
        }
        for field in ["apiVersion", "kind"] {
            switch map[field] {
            case nil: report(.required, field, "Required value")
            case .string(let text)?:
                let isValid =
                    field == "kind"
                    ? Names.isLabel1035(text.lowercased())
                    : !text.isEmpty && text.utf8.count(where: { $0 == UInt8(ascii: "/") }) <= 1
                if !isValid { report(.invalid, field, "Invalid value: \(text.debugDescription)") }
            default: report(.invalid, field, "Invalid value: must be a string")
            }
        }
        guard let metadata = map["metadata"] else { return }
        for field in ["name", "generateName"] {
            guard case .string(let text)? = metadata.member(field) else { continue }
            if text == "." || text == ".." || text.contains("/") || text.contains("%") {
                report(.invalid, "metadata.\(field)", "Invalid value: may not be '.' or '..' or contain '/' or '%'")
            }
        }
        if case .map(let labels)? = metadata.member("labels") {
            for entry in labels.entries {
                guard case .string(let text) = entry.value else { continue }
                if !Names.isQualified(entry.key) || !Names.isLabelValue(text) {
                    report(.invalid, "metadata.labels", "Invalid value: \(entry.key.debugDescription)")
                }
            }
        }
        if case .map(let annotations)? = metadata.member("annotations") {
            for entry in annotations.entries where !Names.isQualified(entry.key.lowercased()) {
                report(.invalid, "metadata.annotations", "Invalid value: \(entry.key.debugDescription)")
            }
        }
    }
}
