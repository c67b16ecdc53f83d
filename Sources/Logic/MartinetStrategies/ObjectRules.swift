package import MartinetSchema

/// What a kind of another module adds to the generic strategy, over whole objects instead of parts. Every part has an
/// empty default; metadata, owners and status are the frame's.
package protocol ObjectRules: Sendable {
    func setDefaults(_ object: inout Object)
    func prepareForCreate(_ object: inout Object)
    func prepareForUpdate(_ object: inout Object, old: Object)
    func validate(_ object: Object) -> [FieldError]
    func validateUpdate(_ object: Object, old: Object) -> [FieldError]
    func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError]
    func warnings(_ object: Object, old: Object?) -> [String]
}

extension ObjectRules {
    package func setDefaults(_ object: inout Object) {}
    package func prepareForCreate(_ object: inout Object) {}
    package func prepareForUpdate(_ object: inout Object, old: Object) {}
    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] { [] }
    package func warnings(_ object: Object, old: Object?) -> [String] { [] }
}

/// Such rules in the place of a kind's own.
struct AdaptedRules: KindRules {
    let rules: any ObjectRules

    func setDefaults(_ object: inout Object) { rules.setDefaults(&object) }
    func prepareForCreate(_ object: inout Object) { rules.prepareForCreate(&object) }
    func prepareForUpdate(_ object: inout Object, old: Object) { rules.prepareForUpdate(&object, old: old) }

    func validateCreate(_ new: Part) { if let object = new.object { new.report.add(rules.validate(object)) } }

    func validateUpdate(_ new: Part, _ old: Part) {
        if let object = new.object, let old = old.object { new.report.add(rules.validateUpdate(object, old: old)) }
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        if let object = new.object, let old = old.object {
            new.report.add(rules.validateStatusUpdate(object, old: old))
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        guard let object = new.object else { return }
        for warning in rules.warnings(object, old: old?.object) { new.report.warn(warning) }
    }
}

/// The rules of metadata for kinds whose strategy is not the generic one.
package enum MetadataFaults {
    package static func ofNew(_ object: Object, _ kind: Kind) -> [FieldError] {
        let report = Report()
        let metadata = Part(object, report).metadata
        MetadataRules.validate(metadata, form: .dnsSubdomain, isNamespaced: kind.isNamespaced)
        return report.errors
    }

    /// Of a change. As upstream does, every kind's look at it, and then the kind's own.
    package static func ofChange(_ object: Object, since old: Object, _ kind: Kind) -> [FieldError] {
        let report = Report()
        let (new, old) = (Part(object, report).metadata, Part(old, Report()).metadata)
        MetadataRules.validate(new, form: .pathSegment, isNamespaced: kind.isNamespaced)
        for _ in 0..<2 { MetadataRules.validateUpdate(new, old) }
        return report.errors
    }
}

/// Where a webhook is called: the rules that hold wherever one is configured.
package enum WebhookClients {
    /// Of an address or a service, exactly one: fields as `url` and `service.name`, empty for the whole.
    package static func faults(_ configuration: Object, checksBundle: Bool) -> [FieldError] {
        let report = Report()
        let client = Part(configuration, report)
        if client.url.isSet == client.service.isSet {
            client.required("must have a url or a service")
        } else if client.url.isSet {
            client.url.webhookURL()
        } else {
            client.service.webhookService()
        }
        if checksBundle, !client.caBundle.bytes.isEmpty, !PEM.areCertificates(client.caBundle.bytes) {
            client.caBundle.invalid("must be certificates in PEM")
        }
        return report.errors
    }

    /// Whether bytes are what `caBundle` may hold.
    package static func isBundle(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || PEM.areCertificates(bytes) }
}
