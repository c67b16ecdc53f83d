import MartinetAPI
import MartinetSchema

struct EventRules: KindRules {
    var allowsCreateOnUpdate: Bool { true }

    func validate(_ object: Object, _ checker: inout Checker) {
        // Events of the newer group have other fields; what they share is checked for both.
        guard object.type == Event.type else { return }
        let event = Event(object: object)
        let namespace = event.involvedObject.namespace
        let place = namespace.isEmpty ? "default" : namespace
        if event.metadata.namespace != place, !(namespace.isEmpty && event.metadata.namespace == "kube-system") {
            checker.invalid("involvedObject.namespace", "does not match the event's namespace")
        }
        guard event.eventTime != nil else { return }
        if event.reportingComponent.isEmpty {
            checker.required("reportingController")
        } else {
            checker.invalid("reportingController", Names.qualifiedName(event.reportingComponent))
        }
        if event.reportingInstance.isEmpty { checker.required("reportingInstance") }
        if event.reportingInstance.utf8.count > 128 {
            checker.invalid("reportingInstance", "may not be longer than 128")
        }
        if event.action.isEmpty { checker.required("action") }
        if event.action.utf8.count > 128 { checker.invalid("action", "may not be longer than 128") }
        if event.reason.isEmpty { checker.required("reason") }
        if event.reason.utf8.count > 128 { checker.invalid("reason", "may not be longer than 128") }
        if event.message.utf8.count > 1024 { checker.invalid("message", "may not be longer than 1024") }
    }
}

struct CustomResourceDefinitionRules: KindRules {
    var requiresResourceVersionOnUpdate: Bool { true }

    func setDefaults(_ object: inout Object) {
        var definition = CustomResourceDefinition(object: object)
        let kind = definition.spec.names.kind
        if definition.spec.names.singular.isEmpty { definition.spec.names.singular = kind.lowercased() }
        if definition.spec.names.listKind.isEmpty, !kind.isEmpty { definition.spec.names.listKind = kind + "List" }
        object = definition.object
    }

    func prepareForCreate(_ object: inout Object) {
        var definition = CustomResourceDefinition(object: object)
        if let stored = definition.spec.versions.first(where: \.storage) {
            definition.status.storedVersions = [stored.name]
        }
        object = definition.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let definition = CustomResourceDefinition(object: object)
        let spec = definition.spec
        if !definition.metadata.name.isEmpty, definition.metadata.name != "\(spec.names.plural).\(spec.group)" {
            checker.invalid("metadata.name", "must be spec.names.plural + '.' + spec.group")
        }
        if !spec.group.isEmpty {
            checker.invalid("spec.group", Names.dnsSubdomain(spec.group))
            if !spec.group.contains(".") { checker.invalid("spec.group", "should be a domain with at least one dot") }
        }
        for (text, name) in [(spec.names.plural, "plural"), (spec.names.singular, "singular")] where !text.isEmpty {
            checker.invalid("spec.names.\(name)", Names.dns1035Label(text))
        }
        for (text, name) in [(spec.names.kind, "kind"), (spec.names.listKind, "listKind")] where !text.isEmpty {
            checker.invalid("spec.names.\(name)", Names.dns1035Label(text.lowercased()))
        }
        if spec.names.kind.isEmpty {
            for name in ["singular", "listKind"] { checker.drop { $0.field == "spec.names.\(name)" } }
            checker.required("spec.names.singular")
            checker.required("spec.names.listKind")
        }
        for (index, name) in spec.names.shortNames.enumerated() {
            checker.invalid("spec.names.shortNames[\(index)]", Names.dns1035Label(name))
        }
        for (index, name) in spec.names.categories.enumerated() {
            checker.invalid("spec.names.categories[\(index)]", Names.dns1035Label(name))
        }
        if spec.versions.filter(\.storage).count != 1 { checker.invalid("spec.versions", "exactly one must be stored") }
        var seen: Set<String> = []
        for (index, version) in spec.versions.enumerated() {
            if !seen.insert(version.name).inserted { checker.invalid("spec.versions", "a version is there twice") }
            checker.invalid("spec.versions[\(index)].name", Names.dns1035Label(version.name))
        }
    }
}
