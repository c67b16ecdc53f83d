import MartinetAPI
import MartinetSchema

/// What a kind's names look like.
package enum NameForm: Sendable {
    case dnsSubdomain, dnsLabel, dns1035Label, pathSegment

    func faults(_ text: String) -> [String] {
        switch self {
        case .dnsSubdomain: Names.dnsSubdomain(text)
        case .dnsLabel: Names.dnsLabel(text)
        case .dns1035Label: Names.dns1035Label(text)
        case .pathSegment: Names.pathSegment(text)
        }
    }
}

/// The rules of ObjectMeta, the same for every kind but for the form of its names.
enum MetadataRules {
    private static let knownFinalizers: Set<String> = ["kubernetes", "orphan", "foregroundDeletion"]

    static func validate(
        _ object: Object, form: NameForm, kind: Kind, isUpdate: Bool = false, checker: inout Checker
    ) {
        guard let metadata = metadata(of: object) else { return }
        if !metadata.generateName.isEmpty {
            // What is generated ends in letters and digits, so the prefix may end in a hyphen.
            var prefix = metadata.generateName
            if prefix.hasSuffix("-") { prefix = prefix.dropLast() + "a" }
            checker.invalid("metadata.generateName", form.faults(prefix))
        }
        if metadata.name.isEmpty {
            checker.required("metadata.name", "a name or generateName is required")
        } else {
            checker.invalid("metadata.name", form.faults(metadata.name))
        }
        if kind.isNamespaced {
            if metadata.namespace.isEmpty {
                checker.required("metadata.namespace")
            } else {
                checker.invalid("metadata.namespace", Names.dnsLabel(metadata.namespace))
            }
        } else if !metadata.namespace.isEmpty {
            checker.forbidden("metadata.namespace", "not allowed on this type")
        }
        checker.nonNegative(metadata.generation, "metadata.generation")
        common(metadata, &checker)
        for finalizer in metadata.finalizers { checker.invalid("metadata.finalizers", Names.qualifiedName(finalizer)) }
        if metadata.finalizers.contains("orphan"), metadata.finalizers.contains("foregroundDeletion") {
            checker.invalid("metadata.finalizers", "orphan and foregroundDeletion exclude each other")
        }
        if !isUpdate { finalizers(metadata, kind, &checker) }
    }

    static func validateUpdate(_ object: Object, old: Object, kind: Kind, checker: inout Checker) {
        guard let metadata = metadata(of: object), let before = self.metadata(of: old) else { return }
        if before.deletionTimestamp != nil, !Set(metadata.finalizers).isSubset(of: before.finalizers) {
            checker.forbidden("metadata.finalizers", "no finalizer can be added while the object is being deleted")
        }
        if metadata.resourceVersion.isEmpty {
            checker.invalid("metadata.resourceVersion", "must be specified for an update")
        }
        if metadata.generation < before.generation { checker.invalid("metadata.generation", "must not be decremented") }
        let immutable = "is immutable"
        if metadata.name != before.name { checker.invalid("metadata.name", immutable) }
        if metadata.namespace != before.namespace { checker.invalid("metadata.namespace", immutable) }
        if metadata.uid != before.uid { checker.invalid("metadata.uid", immutable) }
        if metadata.creationTimestamp != before.creationTimestamp {
            checker.invalid("metadata.creationTimestamp", immutable)
        }
        if metadata.deletionTimestamp != before.deletionTimestamp {
            checker.invalid("metadata.deletionTimestamp", immutable)
        }
        if metadata.deletionGracePeriodSeconds != before.deletionGracePeriodSeconds {
            checker.invalid("metadata.deletionGracePeriodSeconds", immutable)
        }
        common(metadata, &checker)
        finalizers(metadata, kind, &checker)
    }

    static func metadata(of object: Object) -> ObjectMeta? {
        guard let field = object.type.field(named: "metadata") else { return nil }
        if case .object(let metadata) = object[field.slot] { return ObjectMeta(object: metadata) }
        return ObjectMeta()
    }

    private static func common(_ metadata: ObjectMeta, _ checker: inout Checker) {
        checker.labels(metadata.labels, "metadata.labels")
        checker.annotations(metadata.annotations, "metadata.annotations")
        let path = "metadata.ownerReferences"
        var controllers = 0
        for owner in metadata.ownerReferences {
            let parts = owner.apiVersion.split(separator: "/", omittingEmptySubsequences: false)
            if parts.last?.isEmpty ?? true { checker.invalid(path + ".apiVersion", "version must not be empty") }
            if owner.kind.isEmpty { checker.invalid(path + ".kind", "must not be empty") }
            if owner.name.isEmpty { checker.invalid(path + ".name", "must not be empty") }
            if owner.uid.isEmpty { checker.invalid(path + ".uid", "must not be empty") }
            if owner.apiVersion == "v1", owner.kind == "Event" { checker.invalid(path, "an Event cannot be an owner") }
            if owner.controller == true {
                if controllers > 0 { checker.invalid(path, "only one reference can be the controller") }
                controllers += 1
            }
        }
    }

    /// Names without a prefix belong to Kubernetes, in the kinds that it defines.
    private static func finalizers(_ metadata: ObjectMeta, _ kind: Kind, _ checker: inout Checker) {
        guard !kind.protobufPackage.isEmpty, kind.group != "apiextensions.k8s.io" else { return }
        for (index, finalizer) in metadata.finalizers.enumerated() {
            guard !finalizer.contains("/"), !knownFinalizers.contains(finalizer) else { continue }
            checker.invalid("metadata.finalizers[\(index)]", "the name has no prefix and is none of Kubernetes' own")
        }
    }
}
