import MartinetSchema

struct APIServiceRules: KindRules {
    var nameForm: Form { .pathSegment }
    var metadataOnUpdate: MetadataOnUpdate { .everything }
    var namesFinalizersFreely: Bool { true }

    func validate(_ new: Part) {
        let spec = new.spec
        for name in [new.metadata.generateName, new.metadata.name]
        where !name.isEmpty && Form.pathSegment.faults(name.text).isEmpty
            && name.text != "\(spec.version.text).\(spec.group.text)"
        {
            name.invalid("must be spec.version, '.' and spec.group")
        }
        if spec.group.isEmpty, spec.version.text != "v1" { spec.group.required("only v1 may have no group") }
        spec.group.ifText(form: .dnsSubdomain)
        spec.version.form(.dns1035Label)
        spec.groupPriorityMinimum.range(1...20_000)
        spec.versionPriority.range(1...1000)
        guard spec.service.isSet else {
            if spec.caBundle.count > 0 || !spec.caBundle.isEmpty {
                spec.caBundle.invalid("must not be set without a service")
            }
            if spec.insecureSkipTLSVerify.isTrue {
                spec.insecureSkipTLSVerify.invalid("must not be set without a service")
            }
            return
        }
        spec.service.namespace.mustBeSet()
        spec.service.name.mustBeSet()
        spec.service.port.mustBePort()
        if spec.insecureSkipTLSVerify.isTrue, !spec.caBundle.isEmpty {
            spec.insecureSkipTLSVerify.invalid("must not be set beside caBundle")
        }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        for condition in new.status.conditions.items { condition.status.oneOf("True", "False", "Unknown") }
    }
}
