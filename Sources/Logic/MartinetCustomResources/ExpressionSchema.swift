import MartinetAPI
import MartinetCELKubernetes
import MartinetSchema

extension CELSchema {
    /// A schema of a definition as expressions see it.
    ///
    /// - Parameter name: what the types of its objects are called by.
    convenience init(_ schema: JSONSchemaProps, name: String, isResourceRoot: Bool = false, depth: Int = 0) {
        var description = CELSchema.Description()
        description.type = schema.type
        description.format = schema.format
        description.isIntOrString = schema.x_kubernetes_int_or_string
        description.isNullable = schema.nullable
        description.isEmbedded = schema.x_kubernetes_embedded_resource
        description.hasDefault = schema.default != nil
        description.required = Set(schema.required)
        (description.maxLength, description.maxItems) = (schema.maxLength, schema.maxItems)
        description.maxProperties = schema.maxProperties
        description.hasEnumeration = !schema.enum.isEmpty
        description.enumeration = schema.enum.compactMap {
            if case .string(let text) = PlainTree.plain($0) { text } else { nil }
        }
        description.listType = schema.x_kubernetes_list_type ?? ""
        description.listKeys = schema.x_kubernetes_list_map_keys
        if depth < SchemaRule.depthMax {
            for (property, inner) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
                let nested = CELSchema(inner, name: "\(name).\(property)", depth: depth + 1)
                description.properties.append((property, nested, inner.default != nil))
            }
            description.additional = schema.additionalProperties?.schema.map {
                CELSchema($0, name: "\(name).@elem", depth: depth + 1)
            }
            description.items = schema.items?.schema.map { CELSchema($0, name: "\(name).@idx", depth: depth + 1) }
        }
        self.init(description, name: name, isResourceRoot: isResourceRoot)
    }
}
