package import MartinetSchema

/// Links the files of a schema: resolves names, inlines objects, adds list kinds.
package enum SchemaCompiler {
    /// Types that every file may name without a prefix.
    static let sharedVersion = "meta/v1"

    /// The definitions of all files, ready for `TableBuilder`.
    package static func link(_ files: [SchemaFile]) throws(SchemaError) -> [TypeDefinition] {
        var declared: [String: (declaration: SchemaFile.Declaration, file: SchemaFile)] = [:]
        for file in files {
            for declaration in file.types {
                let name = "\(file.apiVersion).\(declaration.name)"
                guard declared.updateValue((declaration, file), forKey: name) == nil else {
                    throw SchemaError(place: declaration.place, message: "\(name) is declared twice")
                }
            }
        }
        var definitions: [TypeDefinition] = []
        for (name, (declaration, file)) in declared.sorted(by: { $0.key < $1.key }) {
            var fields: [FieldDefinition] = []
            for field in declaration.fields {
                fields += try expand(field, in: file, declared: declared, depth: 0)
            }
            var definition = TypeDefinition(
                name: name, flags: declaration.flags, fields: fields, kind: declaration.kind)
            definition.documentation = declaration.documentation
            definitions.append(definition)
            guard let kind = declaration.kind, !kind.plural.isEmpty, declaration.hasOwnList,
                declared[name + "List"] == nil, kind.verbs.contains("list")
            else { continue }
            definitions.append(list(of: name, kind))
        }
        return definitions
    }

    private static func list(of name: String, _ kind: KindDefinition) -> TypeDefinition {
        var listKind = KindDefinition()
        listKind.group = kind.group
        listKind.version = kind.version
        listKind.name = kind.name + "List"
        listKind.protobufPackage = kind.protobufPackage
        listKind.isServedByDefault = kind.isServedByDefault
        listKind.isLegacy = kind.isLegacy
        listKind.isForgotten = kind.isForgotten
        var metadata = FieldDefinition(name: "metadata", scalar: .object, reference: "\(sharedVersion).ListMeta")
        metadata.number = 1
        metadata.documentation = "About the list as a whole: the state to watch from, and where the next page begins."
        var items = FieldDefinition(name: "items", scalar: .object, container: .list, reference: name)
        items.number = 2
        items.flags = [.always]
        items.documentation = "The objects of this page, in the order of their namespaces and names."
        var definition = TypeDefinition(
            name: name + "List", flags: .root, fields: [metadata, items], kind: listKind)
        definition.documentation = "A page of \(kind.name) objects, as the server answers a list request."
        return definition
    }

    /// The field itself, or the fields of the object that it inlines.
    private static func expand(
        _ field: SchemaFile.DeclaredField, in file: SchemaFile,
        declared: [String: (declaration: SchemaFile.Declaration, file: SchemaFile)], depth: Int
    ) throws(SchemaError) -> [FieldDefinition] {
        var definition = field.definition
        guard definition.scalar == .object else { return [definition] }
        let full = try resolve(definition.reference, in: file, declared: declared, place: field.place)
        definition.reference = full
        guard field.isInline else { return [definition] }
        guard depth < 4, let target = declared[full] else {
            throw SchemaError(place: field.place, message: "\(full) cannot be inlined here")
        }
        var result: [FieldDefinition] = []
        for inner in target.declaration.fields {
            for var expanded in try expand(inner, in: target.file, declared: declared, depth: depth + 1) {
                guard definition.number < 256, definition.number == 0 || expanded.outer < 256 else {
                    throw SchemaError(place: field.place, message: "objects are inlined too deeply")
                }
                if definition.number != 0 { expanded.outer = definition.number | expanded.outer << 8 }
                if definition.flags.contains(.pointer) { expanded.flags.insert(.outerPointer) }
                result.append(expanded)
            }
        }
        return result
    }

    private static func resolve(
        _ name: String, in file: SchemaFile,
        declared: [String: (declaration: SchemaFile.Declaration, file: SchemaFile)], place: String
    ) throws(SchemaError) -> String {
        let candidates = name.contains(".") ? [name] : ["\(file.apiVersion).\(name)", "\(sharedVersion).\(name)"]
        for candidate in candidates where declared[candidate] != nil { return candidate }
        throw SchemaError(place: place, message: "no type is called \(candidates.joined(separator: " or "))")
    }
}
