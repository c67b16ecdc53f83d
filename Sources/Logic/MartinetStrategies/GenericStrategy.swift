package import MartinetSchema

/// What holds for every kind: status belongs to `/status` and everything else does not, metadata has its rules, and
/// the schema its limits. What a kind adds are its `KindRules`.
package struct GenericStrategy: Strategy {
    private let kind: Kind
    private let rules: any KindRules
    private let preparation: KindPreparation

    package init(kind: Kind) { self.init(kind: kind, rules: NoRules()) }

    init(kind: Kind, rules: any KindRules) {
        self.kind = kind
        self.rules = rules
        preparation = KindPreparation.of(kind)
    }

    private var statusSlot: Int? {
        kind.subresources.contains { $0.name == "status" } ? kind.type.field(named: "status")?.slot : nil
    }

    package func setDefaults(_ object: inout Object) {
        TypeDefaults.apply(to: &object)
        rules.setDefaults(&object)
    }

    package func prepareForCreate(_ object: inout Object) {
        if let statusSlot, !rules.keepsStatusOnCreate { object[statusSlot] = nil }
        preparation.create(&object)
        Gates.drop(from: &object)
        rules.prepareForCreate(&object)
    }

    package func prepareForUpdate(_ object: inout Object, old: Object) {
        if let statusSlot { object[statusSlot] = old[statusSlot] }
        preparation.update(&object, old)
        Gates.drop(from: &object)
        rules.prepareForUpdate(&object, old: old)
    }

    /// Spec, and whatever else is not status, stays as it was; so do the labels' owners but not what metadata says.
    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        guard let statusSlot else { return }
        let metadataSlot = kind.type.field(named: "metadata")?.slot
        let (status, metadata) = (object[statusSlot], metadataSlot.flatMap { object[$0] })
        object = old
        object[statusSlot] = status
        if let metadataSlot, let metadata { object[metadataSlot] = metadata }
        Gates.drop(from: &object)
        preparation.statusUpdate(&object, old)
        rules.prepareForStatusUpdate(&object, old: old)
    }

    package func validate(_ object: Object) -> [FieldError] {
        var checker = Checker()
        MetadataRules.validate(object, form: rules.nameForm, kind: kind, checker: &checker)
        checker.append(DeclaredLimits.check(object))
        rules.validate(object, &checker)
        rules.validateCreate(object, &checker)
        return checker.errors
    }

    package func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        var checker = Checker()
        // Upstream checks metadata of what is updated twice, and says everything twice; so do we.
        MetadataRules.validate(object, form: .pathSegment, kind: kind, isUpdate: true, checker: &checker)
        MetadataRules.validateUpdate(object, old: old, kind: kind, checker: &checker)
        checker.append(DeclaredLimits.check(object))
        rules.validate(object, &checker)
        rules.validateUpdate(object, old: old, &checker)
        return checker.errors
    }

    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        var checker = Checker()
        MetadataRules.validate(object, form: .pathSegment, kind: kind, isUpdate: true, checker: &checker)
        MetadataRules.validateUpdate(object, old: old, kind: kind, checker: &checker)
        rules.validateStatusUpdate(object, old: old, &checker)
        return checker.errors
    }

    package var hasGeneration: Bool {
        rules.hasGeneration ?? preparation.hasGeneration ?? (statusSlot != nil && kind.type.field(named: "spec") != nil)
    }
    package var allowsCreateOnUpdate: Bool { rules.allowsCreateOnUpdate }
    package var requiresResourceVersionOnUpdate: Bool { rules.requiresResourceVersionOnUpdate }

    package func selectableFields(_ object: Object) -> [(path: String, value: String)] {
        kind.selectable.map { path in (path, Self.text(at: path.split(separator: ".")[...], in: .object(object))) }
    }

    private static func text(at path: ArraySlice<Substring>, in value: Value?) -> String {
        switch value {
        case .object(let object):
            guard let name = path.first, let field = object.type.field(named: String(name)) else { return "" }
            return text(at: path.dropFirst(), in: object[field.slot])
        case .string(let text): return text
        case .int(let number): return String(number)
        case .bool(let flag): return String(flag)
        default: return ""
        }
    }
}
