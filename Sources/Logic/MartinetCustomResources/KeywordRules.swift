import MartinetAPI
import MartinetSchema
import MartinetStrategies

/// Which keywords a schema may use, and which only together.
///
/// Source: apiextensions' validation.go (ValidateCustomResourceDefinitionOpenAPISchema), v1.36.
struct KeywordRules {
    var report = RuleReport()

    /// What the schemas around one mean for it.
    struct Place {
        var isRoot = false
        /// Inside of an object's metadata, the root's or an embedded one's.
        var isMetadata = false
        var forbidsDefaults = false
    }

    mutating func check(_ schema: JSONSchemaProps, _ path: String, _ place: Place, depth: Int) {
        guard depth < SchemaRule.depthMax else { return }
        if place.forbidsDefaults, schema.default != nil {
            report.forbidden("\(path).default", "must not be set in metadata")
        }
        checkSupported(schema, path, isMetadata: place.isMetadata)
        checkListAndMap(schema, path)
        checkNested(schema, path, place, depth: depth)
    }

    private mutating func checkSupported(_ schema: JSONSchemaProps, _ path: String, isMetadata: Bool) {
        let types = ["string", "number", "integer", "boolean", "array", "object"]
        if !schema.type.isEmpty { report.choice(schema.type, types, "\(path).type") }
        let unsupported: [(String, Bool)] = [
            ("id", !schema.id.isEmpty), ("additionalItems", schema.additionalItems != nil),
            ("patternProperties", !schema.patternProperties.isEmpty), ("definitions", !schema.definitions.isEmpty),
            ("dependencies", !schema.dependencies.isEmpty), ("$ref", schema.dollarRef != nil),
            ("items", !(schema.items?.jSONSchemas.isEmpty ?? true)), ("uniqueItems", schema.uniqueItems),
        ]
        for (name, isSet) in unsupported where isSet {
            report.forbidden("\(path).\(name)", "\(name) is not supported in structural schemas")
        }
        if schema.type == "null" { report.forbidden("\(path).type", "use nullable instead of the type null") }
        report.checkRuleTexts(schema, path)
        if schema.items?.schema?.default != nil {
            report.forbidden("\(path).items.default", "a default for the items of a list is not supported yet")
        }
        if isMetadata, schema.x_kubernetes_embedded_resource {
            report.forbidden("\(path).x-kubernetes-embedded-resource", "must not be used inside of metadata")
        }
        if let additional = schema.additionalProperties, !schema.properties.isEmpty,
            !additional.allows || additional.schema != nil
        {
            report.forbidden("\(path).additionalProperties", "excludes properties, and the other way round")
        }
        if schema.x_kubernetes_preserve_unknown_fields == false {
            report.invalid("\(path).x-kubernetes-preserve-unknown-fields", "must be true or absent")
        }
    }

    private mutating func checkTypeIs(_ type: String, _ schema: JSONSchemaProps, _ path: String, _ keyword: String) {
        guard schema.type != type else { return }
        let why = "must be \(type) where \(keyword) is set"
        if schema.type.isEmpty { report.required("\(path).type", why) } else { report.invalid("\(path).type", why) }
    }

    private mutating func checkListAndMap(_ schema: JSONSchemaProps, _ path: String) {
        if let mapType = schema.x_kubernetes_map_type {
            checkTypeIs("object", schema, path, "x-kubernetes-map-type")
            report.oneOf(mapType, ["atomic", "granular"], "\(path).x-kubernetes-map-type")
        }
        let keys = schema.x_kubernetes_list_map_keys
        let listType = schema.x_kubernetes_list_type
        if let listType {
            checkTypeIs("array", schema, path, "x-kubernetes-list-type")
            report.oneOf(listType, ["atomic", "set", "map"], "\(path).x-kubernetes-list-type")
            if listType == "set", schema.type == "array", let items = schema.items?.schema { checkSet(items, path) }
        }
        if !keys.isEmpty, listType != "map" {
            let why = "must be map where x-kubernetes-list-map-keys is set"
            let field = "\(path).x-kubernetes-list-type"
            if listType == nil { report.required(field, why) } else { report.invalid(field, why) }
        }
        if listType == "map" { checkMapList(schema, keys, path) }
        if listType == "map" || listType == "set", let items = schema.items?.schema, items.nullable {
            report.forbidden("\(path).items.nullable", "items of a \(listType ?? "") cannot be null")
        }
    }

    private mutating func checkSet(_ items: JSONSchemaProps, _ path: String) {
        if items.type == "array", let type = items.x_kubernetes_list_type, type != "atomic" {
            report.invalid("\(path).items.x-kubernetes-list-type", "must be atomic inside of a set")
        }
        if items.type == "object", items.x_kubernetes_map_type != "atomic" {
            report.invalid("\(path).items.x-kubernetes-map-type", "must be atomic inside of a set")
        }
    }

    private mutating func checkMapList(_ schema: JSONSchemaProps, _ keys: [String], _ path: String) {
        let field = "\(path).x-kubernetes-list-map-keys"
        if keys.isEmpty { report.required(field, "a list that is a map needs keys") }
        guard let items = schema.items?.schema else {
            if schema.items != nil {
                return report.invalid("\(path).items", "must be one schema in a list that is a map")
            }
            return report.required("\(path).items", "a list that is a map needs a schema for its items")
        }
        guard items.type == "object" else {
            return report.invalid("\(path).items.type", "must be object in a list that is a map")
        }
        var seen: Set<String> = []
        for key in keys {
            if !seen.insert(key).inserted { report.invalid(field, "\(key) is there twice") }
            guard let property = items.properties[key] else {
                report.invalid(field, "\(key) is no property of the items")
                continue
            }
            let place = "\(path).items.properties[\(key)]"
            if property.type == "array" || property.type == "object" {
                report.invalid("\(place).type", "a key must be a scalar")
            }
            if !items.required.contains(key), property.default == nil {
                report.required("\(place).default", "a key must be required or have a default")
            }
            if property.nullable { report.forbidden("\(place).nullable", "a key cannot be null") }
        }
    }

    private mutating func checkNested(_ schema: JSONSchemaProps, _ path: String, _ place: Place, depth: Int) {
        func nested(_ inner: JSONSchemaProps, _ name: String, _ place: Place, _ rules: inout KeywordRules) {
            rules.check(inner, "\(path).\(name)", place, depth: depth + 1)
        }
        func all(_ schemas: [String: JSONSchemaProps], _ name: String, _ place: Place, _ rules: inout KeywordRules) {
            for (key, inner) in schemas.sorted(by: { $0.key.precedes($1.key) }) {
                nested(inner, "\(name)[\(key)]", place, &rules)
            }
        }
        var within = place
        within.isRoot = false
        if let inner = schema.additionalProperties?.schema {
            var values = within
            // Which entry a default would be for, nobody could say.
            if place.isMetadata { values.forbidsDefaults = true }
            nested(inner, "additionalProperties", values, &self)
        }
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            var inner = within
            if place.isRoot || schema.x_kubernetes_embedded_resource, ["metadata", "kind", "apiVersion"].contains(name)
            {
                inner.isMetadata = true
                if place.isRoot { inner.forbidsDefaults = true }
            }
            nested(property, "properties[\(name)]", inner, &self)
        }
        if let not = schema.not { nested(not, "not", within, &self) }
        let lists = [
            ("allOf", schema.allOf), ("oneOf", schema.oneOf), ("anyOf", schema.anyOf),
            ("items", schema.items?.jSONSchemas ?? []),
        ]
        for (name, schemas) in lists {
            for (index, inner) in schemas.enumerated() { nested(inner, "\(name)[\(index)]", within, &self) }
        }
        if let items = schema.items?.schema { nested(items, "items", within, &self) }
        all(schema.definitions, "definitions", within, &self)
        all(schema.dependencies.compactMapValues(\.schema), "dependencies", within, &self)
    }
}

/// Defaults must be values that the schema accepts whole.
struct DefaultRules {
    var report = RuleReport()

    static func hasDefaults(_ spec: CustomResourceDefinitionSpec) -> Bool {
        spec.versions.contains { version in version.schema?.openAPIV3Schema.map { hasDefaults($0, depth: 0) } ?? false }
    }

    private static func hasDefaults(_ schema: JSONSchemaProps, depth: Int) -> Bool {
        guard depth < SchemaRule.depthMax else { return false }
        if schema.default != nil { return true }
        let single = [schema.items?.schema, schema.additionalProperties?.schema, schema.not].compactMap { $0 }
        return (single + Array(schema.properties.values)).contains { hasDefaults($0, depth: depth + 1) }
            || [schema.allOf, schema.anyOf, schema.oneOf].contains { $0.contains { hasDefaults($0, depth: depth + 1) } }
    }

    mutating func check(_ schema: JSONSchemaProps, _ path: String, isRoot: Bool, depth: Int) {
        guard depth < SchemaRule.depthMax else { return }
        if let text = schema.default?.text { checkDefault(text, of: schema, "\(path).default") }
        if let items = schema.items?.schema { check(items, "\(path).items", isRoot: false, depth: depth + 1) }
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            if isRoot, ["metadata", "kind", "apiVersion"].contains(name) { continue }
            check(property, "\(path).properties[\(name)]", isRoot: false, depth: depth + 1)
        }
    }

    private mutating func checkDefault(_ text: String, of schema: JSONSchemaProps, _ path: String) {
        guard let value = try? JSONDecoder.decodeAny(Array(text.utf8)).value else {
            return report.invalid(path, "is no JSON value")
        }
        if DefaultRules.hasUnknown(value, schema, keeps: false) { report.invalid(path, "must not have unknown fields") }
        // A broken pattern is reported where it stands.
        guard let rule = try? SchemaRule(schema, place: path) else { return }
        let embedded = EmbeddedResources.check(value, rule).map { error in
            FieldError(error.reason, "\(path)\(error.field)", error.message, origin: error.origin)
        }
        report.errors += embedded.isEmpty ? SchemaValidator.check(value, against: rule, at: path) : embedded
    }

    /// Whether pruning would take something away.
    private static func hasUnknown(_ value: Value, _ schema: JSONSchemaProps?, keeps: Bool) -> Bool {
        let keeps = keeps || schema?.x_kubernetes_preserve_unknown_fields == true
        switch value {
        case .map(let map):
            let properties = schema?.properties ?? [:]
            return map.entries.contains { entry in
                if schema?.x_kubernetes_embedded_resource == true,
                    ["metadata", "kind", "apiVersion"].contains(entry.key)
                {
                    return false
                }
                if let property = properties[entry.key] { return hasUnknown(entry.value, property, keeps: false) }
                if let additional = schema?.additionalProperties {
                    return additional.schema.map { hasUnknown(entry.value, $0, keeps: false) } ?? false
                }
                return !keeps
            }
        case .list(let values):
            return values.contains { hasUnknown($0, schema?.items?.schema, keeps: keeps) }
        default: return false
        }
    }
}
