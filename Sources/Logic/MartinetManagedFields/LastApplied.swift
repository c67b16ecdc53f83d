import MartinetSchema

/// The annotation in which `kubectl apply` keeps its configuration on the client's side.
enum LastApplied {
    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"

    /// The fields of the annotation that still are as it says; nil where there is no usable one.
    static func fields(of object: Object, apiVersion: String) -> FieldSet? {
        guard let text = text(in: object), let last = try? JSONDecoder.decodeAny(Array(text.utf8)).value,
            case .map(let map) = last, map["apiVersion"] == .string(apiVersion)
        else { return nil }
        let shape = Shape(object.type)
        let live = PlainForm.root(object)
        do {
            try Validation.check(live, shape, allowsDuplicates: false)
            try Validation.check(last, shape, allowsDuplicates: false)
            let comparison = try Comparison.of(last, live, shape)
            return try FieldSet(of: last, shape).subtracting(comparison.modified).subtracting(comparison.added)
                .subtracting(comparison.removed)
        } catch {
            return nil
        }
    }

    /// Keeps the annotation in step, where there is one.
    static func refresh(in object: inout Object, to config: Value) {
        guard let current = text(in: object), !current.isEmpty, case .map(var map) = config,
            case .map(var metadata)? = map["metadata"]
        else { return }
        if case .map(var annotations)? = metadata["annotations"] {
            annotations[annotation] = nil
            metadata["annotations"] = .map(annotations)
            map["metadata"] = .map(metadata)
        }
        let text = String(decoding: JSONEncoder.encode(.map(map)), as: UTF8.self) + "\n"
        guard text != current else { return }
        var annotations = self.annotations(of: object) ?? Map()
        annotations[annotation] = .string(text)
        _ = object.setValue(.map(annotations), at: ".metadata.annotations")
    }

    private static func annotations(of object: Object) -> Map? {
        guard case .map(let map)? = object.value(at: ".metadata.annotations") else { return nil }
        return map
    }

    private static func text(in object: Object) -> String? {
        guard case .string(let text)? = annotations(of: object)?[annotation] else { return nil }
        return text
    }
}
