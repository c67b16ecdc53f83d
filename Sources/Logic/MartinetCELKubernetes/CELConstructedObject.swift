package import MartinetCEL

/// An object that an expression of a mutating policy makes: a partial object to apply, or one step of a JSON patch.
package final class CELConstructedObject: CELObject {
    package let typeName: String
    package let fields: [(name: String, value: CELValue)]
    init(_ typeName: String, _ fields: [(name: String, value: CELValue)]) {
        self.typeName = typeName
        self.fields = fields
    }
    package func field(_ name: String) -> CELValue? { fields.last { $0.name == name }?.value }
    package func has(_ name: String) -> Bool { field(name) != nil }
    package func isEqual(to other: any CELObject, _ budget: inout CELBudget) -> Bool {
        guard let other = other as? CELConstructedObject, other.typeName == typeName,
            other.fields.count == fields.count
        else { return false }
        return fields.allSatisfy { field in
            other.field(field.name).map { field.value.isEqual(to: $0, &budget) == true } ?? false
        }
    }
}

/// `Object{...}`, `Object.spec{...}` and so on, and `JSONPatch{...}`.
///
/// Source: apiserver's cel/mutation. Field types are those of values that nobody declared.
package struct CELMutationTypes: CELTypeProvider {
    private let base: any CELTypeProvider
    package init(base: any CELTypeProvider = CELWellKnownTypes()) { self.base = base }

    private static func isObject(_ name: String) -> Bool { name == "Object" || name.hasPrefix("Object.") }

    package func hasType(_ name: String) -> Bool {
        name == "JSONPatch" || CELMutationTypes.isObject(name) || base.hasType(name)
    }
    package func type(named name: String) -> CELType {
        name == "JSONPatch" || CELMutationTypes.isObject(name) ? .object(name) : base.type(named: name)
    }
    package func fieldType(_ field: String, of type: String) -> CELType? {
        if type == "JSONPatch" {
            return ["op": .string, "path": .string, "from": .string, "value": .dyn][field]
        }
        return CELMutationTypes.isObject(type) ? .dyn : base.fieldType(field, of: type)
    }
    package func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue {
        guard type == "JSONPatch" || CELMutationTypes.isObject(type) else { return base.construct(type, fields) }
        // A nested object must be of the type that its place has.
        for field in fields {
            if case .object(let object) = field.value, CELMutationTypes.isObject(type),
                object.typeName != "\(type).\(field.name)"
            {
                return .failure(
                    "unexpected type name \"\(object.typeName)\", expected \"\(type).\(field.name)\"")
            }
        }
        return .object(CELConstructedObject(type, fields))
    }
}
