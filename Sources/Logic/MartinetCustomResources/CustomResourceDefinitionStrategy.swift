import MartinetAPI
package import MartinetSchema
package import MartinetStrategies

/// The strategy of the kind CustomResourceDefinition itself: the generic one, with the rules of definitions.
package enum CustomResourceDefinitionStrategy {
    package static func strategy(for kind: Kind) -> any Strategy {
        GenericStrategy(kind: kind, adding: DefinitionObjectRules())
    }
}

/// The rules of definitions over untyped objects.
struct DefinitionObjectRules: ObjectRules {
    func setDefaults(_ object: inout Object) { change(&object) { CustomResourceDefinitionRules.setDefaults(&$0) } }

    func prepareForCreate(_ object: inout Object) {
        change(&object) { CustomResourceDefinitionRules.noteStoredVersion(&$0) }
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        change(&object) { CustomResourceDefinitionRules.noteStoredVersion(&$0) }
    }

    func validate(_ object: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validate(CustomResourceDefinition(object: object))
    }

    func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validateUpdate(
            CustomResourceDefinition(object: object), old: CustomResourceDefinition(object: old))
    }

    func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        CustomResourceDefinitionRules.validateStatusUpdate(CustomResourceDefinition(object: object))
    }

    /// Formats that are only documentation, as far as an update brings them.
    func warnings(_ object: Object, old: Object?) -> [String] {
        let before = old.map { UnknownFormats.of(CustomResourceDefinition(object: $0)) } ?? []
        return UnknownFormats.of(CustomResourceDefinition(object: object)).filter { !before.contains($0) }
            .map { "unrecognized format \"\($0)\"" }
    }

    private func change(_ object: inout Object, _ body: (inout CustomResourceDefinition) -> Void) {
        var crd = CustomResourceDefinition(object: object)
        body(&crd)
        object = crd.object
    }
}

/// The formats in a definition's schemas that nothing checks.
enum UnknownFormats {
    static func of(_ crd: CustomResourceDefinition) -> [String] {
        var found: [String] = []
        for version in crd.spec.versions {
            if let schema = version.schema?.openAPIV3Schema { collect(schema, &found, depth: 0) }
        }
        return found
    }

    private static func collect(_ schema: JSONSchemaProps, _ found: inout [String], depth: Int) {
        guard depth < SchemaRule.depthMax else { return }
        if !schema.format.isEmpty, !ValueFormat.isKnown(schema.format, type: schema.type) {
            found.append(schema.format)
        }
        var inner: [JSONSchemaProps] = schema.properties.sorted { $0.key.precedes($1.key) }.map(\.value)
        inner += [schema.items?.schema, schema.additionalProperties?.schema, schema.not].compactMap { $0 }
        for junctor in [schema.allOf, schema.anyOf, schema.oneOf] { inner += junctor }
        for schema in inner { collect(schema, &found, depth: depth + 1) }
    }
}
