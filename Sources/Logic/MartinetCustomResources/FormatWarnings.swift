import MartinetAPI
import MartinetSchema

/// Formats in schemas that nothing checks, which is likely a mistake.
///
/// Source: apiextensions' registry/customresourcedefinition/format_ratcheting.go, v1.36.
enum FormatWarnings {
    /// - Parameter old: what is stored: its formats are known, and nobody is told of them again.
    static func texts(_ new: CustomResourceDefinition, old: CustomResourceDefinition?) -> [String] {
        let known = old.map { Set(unknown(in: $0)) } ?? []
        return unknown(in: new).filter { !known.contains($0) }.map { "unrecognized format \($0.debugDescription)" }
    }

    /// Each once, in the order of their coming.
    private static func unknown(in crd: CustomResourceDefinition) -> [String] {
        var found: [String] = []
        func visit(_ schema: JSONSchemaProps, _ depth: Int) {
            guard depth < SchemaRule.depthMax else { return }
            let format = schema.format
            if !format.isEmpty, !ValueFormat.isKnown(format, type: schema.type), !found.contains(format) {
                found.append(format)
            }
            for (_, property) in schema.properties.sorted(by: { $0.key.precedes($1.key) }) {
                visit(property, depth + 1)
            }
            let others = [schema.items?.schema, schema.additionalProperties?.schema, schema.not].compactMap { $0 }
            for inner in others + Array(schema.allOf) + Array(schema.anyOf) + Array(schema.oneOf) {
                visit(inner, depth + 1)
            }
        }
        for version in crd.spec.versions { version.schema?.openAPIV3Schema.map { visit($0, 0) } }
        return found
    }
}
