import MartinetSchema

/// The rules of ObjectMeta, the same for every kind but for the form of its names.
enum MetadataRules {
    private static let knownFinalizers: Set<String> = ["kubernetes", "orphan", "foregroundDeletion"]

    /// What holds for every object.
    static func validate(_ metadata: Part, form: Form, isNamespaced: Bool) {
        if !metadata.generateName.isEmpty {
            metadata.generateName.invalid(form.faults(prefix: metadata.generateName.text))
        }
        if metadata.name.mustBeSet("a name or generateName is required") { metadata.name.form(form) }
        if !isNamespaced {
            if !metadata.namespace.isEmpty { metadata.namespace.forbidden("this kind has no namespace") }
        } else if metadata.namespace.mustBeSet() {
            metadata.namespace.form(.dnsLabel)
        }
        metadata.generation.nonNegative()
        common(metadata)
        let finalizers = metadata.finalizers
        for finalizer in finalizers.strings { finalizers.invalid(Form.qualifiedName.faults(finalizer)) }
        if finalizers.strings.contains("orphan"), finalizers.strings.contains("foregroundDeletion") {
            finalizers.invalid("may not hold both orphan and foregroundDeletion")
        }
    }

    /// An owner is listed once; what is dropped, `Owners` tells.
    static func dropRepeatedOwners(_ object: inout Object) {
        object.edit("metadata") { metadata in
            guard case .list(let owners) = metadata[field: "ownerReferences"], owners.count > 1 else { return }
            var unique: [Value] = []
            for owner in owners where !unique.contains(owner) { unique.append(owner) }
            metadata[field: "ownerReferences"] = .list(unique)
        }
    }

    /// What holds for a change.
    static func validateUpdate(_ metadata: Part, _ old: Part) {
        if old.deletionTimestamp.isSet, !Set(metadata.finalizers.strings).isSubset(of: old.finalizers.strings) {
            metadata.finalizers.forbidden("no finalizer can be added while the object is being deleted")
        }
        if metadata.resourceVersion.isEmpty { metadata.resourceVersion.invalid("must be set for an update") }
        if metadata.generation.int < old.generation.int { metadata.generation.invalid("must not become smaller") }
        for name in [
            "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        ] { metadata[name].mustNotChange(since: old[name]) }
        common(metadata)
    }

    /// Finalizers without a prefix belong to Kubernetes.
    static func finalizerNames(_ metadata: Part) {
        for finalizer in metadata.finalizers.items { standardFinalizer(finalizer) }
    }

    static func standardFinalizer(_ finalizer: Part) {
        if !finalizer.text.has("/"), !knownFinalizers.contains(finalizer.text) {
            finalizer.invalid("must have a domain's prefix, or be one of \(knownFinalizers.sorted())")
        }
    }

    private static func common(_ metadata: Part) {
        metadata.labels.mustBeLabels()
        metadata.annotations.mustBeAnnotations()
        owners(metadata.ownerReferences)
        for entry in metadata.managedFields.items {
            if entry.operation.text != "Apply", entry.operation.text != "Update" {
                entry.operation.invalid("must be Apply or Update")
            }
            if !entry.fieldsType.isEmpty, entry.fieldsType.text != "FieldsV1" {
                entry.fieldsType.invalid("must be FieldsV1")
            }
            entry.manager.atMost(bytes: 128)
            for character in entry.manager.text.unicodeScalars where !character.properties.isPrintable {
                entry.manager.invalid("must be printable")
            }
            entry.subresource.atMost(bytes: 256)
        }
    }

    private static func owners(_ owners: Part) {
        var controllers = 0
        for owner in owners.items {
            // Upstream names the list, not its item.
            let place = owner.at(owners.place)
            let (group, version) = owner.apiVersion.text.groupVersion
            if version.isEmpty { place.apiVersion.invalid("must have a version") }
            for name in ["kind", "name", "uid"] where place[name].isEmpty { place[name].invalid("must be set") }
            if group.isEmpty, version == "v1", owner.kind.text == "Event" { owners.invalid("may not hold an Event") }
            if owner.controller.isTrue {
                if controllers > 0 { owners.invalid("may hold only one controller") }
                controllers += 1
            }
        }
    }
}

extension Unicode.Scalar.Properties {
    /// As Go's `unicode.IsPrint`.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: isWhitespace && numericType == nil && name == "SPACE"
        default: true
        }
    }
}

extension String {
    /// `apps/v1` in two; a version alone belongs to the core group. Both are empty where it is neither.
    var groupVersion: (group: String, version: String) {
        let parts = split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return ("", parts[0])
        case 2: return (parts[0], parts[1])
        default: return ("", "")
        }
    }
}
