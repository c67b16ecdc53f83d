import MartinetSchema
import MartinetStrategies

/// The rules of roles and bindings: they are called by anything that fits into a path, such as `system:node`, and are made
/// by an update where there are none yet.
struct RoleStrategy: Strategy {
    let rules: any Strategy

    func setDefaults(_ object: inout Object) { rules.setDefaults(&object) }
    func prepareForCreate(_ object: inout Object) { rules.prepareForCreate(&object) }
    func prepareForUpdate(_ object: inout Object, old: Object) { rules.prepareForUpdate(&object, old: old) }
    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        rules.prepareForStatusUpdate(&object, old: old)
    }

    func validate(_ object: Object) -> [FieldError] {
        let name = object.part("metadata")?.text("name") ?? ""
        let fits = name != "." && name != ".." && !name.utf8.contains { $0 == 47 || $0 == 37 }
        return rules.validate(object).filter {
            $0.field != "metadata.name" || $0.reason == .required || !fits
        }
    }

    func validateUpdate(_ object: Object, old: Object) -> [FieldError] { rules.validateUpdate(object, old: old) }
    func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        rules.validateStatusUpdate(object, old: old)
    }

    var hasGeneration: Bool { rules.hasGeneration }
    var allowsCreateOnUpdate: Bool { true }
    var requiresResourceVersionOnUpdate: Bool { false }
    func selectableFields(_ object: Object) -> [(path: String, value: String)] { rules.selectableFields(object) }
}
