import MartinetSchema
import MartinetStrategies
import MartinetVersions

/// The rules of a version that is not the stored one: those of the stored one, applied to the object as it would be stored.
///
/// Fields in errors are called as in the stored version.
struct ConvertingStrategy: Strategy {
    private let kind: Kind
    private let storage: Kind
    private let rules: any Strategy

    init(kind: Kind, storage: Kind, rules: any Strategy) {
        self.kind = kind
        self.storage = storage
        self.rules = rules
    }

    private func stored(_ object: Object) -> Object { Versions.convert(object, to: storage) }

    private func changing(_ object: inout Object, _ change: (inout Object) -> Void) {
        let before = stored(object)
        var changed = before
        change(&changed)
        // What the stored version cannot say stays where nothing else changes.
        if changed != before { object = Versions.convert(changed, to: kind) }
    }

    func setDefaults(_ object: inout Object) {
        changing(&object) {
            Defaults.apply(to: &$0)
            rules.setDefaults(&$0)
        }
    }

    func prepareForCreate(_ object: inout Object) { changing(&object) { rules.prepareForCreate(&$0) } }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        let old = stored(old)
        changing(&object) { rules.prepareForUpdate(&$0, old: old) }
    }

    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        let old = stored(old)
        changing(&object) { rules.prepareForStatusUpdate(&$0, old: old) }
    }

    func validate(_ object: Object) -> [FieldError] { rules.validate(stored(object)) }

    func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        rules.validateUpdate(stored(object), old: stored(old))
    }

    func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        rules.validateStatusUpdate(stored(object), old: stored(old))
    }

    func prepare(_ object: inout Object, old: Object, through subresource: String) {
        let old = stored(old)
        changing(&object) { rules.prepare(&$0, old: old, through: subresource) }
    }

    func validate(_ object: Object, old: Object, through subresource: String) -> [FieldError] {
        rules.validate(stored(object), old: stored(old), through: subresource)
    }

    func warnings(_ object: Object, old: Object?) -> [String] { rules.warnings(stored(object), old: old.map(stored)) }

    var hasGeneration: Bool { rules.hasGeneration }
    var allowsCreateOnUpdate: Bool { rules.allowsCreateOnUpdate }
    var requiresResourceVersionOnUpdate: Bool { rules.requiresResourceVersionOnUpdate }

    func selectableFields(_ object: Object) -> [(path: String, value: String)] {
        GenericStrategy(kind: kind).selectableFields(object)
    }
}
