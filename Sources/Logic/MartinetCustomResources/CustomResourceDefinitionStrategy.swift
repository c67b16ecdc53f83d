import MartinetAPI
package import MartinetSchema
package import MartinetStrategies

/// The strategy of the kind CustomResourceDefinition itself.
package struct CustomResourceDefinitionStrategy: Strategy {
    package init() {}

    package func setDefaults(_ object: inout Object) {
        change(&object) { CustomResourceDefinitionRules.setDefaults(&$0) }
    }

    package func prepareForCreate(_ object: inout Object) {
        change(&object) { crd in
            crd.status = CustomResourceDefinitionStatus()
            CustomResourceDefinitionRules.noteStoredVersion(&crd)
        }
    }

    package func prepareForUpdate(_ object: inout Object, old: Object) {
        change(&object) { crd in
            crd.status = CustomResourceDefinition(object: old).status
            CustomResourceDefinitionRules.noteStoredVersion(&crd)
        }
    }

    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        let status = CustomResourceDefinition(object: object).status
        var crd = CustomResourceDefinition(object: old)
        crd.status = status
        object = crd.object
    }

    package func validate(_ object: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validate(CustomResourceDefinition(object: object))
    }

    package func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validateUpdate(
            CustomResourceDefinition(object: object), old: CustomResourceDefinition(object: old))
    }

    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validateStatusUpdate(CustomResourceDefinition(object: object))
    }

    package func warnings(_ object: Object, old: Object?) -> [String] {
        FormatWarnings.texts(
            CustomResourceDefinition(object: object), old: old.map { CustomResourceDefinition(object: $0) })
    }

    package var hasGeneration: Bool { true }
    package var allowsCreateOnUpdate: Bool { false }
    package var requiresResourceVersionOnUpdate: Bool { true }
    package func selectableFields(_ object: Object) -> [(path: String, value: String)] { [] }

    private func change(_ object: inout Object, _ body: (inout CustomResourceDefinition) -> Void) {
        var crd = CustomResourceDefinition(object: object)
        body(&crd)
        object = crd.object
    }
}
