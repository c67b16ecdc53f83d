import MartinetAPI
import MartinetRegularExpressions
import MartinetSchema
import MartinetStrategies

/// What makes a schema structural: every field has one type, said once, outside of the junctors.
///
/// Source: apiextensions' schema/validation.go and schema/complete.go, v1.36.
struct StructuralRules {
    var report = RuleReport()

    private enum Level { case root, item, field }

    /// - Parameter isStored: whether the same schema is stored already: what its rules cost is accepted then.
    mutating func checkRoot(_ schema: JSONSchemaProps, _ path: String, hasStatus: Bool, isStored: Bool) {
        if hasStatus { checkRootWithStatus(schema, path) }
        if schema.nullable { report.forbidden("\(path).nullable", "the root cannot be null") }
        let before = report.errors.count
        checkInvariants(schema, .root, path, depth: 0)
        checkCompleteness(schema, path, depth: 0)
        if report.errors.count == before {
            var defaults = DefaultRules()
            defaults.check(schema, path, isRoot: true, depth: 0)
            report.errors += defaults.report.errors
        }
        let isStructural = report.errors.count == before
        var keywords = KeywordRules()
        keywords.check(schema, path, KeywordRules.Place(isRoot: true), depth: 0)
        report.errors += keywords.report.errors
        if isStructural {
            report.errors += ExpressionDefinitionRules.check(
                schema, path, otherErrors: keywords.report.errors, ignoresCosts: isStored)
        }
    }

    /// With status apart, the root says no more than which properties there are.
    private mutating func checkRootWithStatus(_ schema: JSONSchemaProps, _ path: String) {
        // As far as fields come before the type, they are told first.
        let isNamed = !schema.id.isEmpty || !schema.dollarSchema.isEmpty || schema.dollarRef != nil
        if !schema.type.isEmpty, schema.type != "object", !isNamed {
            return report.invalid("\(path).type", "must be object at the root where status is a subresource")
        }
        let allowed: Set<String> = [
            "description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
            "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required",
            "items", "properties", "externalDocs", "example", "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-validations",
        ]
        let fields = JSONSchemaProps.type.fields
        for field in fields where schema.object[field.slot] != nil && !allowed.contains(field.name) {
            return report.invalid(path, "\(field.name) is not allowed at the root where status is a subresource")
        }
    }

    private static func keepsUnknown(_ schema: JSONSchemaProps) -> Bool {
        schema.x_kubernetes_preserve_unknown_fields == true
    }

    private mutating func checkInvariants(_ schema: JSONSchemaProps, _ level: Level, _ path: String, depth: Int) {
        guard depth < SchemaRule.depthMax else { return report.invalid(path, "the schema nests too deeply") }
        if schema.type == "array", schema.items?.schema == nil { report.required("\(path).items") }
        if let items = schema.items?.schema { checkInvariants(items, .item, "\(path).items", depth: depth + 1) }
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            checkInvariants(property, .field, "\(path).properties[\(name)]", depth: depth + 1)
        }
        if let additional = schema.additionalProperties {
            if level == .root { report.forbidden("\(path).additionalProperties", "must not be used at the root") }
            if let nested = additional.schema {
                checkInvariants(nested, .field, "\(path).additionalProperties", depth: depth + 1)
            }
        }
        let keeps = StructuralRules.keepsUnknown(schema)
        if schema.x_kubernetes_int_or_string, keeps {
            report.invalid(
                "\(path).x-kubernetes-preserve-unknown-fields", "must be false beside x-kubernetes-int-or-string")
        }
        if schema.x_kubernetes_int_or_string, schema.x_kubernetes_embedded_resource {
            report.invalid(
                "\(path).x-kubernetes-embedded-resource", "must be false beside x-kubernetes-int-or-string")
        }
        checkJunctors(
            schema, path, skipAnyOf: StructuralRules.isIntOrString(Array(schema.anyOf)),
            skipFirstAllOf: schema.allOf.first.map { StructuralRules.isIntOrString(Array($0.anyOf)) } ?? false,
            depth: depth)
        checkType(schema, level, path)
        checkMetadata(schema, level, path)
    }

    private mutating func checkType(_ schema: JSONSchemaProps, _ level: Level, _ path: String) {
        let keeps = StructuralRules.keepsUnknown(schema)
        if schema.x_kubernetes_embedded_resource {
            let why = "must be object where x-kubernetes-embedded-resource is true"
            if schema.type.isEmpty {
                report.required("\(path).type", why)
            } else if schema.type != "object" {
                report.invalid("\(path).type", why)
            }
            if schema.additionalProperties != nil {
                report.forbidden("\(path).additionalProperties", "must not be used in an embedded resource")
            }
            if !keeps, schema.properties.isEmpty {
                report.required(
                    "\(path).properties", "an embedded resource needs some, or x-kubernetes-preserve-unknown-fields")
            }
        } else if schema.type.isEmpty, !schema.x_kubernetes_int_or_string, !keeps {
            report.required("\(path).type", "every field, item and root needs one")
        }
        if level == .root, !schema.type.isEmpty, schema.type != "object" {
            report.invalid("\(path).type", "must be object at the root")
        }
    }

    private mutating func checkMetadata(_ schema: JSONSchemaProps, _ level: Level, _ path: String) {
        guard level == .root || schema.x_kubernetes_embedded_resource else { return }
        let properties = schema.properties
        for name in ["kind", "apiVersion"] {
            if let type = properties[name]?.type, type != "string" {
                report.invalid("\(path).properties[\(name)].type", "must be string")
            }
        }
        guard let metadata = properties["metadata"] else { return }
        let path = "\(path).properties[metadata]"
        if metadata.type != "object" { report.invalid("\(path).type", "must be object") }
        guard level == .root else { return }
        var rest = metadata
        if Set(rest.properties.keys).isSubset(of: ["name", "generateName"]) { rest.properties = [:] }
        rest.type = ""
        rest.description = ""
        rest.default = nil
        if !rest.object.isEmpty {
            report.forbidden(path, "only name and generateName may be restricted, the rest of metadata is given")
        }
    }

    private static func isIntOrString(_ schemas: [JSONSchemaProps]) -> Bool {
        schemas.count == 2 && schemas[0] == JSONSchemaProps { $0.type = "integer" }
            && schemas[1] == JSONSchemaProps { $0.type = "string" }
    }

    // MARK: - Junctors

    private mutating func checkJunctors(
        _ schema: JSONSchemaProps, _ path: String, skipAnyOf: Bool, skipFirstAllOf: Bool, depth: Int
    ) {
        if !skipAnyOf {
            for (index, nested) in schema.anyOf.enumerated() {
                checkNested(nested, "\(path).anyOf[\(index)]", skipAnyOf: false, depth: depth + 1)
            }
        }
        for (index, nested) in schema.allOf.enumerated() {
            checkNested(
                nested, "\(path).allOf[\(index)]", skipAnyOf: skipFirstAllOf && index == 0, depth: depth + 1)
        }
        for (index, nested) in schema.oneOf.enumerated() {
            checkNested(nested, "\(path).oneOf[\(index)]", skipAnyOf: false, depth: depth + 1)
        }
        if let not = schema.not { checkNested(not, "\(path).not", skipAnyOf: false, depth: depth + 1) }
        guard !schema.pattern.isEmpty else { return }
        do throws(RegularExpressionError) {
            _ = try RegularExpression(schema.pattern)
        } catch {
            report.invalid("\(path).pattern", "must be a regular expression: \(error.message)")
        }
    }

    /// Inside a junctor there are only limits: no types, no defaults, nothing that shapes the object.
    private mutating func checkNested(_ schema: JSONSchemaProps, _ path: String, skipAnyOf: Bool, depth: Int) {
        guard depth < SchemaRule.depthMax else { return report.invalid(path, "the schema nests too deeply") }
        checkJunctors(schema, path, skipAnyOf: skipAnyOf, skipFirstAllOf: false, depth: depth)
        if let items = schema.items?.schema {
            checkNested(items, "\(path).items", skipAnyOf: false, depth: depth + 1)
        }
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            checkNested(property, "\(path).properties[\(name)]", skipAnyOf: false, depth: depth + 1)
        }
        let shaping: [(String, Bool)] = [
            ("type", !schema.type.isEmpty), ("additionalProperties", schema.additionalProperties != nil),
            ("default", schema.default != nil), ("title", !schema.title.isEmpty),
            ("description", !schema.description.isEmpty), ("nullable", schema.nullable),
            ("x-kubernetes-preserve-unknown-fields", StructuralRules.keepsUnknown(schema)),
            ("x-kubernetes-embedded-resource", schema.x_kubernetes_embedded_resource),
            ("x-kubernetes-int-or-string", schema.x_kubernetes_int_or_string),
            ("x-kubernetes-list-map-keys", !schema.x_kubernetes_list_map_keys.isEmpty),
            ("x-kubernetes-list-type", schema.x_kubernetes_list_type != nil),
            ("x-kubernetes-map-type", schema.x_kubernetes_map_type != nil),
            ("x-kubernetes-validations", !schema.x_kubernetes_validations.isEmpty),
            ("properties[metadata]", schema.properties["metadata"] != nil),
        ]
        for (name, isSet) in shaping where isSet {
            report.forbidden("\(path).\(name)", "must not be set inside of a junctor")
        }
    }

    // MARK: - Completeness

    /// What junctors speak of must be declared outside of them.
    private mutating func checkCompleteness(_ schema: JSONSchemaProps, _ path: String, depth: Int) {
        guard depth < SchemaRule.depthMax else { return }
        checkDeclared(schema, schema, path, depth: depth)
        if let items = schema.items?.schema { checkCompleteness(items, "\(path).items", depth: depth + 1) }
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            checkCompleteness(property, "\(path).properties[\(name)]", depth: depth + 1)
        }
        if let additional = schema.additionalProperties?.schema {
            checkCompleteness(additional, "\(path).additionalProperties", depth: depth + 1)
        }
    }

    private mutating func checkDeclared(
        _ rules: JSONSchemaProps, _ structure: JSONSchemaProps, _ path: String, depth: Int
    ) {
        for junctor in [rules.allOf, rules.anyOf, rules.oneOf] {
            for nested in junctor { checkDeclaredNested(nested, structure, path, depth: depth + 1) }
        }
        if let not = rules.not { checkDeclaredNested(not, structure, path, depth: depth + 1) }
    }

    private mutating func checkDeclaredNested(
        _ rules: JSONSchemaProps, _ structure: JSONSchemaProps, _ path: String, depth: Int
    ) {
        guard depth < SchemaRule.depthMax else { return }
        checkDeclared(rules, structure, path, depth: depth)
        if let items = rules.items?.schema {
            if let declared = structure.items?.schema {
                checkDeclaredNested(items, declared, "\(path).items", depth: depth + 1)
            } else {
                report.required("\(path).items", "a junctor speaks of it")
            }
        }
        for (name, property) in rules.properties.sorted(by: { $0.key.precedes($1.key) }) {
            if let declared = structure.properties[name] {
                checkDeclaredNested(property, declared, "\(path).properties[\(name)]", depth: depth + 1)
            } else {
                report.required("\(path).properties[\(name)]", "a junctor speaks of it")
            }
        }
    }
}
