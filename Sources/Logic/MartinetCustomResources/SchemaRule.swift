package import MartinetAPI
package import MartinetSchema
import MartinetRegularExpressions

/// The value rules of one structural schema, read once and shared by every check.
///
/// What the tables decide while decoding (names, pruning, presence, defaults) is not repeated here; what is left are
/// limits, patterns, formats, choices and junctors.
package final class SchemaRule: Sendable {
    /// The JSON types that are accepted; any where empty.
    let types: [String]
    let isNullable: Bool
    /// Empty where the type gives it no meaning.
    let format: String
    let enumeration: [Value]
    let minimum: Double?, maximum: Double?, multipleOf: Double?
    let isMinimumExclusive: Bool, isMaximumExclusive: Bool
    let minLength: Int64?, maxLength: Int64?
    let minItems: Int64?, maxItems: Int64?
    let minProperties: Int64?, maxProperties: Int64?
    let hasUniqueItems: Bool
    let pattern: RegularExpression?
    let required: [String]
    let properties: [(name: String, rule: SchemaRule)]
    let additional: SchemaRule?
    let deniesAdditional: Bool
    let items: SchemaRule?
    let allOf: [SchemaRule], anyOf: [SchemaRule], oneOf: [SchemaRule]
    let not: SchemaRule?
    let listType: String
    let listKeys: [String]
    let isEmbedded: Bool

    /// - Parameter place: what errors call the schema.
    package convenience init(_ schema: JSONSchemaProps, place: String) throws(SchemaError) {
        try self.init(schema, place: place, depth: 0)
    }

    /// How deep schemas may nest; the decoder's own limit for what they describe is the same order.
    static let depthMax = 128

    private init(_ schema: JSONSchemaProps, place: String, depth: Int) throws(SchemaError) {
        guard depth < SchemaRule.depthMax else {
            throw SchemaError(place: place, message: "the schema nests deeper than \(SchemaRule.depthMax) levels")
        }
        func rule(_ schema: JSONSchemaProps, _ name: String) throws(SchemaError) -> SchemaRule {
            try SchemaRule(schema, place: "\(place).\(name)", depth: depth + 1)
        }
        func rules(_ list: ViewList<JSONSchemaProps>, _ name: String) throws(SchemaError) -> [SchemaRule] {
            var rules: [SchemaRule] = []
            for (index, schema) in list.enumerated() { rules.append(try rule(schema, "\(name)[\(index)]")) }
            return rules
        }
        types =
            schema.x_kubernetes_int_or_string ? ["integer", "string"] : schema.type.isEmpty ? [] : [schema.type]
        isNullable = schema.nullable
        format =
            ValueFormat.isKnown(schema.format, type: schema.x_kubernetes_int_or_string ? "" : schema.type)
            ? schema.format : ""
        enumeration = schema.enum.map { PlainTree.plain($0) }
        (minimum, maximum, multipleOf) = (schema.minimum, schema.maximum, schema.multipleOf)
        (isMinimumExclusive, isMaximumExclusive) = (schema.exclusiveMinimum, schema.exclusiveMaximum)
        (minLength, maxLength) = (schema.minLength, schema.maxLength)
        (minItems, maxItems) = (schema.minItems, schema.maxItems)
        (minProperties, maxProperties) = (schema.minProperties, schema.maxProperties)
        hasUniqueItems = schema.uniqueItems
        if schema.pattern.isEmpty {
            pattern = nil
        } else {
            do throws(RegularExpressionError) {
                pattern = try RegularExpression(schema.pattern)
            } catch {
                throw SchemaError(place: "\(place).pattern", message: error.message)
            }
        }
        required = schema.required
        var properties: [(name: String, rule: SchemaRule)] = []
        for (name, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
            properties.append((name, try rule(property, "properties[\(name)]")))
        }
        self.properties = properties
        additional = try schema.additionalProperties?.schema.map { (schema) throws(SchemaError) in
            try rule(schema, "additionalProperties")
        }
        deniesAdditional = schema.additionalProperties.map { !$0.allows } ?? false
        items = try schema.items?.schema.map { (schema) throws(SchemaError) in try rule(schema, "items") }
        allOf = try rules(schema.allOf, "allOf")
        anyOf = try rules(schema.anyOf, "anyOf")
        oneOf = try rules(schema.oneOf, "oneOf")
        not = try schema.not.map { (schema) throws(SchemaError) in try rule(schema, "not") }
        listType = schema.x_kubernetes_list_type ?? ""
        listKeys = schema.x_kubernetes_list_map_keys
        isEmbedded = schema.x_kubernetes_embedded_resource
    }

    /// The rule of a declared property.
    func property(_ name: String) -> SchemaRule? {
        var low = 0
        var high = properties.count
        while low < high {
            let middle = (low + high) / 2
            if properties[middle].name == name { return properties[middle].rule }
            if properties[middle].name.precedes(name) { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// Visits a value and every value inside it that the schema describes, each with its rule and path.
    func walk(_ value: Value, _ path: String = "", visit: (Value, SchemaRule, String) -> Void) {
        visit(value, self, path)
        switch value {
        case .map(let map):
            for entry in map.entries {
                if let property = property(entry.key) {
                    property.walk(entry.value, path.isEmpty ? entry.key : "\(path).\(entry.key)", visit: visit)
                } else if let additional {
                    additional.walk(entry.value, "\(path)[\(entry.key)]", visit: visit)
                }
            }
        case .list(let values):
            guard let items else { return }
            for (index, value) in values.enumerated() { items.walk(value, "\(path)[\(index)]", visit: visit) }
        default: break
        }
    }
}
