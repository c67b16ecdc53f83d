package import MartinetAPI
package import MartinetSchema
package import MartinetStrategies

/// One version of a custom kind, as the registry serves it.
package struct ServedCustomVersion: Sendable {
    package let kind: Kind
    /// Of the table that all versions of the definition share.
    package let fingerprint: UInt64
    package let strategy: any Strategy
    package let isStorage: Bool
    /// False for a version that only old stored objects are in.
    package let isServed: Bool
    /// The text of the `Warning` header for requests to a deprecated version.
    package let deprecationWarning: String?
}

/// Custom resources, for the registry.
package enum CustomResources {
    /// What to serve for a definition that `CustomResourceDefinitionRules` accepts: its versions in their order.
    ///
    /// - Throws: where the schemas cannot be compiled, naming the version and field.
    package static func served(_ crd: CustomResourceDefinition) throws(SchemaError) -> [ServedCustomVersion] {
        let schema = try Schema(CustomResourceCompiler.definitions(of: crd))
        var versions: [ServedCustomVersion] = []
        for version in crd.spec.versions {
            let name = CustomResourceCompiler.typeName(crd, version: version.name)
            guard let kind = schema.type(named: name)?.kind, let props = version.schema?.openAPIV3Schema else {
                throw SchemaError(place: name, message: "the version has no schema")
            }
            let strategy = CustomResourceStrategy(
                kind: kind, rule: try SchemaRule(props, place: name), expressions: ExpressionRules.compile(props))
            let warning =
                version.deprecated
                ? version.deprecationWarning ?? "\(kind.apiVersion) \(kind.name) is deprecated" : nil
            versions.append(
                ServedCustomVersion(
                    kind: kind, fingerprint: schema.fingerprint, strategy: strategy, isStorage: version.storage,
                    isServed: version.served, deprecationWarning: warning))
        }
        return versions
    }

    /// The same object in another version: what strategy `None` means. Only the apiVersion changes, and what the other
    /// version's schema does not have is pruned.
    ///
    /// - Throws: where the object does not fit the other version's metadata types, which no stored object does.
    package static func convert(_ object: Object, to kind: Kind) throws(DecodeError) -> Object {
        guard object.type != kind.type else { return object }
        var converted = try JSONDecoder.decode(JSONEncoder.encode(object), as: kind.type).object
        Defaults.apply(to: &converted)
        return converted
    }
}
