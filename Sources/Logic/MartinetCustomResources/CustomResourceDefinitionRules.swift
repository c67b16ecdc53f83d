package import MartinetAPI
import MartinetNearMiss
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
        for (name, field) in [(crd.metadata.generateName, "generateName"), (crd.metadata.name, "name")]
        where !name.isEmpty && name != "\(crd.spec.names.plural).\(crd.spec.group)" {
            report.invalid("metadata.\(field)", "must be spec.names.plural, a dot and spec.group")
        }
        checkSpec(crd, old: nil, &report)
        checkStoredVersions(crd, &report)
        checkApproval(crd, old: nil, &report)
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
        if isEstablished(old) {
            keep(crd.spec.scope, old.spec.scope, "spec.scope")
            keep(crd.spec.names.kind, old.spec.names.kind, "spec.names.kind")
        }
        keep(crd.spec.group, old.spec.group, "spec.group")
        keep(crd.spec.names.plural, old.spec.names.plural, "spec.names.plural")
        checkStoredVersions(crd, &report)
        checkApproval(crd, old: old, &report)
        if report.errors.isEmpty { checkCompiles(crd, &report) }
        return report.errors
    }

    package static func validateStatusUpdate(_ crd: CustomResourceDefinition) -> [FieldError] {
        var report = RuleReport()
        NameRules.check(crd.status.acceptedNames, "status.acceptedNames", &report)
        return report.errors
    }

    // MARK: - The specification

    private static func isEstablished(_ crd: CustomResourceDefinition) -> Bool {
        crd.status.conditions.contains { $0.type == "Established" && $0.status == "True" }
    }

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
            if DefaultRules.hasDefaults(spec) {
                report.invalid("spec.preserveUnknownFields", "must be false where the schema has defaults")
            }
            if let strategy = spec.conversion?.strategy, strategy != "None" {
                report.invalid("spec.conversion.strategy", "must be None beside spec.preserveUnknownFields")
            }
        }
        checkVersions(spec, old: old?.spec, &report)
        checkConversion(spec.conversion, old: old, &report)
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
                let path = sharesSelectable ? "spec.selectableFields" : "\(path).selectableFields"
                // Fields of all versions need a schema of all versions, and those of one a schema of its own.
                if sharesSelectable != sharesSchema, !version.selectableFields.isEmpty {
                    report.invalid(path, "needs a schema that as many versions share as share these fields")
                } else if version.schema?.openAPIV3Schema == nil, !sharesSelectable, !version.selectableFields.isEmpty {
                    report.invalid(path, "needs a schema")
                } else {
                    VersionRules.checkSelectable(version, path, &report)
                }
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

    private static func checkConversion(
        _ conversion: CustomResourceConversion?, old: CustomResourceDefinition?, _ report: inout RuleReport
    ) {
        guard let conversion else { return }
        let path = "spec.conversion"
        report.choice(conversion.strategy, ["None", "Webhook"], "\(path).strategy")
        let client = conversion.webhook?.clientConfig
        let versions = conversion.webhook?.conversionReviewVersions ?? []
        guard conversion.strategy == "Webhook" else {
            if client != nil { report.forbidden("\(path).webhookClientConfig", "the strategy is not Webhook") }
            if !versions.isEmpty {
                report.forbidden("\(path).conversionReviewVersions", "the strategy is not Webhook")
            }
            return
        }
        if let client {
            let before = old?.spec.conversion?.webhook?.clientConfig?.caBundle ?? []
            let checksBundle = old.map { isEstablished($0) && WebhookClients.isBundle(before) } ?? false
            for fault in WebhookClients.faults(client.object, checksBundle: checksBundle) {
                let place = fault.field.isEmpty ? "" : ".\(fault.field)"
                report.add(fault.reason, "\(path).webhookClientConfig\(place)", fault.message)
            }
        } else {
            report.required("\(path).webhookClientConfig", "the strategy is Webhook")
        }
        let known = old?.spec.conversion?.webhook?.conversionReviewVersions ?? []
        checkReviewVersions(
            versions, "\(path).conversionReviewVersions", &report,
            needsKnown: known.isEmpty || !reviewVersions.isDisjoint(with: known))
    }

    private static let reviewVersions: Set<String> = ["v1", "v1beta1"]

    private static func checkReviewVersions(
        _ versions: [String], _ path: String, _ report: inout RuleReport, needsKnown: Bool
    ) {
        guard !versions.isEmpty else { return report.required(path, "v1 or v1beta1") }
        var seen: Set<String> = []
        for (index, version) in versions.enumerated() {
            if !seen.insert(version).inserted {
                report.invalid("\(path)[\(index)]", "\(version) is there already")
            } else if !Names.isLabel1035(version) {
                report.invalid("\(path)[\(index)]", "must be a DNS label that starts with a letter")
            }
        }
        if needsKnown, seen.isDisjoint(with: reviewVersions) { report.invalid(path, "must have v1 or v1beta1") }
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
        for (index, name) in stored.enumerated()
        where stored.lastIndex(of: name) == index && !crd.spec.versions.contains(where: { $0.name == name }) {
            report.invalid(
                "status.storedVersions[\(index)]",
                "\(name) is missing from spec.versions and may still be in the store")
        }
    }

    private enum Approval { case missing, bypassed, approved, malformed }

    private static func approval(_ crd: CustomResourceDefinition) -> Approval {
        guard let text = crd.metadata.annotations[approvalKey], !text.isEmpty else { return .missing }
        if text.hasPrefix("unapproved") { return .bypassed }
        guard URIText.isRequestURI(text), let slashes = text.firstRange(of: "://"), slashes.lowerBound > text.startIndex
        else { return .malformed }
        let host = text[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return host.isEmpty ? .malformed : .approved
    }

    private static let approvalKey = "api-approved.kubernetes.io"

    /// Groups of Kubernetes itself are for approved definitions. An update that leaves it as it was passes.
    private static func checkApproval(
        _ crd: CustomResourceDefinition, old: CustomResourceDefinition?, _ report: inout RuleReport
    ) {
        let group = crd.spec.group
        let isOwn =
            group == "k8s.io" || group == "kubernetes.io" || group.hasSuffix(".k8s.io")
            || group.hasSuffix(".kubernetes.io")
        let state = approval(crd)
        guard isOwn, old.map({ approval($0) != state }) ?? true else { return }
        let path = "metadata.annotations[\(approvalKey)]"
        switch state {
        case .missing:
            report.required(path, "protected groups need an approval: the address of a review, or unapproved")
        case .malformed: report.invalid(path, "must be the address of a review, or begin with unapproved")
        case .approved, .bypassed: break
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
    mutating func invalid(_ field: String, _ why: String) { add(.invalid, field, why) }
    mutating func required(_ field: String, _ why: String = "") {
        add(.required, field, why.isEmpty ? "must be set" : why)
    }
    mutating func forbidden(_ field: String, _ why: String) { add(.forbidden, field, why) }

    /// A value that must be one of several, and is not nothing.
    mutating func oneOf(_ value: String, _ choices: [String], _ field: String) {
        if !choices.contains(value) {
            let question = NearMiss.question(for: value, among: choices)
            add(.notSupported, field, "must be one of \(choices.joined(separator: ", ")), not \"\(value)\"\(question)")
        }
    }

    /// A value that must be one of several.
    mutating func choice(_ value: String, _ choices: [String], _ field: String) {
        if value.isEmpty { required(field) } else { oneOf(value, choices, field) }
    }
}
