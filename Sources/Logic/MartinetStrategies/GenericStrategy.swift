package import MartinetSchema

/// What holds for every kind: status belongs to `/status` and everything else does not, metadata has its rules, and
/// the schema its limits. What a kind adds are its `KindRules`.
package struct GenericStrategy: Strategy {
    private let kind: Kind
    private let rules: any KindRules
    private let preparation: KindPreparation
    private let isNamespaced: Bool
    /// Where the status lies that a subresource alone can change; nil where there is none.
    private let statusSlot: Int?
    /// Whether finalizers without a prefix must be Kubernetes' own: not where the kind comes from another API server.
    private let isCounted: Bool

    package init(kind: Kind) { self.init(kind: kind, rules: NoRules()) }
    package init(kind: Kind, adding rules: any ObjectRules) { self.init(kind: kind, rules: AdaptedRules(rules: rules)) }

    init(kind: Kind, rules: any KindRules) {
        self.kind = kind
        self.rules = rules
        preparation = KindPreparation.of(kind)
        let hasStatus = kind.subresources.contains { $0.name == "status" }
        statusSlot = hasStatus ? kind.type.field(named: "status")?.slot : nil
        isCounted =
            !rules.namesFinalizersFreely && !kind.protobufPackage.isEmpty && kind.group != "apiextensions.k8s.io"
        isNamespaced = kind.isNamespaced
    }

    package func setDefaults(_ object: inout Object) {
        TypeDefaults.apply(to: &object)
        rules.setDefaults(&object)
    }

    package func prepareForCreate(_ object: inout Object) {
        MetadataRules.dropRepeatedOwners(&object)
        if let statusSlot, !rules.keepsStatusOnCreate { object[statusSlot] = nil }
        preparation.create(&object)
        rules.prepareForCreate(&object)
        Gates.drop(from: &object)
    }

    package func prepareForUpdate(_ object: inout Object, old: Object) {
        MetadataRules.dropRepeatedOwners(&object)
        if let statusSlot { object[statusSlot] = old[statusSlot] }
        preparation.update(&object, old)
        rules.prepareForUpdate(&object, old: old)
        Gates.drop(from: &object)
    }

    /// Spec, and whatever else is not status, stays as it was; so do the labels' owners but not what metadata says.
    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        MetadataRules.dropRepeatedOwners(&object)
        guard let statusSlot else { return }
        let metadataSlot = kind.type.field(named: "metadata")?.slot
        let (status, metadata) = (object[statusSlot], metadataSlot.flatMap { object[$0] })
        object = old
        object[statusSlot] = status
        if let metadataSlot, let metadata { object[metadataSlot] = metadata }
        Gates.drop(from: &object)
        rules.prepareForStatusUpdate(&object, old: old)
    }

    package func prepare(_ object: inout Object, old: Object, through subresource: String) {
        rules.subresource(subresource)?.prepare(&object, old: old)
    }

    // MARK: - Judging

    package func validate(_ object: Object) -> [FieldError] {
        let report = Report()
        let new = Part(object, report)
        if rules.isNamed, rules.looksAtNewMetadata { kindsMetadata(new.metadata) }
        rules.validate(new)
        rules.validateCreate(new)
        if report.errors.isEmpty, rules.isNamed {
            MetadataRules.validate(new.metadata, form: .pathSegment, isNamespaced: isNamespaced)
        }
        return report.errors
    }

    package func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        judge(object, old, rules.metadataOnUpdate) { new, old in
            rules.validate(new)
            rules.validateUpdate(new, old)
        }
    }

    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        judge(object, old, .changes) { rules.validateStatusUpdate($0, $1) }
    }

    package func validate(_ object: Object, old: Object, through subresource: String) -> [FieldError] {
        guard let own = rules.subresource(subresource) else { return [] }
        return judge(object, old, .changes) { own.validate($0, $1) }
    }

    private func judge(
        _ object: Object, _ old: Object, _ metadata: MetadataOnUpdate, _ check: (Part, Part) -> Void
    ) -> [FieldError] {
        let report = Report()
        let (new, old) = (Part(object, report), Part(old, Report()))
        // Every kind's metadata is looked at, and then the kind looks once more: what is wrong is said twice.
        MetadataRules.validate(new.metadata, form: .pathSegment, isNamespaced: isNamespaced)
        MetadataRules.validateUpdate(new.metadata, old.metadata)
        if metadata == .changes || metadata == .everything {
            MetadataRules.validateUpdate(new.metadata, old.metadata)
            if isCounted { MetadataRules.finalizerNames(new.metadata) }
        }
        if metadata == .form || metadata == .everything { kindsMetadata(new.metadata) }
        check(new, old)
        return report.errors
    }

    private func kindsMetadata(_ metadata: Part) {
        MetadataRules.validate(metadata, form: rules.nameForm, isNamespaced: isNamespaced)
        if isCounted { MetadataRules.finalizerNames(metadata) }
    }

    package func warnings(_ object: Object, old: Object?) -> [String] {
        let report = Report()
        rules.warn(Part(object, report), old.map { Part($0, Report()) })
        return report.warnings
    }

    // MARK: - What the API server asks

    package var hasGeneration: Bool {
        preparation.hasGeneration ?? (statusSlot != nil && kind.type.field(named: "spec") != nil)
    }
    package var allowsCreateOnUpdate: Bool { KindTraits.madeByUpdate.contains("\(kind.group)/\(kind.name)") }
    package var requiresResourceVersionOnUpdate: Bool {
        KindTraits.versioned.contains("\(kind.group)/\(kind.name)")
    }

    package func selectableFields(_ object: Object) -> [(path: String, value: String)] {
        kind.selectable.map { path in
            let places = Self.otherPlaces[path] ?? [path]
            for place in places.dropLast() {
                let text = Self.text(at: place.split(separator: ".")[...], in: object)
                if !text.isEmpty { return (path, text) }
            }
            return (path, Self.text(at: (places.last ?? path).split(separator: ".")[...], in: object))
        }
    }

    /// What can be selected under a name that is no field's: the first of these that says something.
    private static let otherPlaces = [
        "status.successful": ["status.succeeded"], "source": ["source.component", "reportingComponent"],
    ]

    /// As upstream prints it into the fields that are selected by: what is absent has its type's zero.
    private static func text(at path: ArraySlice<Substring>, in object: Object) -> String {
        guard let name = path.first, let field = object.type.field(named: String(name)) else { return "" }
        switch object[field.slot] {
        case .object(let inner): return text(at: path.dropFirst(), in: inner)
        case .string(let text): return text
        case .int(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .list(let values): return values.compactMap(address).joined(separator: ",")
        default: break
        }
        guard field.container == .single else { return "" }
        switch field.scalar {
        case .bool: return "false"
        case .int32, .int64: return "0"
        case .object: return field.type.map { text(at: path.dropFirst(), in: Object(type: $0)) } ?? ""
        default: return ""
        }
    }

    /// An element of `status.podIPs`, the only list there is.
    private static func address(_ value: Value) -> String? {
        guard case .object(let element) = value, let field = element.type.field(named: "ip"),
            case .string(let text) = element[field.slot]
        else { return nil }
        return text
    }
}
