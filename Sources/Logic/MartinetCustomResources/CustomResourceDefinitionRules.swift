package import MartinetAPI
import MartinetSchema
package import MartinetStrategies

/// What a CustomResourceDefinition must be to be served.
///
/// Paths are upstream's: what all versions have in common is reported under `spec.validation`, `spec.subresources`,
/// `spec.additionalPrinterColumns` and `spec.selectableFields`, where its internal form keeps it.
/// Source: apiextensions' validation.go, v1.36.
package enum CustomResourceDefinitionRules {
    /// Fills in what the names and the storage version imply. Does not change a definition that has it.
    package static func setDefaults(_ crd: inout CustomResourceDefinition) {
        if crd.spec.names.singular.isEmpty { crd.spec.names.singular = crd.spec.names.kind.lowercased() }
        if crd.spec.names.listKind.isEmpty, !crd.spec.names.kind.isEmpty {
            crd.spec.names.listKind = crd.spec.names.kind + "List"
        }
        if crd.spec.conversion == nil { crd.spec.conversion = CustomResourceConversion { $0.strategy = "None" } }
        if crd.status.storedVersions.isEmpty { noteStoredVersion(&crd) }
    }

    /// Objects are from now on stored in the storage version: it counts among those that are in the store.
    package static func noteStoredVersion(_ crd: inout CustomResourceDefinition) {
        guard let storage = crd.spec.versions.first(where: { $0.storage }) else { return }
        if !crd.status.storedVersions.contains(storage.name) { crd.status.storedVersions.append(storage.name) }
    }

    package static func validate(_ crd: CustomResourceDefinition) -> [FieldError] {
        var report = RuleReport()
        if crd.metadata.name != "\(crd.spec.names.plural).\(crd.spec.group)" {
            report.invalid("metadata.name", "must be spec.names.plural, a dot and spec.group")
        }
        checkSpec(crd, old: nil, &report)
        checkStoredVersions(crd, &report)
        checkApproval(crd, &report)
        if report.errors.isEmpty { checkCompiles(crd, &report) }
        return report.errors
    }

    package static func validateUpdate(
        _ crd: CustomResourceDefinition, old: CustomResourceDefinition
    ) -> [FieldError] {
        var report = RuleReport()
        checkSpec(crd, old: old, &report)
        func keep(_ new: String, _ old: String, _ path: String) {
            if new != old { report.invalid(path, "the field is immutable") }
        }
        if old.status.conditions.contains(where: { $0.type == "Established" && $0.status == "True" }) {
            keep(crd.spec.scope, old.spec.scope, "spec.scope")
            keep(crd.spec.names.kind, old.spec.names.kind, "spec.names.kind")
        }
        keep(crd.spec.group, old.spec.group, "spec.group")
        keep(crd.spec.names.plural, old.spec.names.plural, "spec.names.plural")
        checkStoredVersions(crd, &report)
        if report.errors.isEmpty { checkCompiles(crd, &report) }
        return report.errors
    }

    package static func validateStatusUpdate(_ crd: CustomResourceDefinition) -> [FieldError] {
        var report = RuleReport()
        NameRules.check(crd.status.acceptedNames, "status.acceptedNames", &report)
        return report.errors
    }

    // MARK: - The specification

    private static func checkSpec(
        _ crd: CustomResourceDefinition, old: CustomResourceDefinition?, _ report: inout RuleReport
    ) {
        let spec = crd.spec
        if spec.group.isEmpty {
            report.required("spec.group")
        } else if !Names.isSubdomain(spec.group) {
            report.invalid("spec.group", "must be a DNS subdomain in lower case")
        } else if !spec.group.contains(".") {
            report.invalid("spec.group", "must be a domain with at least one dot")
        }
        report.choice(spec.scope, ["Cluster", "Namespaced"], "spec.scope")
        if spec.preserveUnknownFields {
            report.invalid(
                "spec.preserveUnknownFields", "must be false: set x-kubernetes-preserve-unknown-fields in the schema")
        }
        checkVersions(spec, old: old?.spec, &report)
        checkConversion(spec.conversion, &report)
        let names = spec.names
        if names.plural.isEmpty { report.required("spec.names.plural") }
        if names.singular.isEmpty { report.required("spec.names.singular") }
        if names.kind.isEmpty { report.required("spec.names.kind") }
        if names.listKind.isEmpty { report.required("spec.names.listKind") }
        NameRules.check(names, "spec.names", &report)
        NameRules.check(crd.status.acceptedNames, "status.acceptedNames", &report)
    }

    private static func checkVersions(
        _ spec: CustomResourceDefinitionSpec, old: CustomResourceDefinitionSpec?, _ report: inout RuleReport
    ) {
        let versions = Array(spec.versions)
        func isStored(_ version: CustomResourceDefinitionVersion) -> Bool {
            old?.versions.contains { $0.name == version.name && $0.schema == version.schema } ?? false
        }
        if versions.count(where: \.storage) != 1 {
            report.invalid("spec.versions", "exactly one version must be the storage version")
        }
        if Set(versions.map(\.name)).count != versions.count {
            report.invalid("spec.versions", "names of versions must be unique")
        }
        if let first = versions.first, !first.name.isEmpty, !Names.isLabel1035(first.name) {
            report.invalid("spec.version", "must be a DNS label that starts with a letter")
        }
        func isShared<Part: Equatable>(_ part: (CustomResourceDefinitionVersion) -> Part) -> Bool {
            versions.allSatisfy { part($0) == part(versions[0]) }
        }
        let sharesSchema = isShared(\.schema)
        let sharesSubresources = isShared(\.subresources)
        let sharesColumns = isShared { $0.additionalPrinterColumns }
        let sharesSelectable = isShared { $0.selectableFields }
        let hasStatus = versions.contains { $0.subresources?.status != nil }
        for (index, version) in versions.enumerated() {
            let path = "spec.versions[\(index)]"
            if !Names.isLabel1035(version.name) {
                report.invalid("\(path).name", "must be a DNS label that starts with a letter")
            }
            checkDeprecation(version, path, &report)
            if version.schema?.openAPIV3Schema == nil { report.required("\(path).schema.openAPIV3Schema") }
            if !sharesSchema || index == 0 {
                let base = sharesSchema ? "spec.validation" : "\(path).schema"
                let isStatusApart = sharesSchema ? hasStatus : version.subresources?.status != nil
                if let schema = version.schema?.openAPIV3Schema {
                    var rules = StructuralRules()
                    rules.checkRoot(
                        schema, "\(base).openAPIV3Schema", hasStatus: isStatusApart, isStored: isStored(version))
                    report.errors += rules.report.errors
                }
            }
            if !sharesSubresources || index == 0 {
                VersionRules.checkScale(
                    version.subresources?.scale, sharesSubresources ? "spec.subresources" : "\(path).subresources",
                    &report)
            }
            if !sharesColumns || index == 0 {
                VersionRules.checkColumns(
                    version.additionalPrinterColumns,
                    sharesColumns ? "spec.additionalPrinterColumns" : "\(path).additionalPrinterColumns", &report)
            }
            if !sharesSelectable || index == 0 {
                VersionRules.checkSelectable(
                    version, sharesSelectable ? "spec.selectableFields" : "\(path).selectableFields", &report)
            }
        }
    }

    private static func checkDeprecation(
        _ version: CustomResourceDefinitionVersion, _ path: String, _ report: inout RuleReport
    ) {
        guard let warning = version.deprecationWarning else { return }
        let path = "\(path).deprecationWarning"
        if !version.deprecated { return report.invalid(path, "can only be set for deprecated versions") }
        if warning.utf8.count > 256 { report.invalid(path, "must be at most 256 characters long") }
        if warning.isEmpty { report.invalid(path, "must not be an empty string") }
        if warning.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            report.invalid(path, "must only contain printable characters")
        }
    }

    private static func checkConversion(_ conversion: CustomResourceConversion?, _ report: inout RuleReport) {
        guard let conversion else { return }
        report.choice(conversion.strategy, ["None", "Webhook"], "spec.conversion.strategy")
        if conversion.strategy == "Webhook" {
            checkWebhook(conversion.webhook, &report)
        } else if let webhook = conversion.webhook {
            if webhook.clientConfig != nil {
                report.add(.forbidden, "spec.conversion.webhookClientConfig", "Forbidden: the strategy is not Webhook")
            }
            if !webhook.conversionReviewVersions.isEmpty {
                report.add(
                    .forbidden, "spec.conversion.conversionReviewVersions", "Forbidden: the strategy is not Webhook")
            }
        }
    }

    private static func checkWebhook(_ webhook: WebhookConversion?, _ report: inout RuleReport) {
        let place = "spec.conversion.webhookClientConfig"
        guard let config = webhook?.clientConfig else {
            report.required(place, "required when strategy is set to Webhook")
            return checkReviewVersions(webhook?.conversionReviewVersions ?? [], &report)
        }
        if (config.url == nil) == (config.service == nil) {
            report.required(place, "exactly one of url or service is required")
        } else if let url = config.url {
            let host = url.dropFirst("https://".count).prefix { $0 != "/" }
            if !url.hasPrefix("https://") || host.isEmpty {
                report.invalid("\(place).url", "must begin with https:// and have a host")
            }
            if host.contains("@") { report.invalid("\(place).url", "must not have a user") }
            if url.contains("?") || url.contains("#") {
                report.invalid("\(place).url", "must have neither query nor fragment")
            }
        } else if let service = config.service {
            if service.name.isEmpty { report.required("\(place).service.name") }
            if service.namespace.isEmpty { report.required("\(place).service.namespace") }
            if let port = service.port, !(1...65535).contains(port) {
                report.invalid("\(place).service.port", "must be between 1 and 65535")
            }
            if let path = service.path, !path.isEmpty, !path.hasPrefix("/") {
                report.invalid("\(place).service.path", "must begin with '/'")
            }
        }
        checkReviewVersions(webhook?.conversionReviewVersions ?? [], &report)
    }

    private static func checkReviewVersions(_ versions: [String], _ report: inout RuleReport) {
        let place = "spec.conversion.conversionReviewVersions"
        if versions.isEmpty { return report.required(place) }
        var seen: Set<String> = []
        for (index, version) in versions.enumerated() where !seen.insert(version).inserted {
            report.invalid("\(place)[\(index)]", "must be unique")
        }
        if seen.isDisjoint(with: ["v1", "v1beta1"]) { report.invalid(place, "must have v1 or v1beta1") }
    }

    /// Versions that objects in the store may be in must stay.
    private static func checkStoredVersions(_ crd: CustomResourceDefinition, _ report: inout RuleReport) {
        let stored = crd.status.storedVersions
        guard !stored.isEmpty else {
            return report.invalid("status.storedVersions", "must have at least one stored version")
        }
        var missing = Set(stored)
        for version in crd.spec.versions where missing.remove(version.name) == nil && version.storage {
            report.invalid("status.storedVersions", "must have the storage version \(version.name)")
        }
        for (index, name) in stored.enumerated() where !crd.spec.versions.contains(where: { $0.name == name }) {
            report.invalid(
                "status.storedVersions[\(index)]",
                "\(name) is missing from spec.versions and may still be in the store")
        }
    }

    /// Groups of Kubernetes itself are for approved definitions.
    private static func checkApproval(_ crd: CustomResourceDefinition, _ report: inout RuleReport) {
        let group = crd.spec.group
        guard
            group == "k8s.io" || group == "kubernetes.io" || group.hasSuffix(".k8s.io")
                || group.hasSuffix(".kubernetes.io")
        else { return }
        let key = "api-approved.kubernetes.io"
        let path = "metadata.annotations[\(key)]"
        guard let approval = crd.metadata.annotations[key], !approval.isEmpty else {
            return report.required(path, "protected groups need an approval: the address of a review, or unapproved")
        }
        guard !approval.hasPrefix("unapproved") else { return }
        if !approval.hasPrefix("https://") && !approval.hasPrefix("http://") {
            report.invalid(path, "must be the address of a review, or begin with unapproved")
        }
    }

    /// Whatever else stands in the way of serving it.
    private static func checkCompiles(_ crd: CustomResourceDefinition, _ report: inout RuleReport) {
        do throws(SchemaError) {
            _ = try CustomResourceCompiler.definitions(of: crd)
            for version in crd.spec.versions {
                guard let schema = version.schema?.openAPIV3Schema else { continue }
                _ = try SchemaRule(schema, place: version.name)
            }
        } catch {
            report.invalid("spec.versions", error.description)
        }
    }
}

/// The errors found so far, in the words of the API.
struct RuleReport {
    var errors: [FieldError] = []

    mutating func add(_ reason: FieldError.Reason, _ field: String, _ message: String) {
        errors.append(FieldError(reason, field, message, origin: "customResourceDefinition"))
    }
    mutating func invalid(_ field: String, _ why: String) { add(.invalid, field, "Invalid value: \(why)") }
    mutating func required(_ field: String, _ why: String = "") {
        add(.required, field, why.isEmpty ? "Required value" : "Required value: \(why)")
    }
    mutating func forbidden(_ field: String, _ why: String) { add(.forbidden, field, "Forbidden: \(why)") }

    /// A value that must be one of several.
    mutating func choice(_ value: String, _ choices: [String], _ field: String) {
        if value.isEmpty { return required(field) }
        if !choices.contains(value) {
            add(.notSupported, field, "Unsupported value: \(value): must be one of \(choices.joined(separator: ", "))")
        }
    }
}
