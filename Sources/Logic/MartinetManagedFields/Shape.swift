package import MartinetSchema

/// How the schema says that a value is merged: as one thing, field by field, or element by element.
///
/// A value without a schema (`deduced`) may be anything: its maps are merged, its lists are one thing.
/// Source: kube-openapi's schemaconv, which derives the same from OpenAPI.
package struct Shape: Sendable {
    package enum Form: Sendable {
        case structure(ObjectType)
        /// A map from strings to what the field holds.
        case map(Field)
        case list(Field)
        case scalar(Scalar)
        case deduced
        /// Anything, always as one thing.
        case opaque
    }
    package enum Scalar: Sendable { case number, string, boolean, any }
    /// What a value can be treated as.
    enum Kind { case map, scalar, list, any }

    package let form: Form
    package let isAtomic: Bool

    private init(_ form: Form, isAtomic: Bool = false) {
        self.form = form
        self.isAtomic = isAtomic
    }

    /// A whole object.
    package init(_ type: ObjectType) { self.init(.structure(type), isAtomic: type.flags.contains(.atomic)) }

    static let deduced = Shape(.deduced)
    static let opaque = Shape(.opaque, isAtomic: true)
    private static let text = Shape(.scalar(.string))

    /// What a field holds, its list or map included.
    init(_ field: Field) {
        switch field.container {
        case .list, .nested: self.init(.list(field), isAtomic: Shape.isAtomicList(field))
        case .map: self.init(.map(field), isAtomic: field.flags.contains(.atomic))
        case .single:
            let inner = Shape(elementOf: field)
            if case .structure = inner.form, field.flags.contains(.atomic) {
                self.init(inner.form, isAtomic: true)
            } else if case .structure(let type) = inner.form, inner.isAtomic, Shape.isGranular(field, type) {
                self.init(inner.form, isAtomic: false)
            } else {
                self = inner
            }
        }
    }

    /// The one field whose type is merged as a whole everywhere else: a volume's claim (`struct=granular`).
    private static func isGranular(_ field: Field, _ type: ObjectType) -> Bool {
        field.name == "claimRef" && type.name == "v1.ObjectReference"
    }

    private static let keyed: FieldFlags = [.listMap, .listSet]

    private static func isAtomicList(_ field: Field) -> Bool {
        if field.flags.rawValue & keyed.rawValue != 0 { return false }
        return field.flags.contains(.atomic) || !field.flags.contains(.merge)
    }

    /// One element of what a field holds.
    init(elementOf field: Field) {
        switch field.scalar {
        case .object:
            guard let type = field.type else { self = .deduced; return }
            if type.flags.contains(.listForm) {
                self.init(type.field(0))
            } else if PlainForm.isSpecial(type) {
                self = .deduced
            } else {
                self.init(type)
            }
        case .string: self.init(.scalar(Shape.isPlainText(field) ? .string : .any))
        case .bytes, .duration: self.init(.scalar(.string))
        case .bool: self.init(.scalar(.boolean))
        case .int32, .int64, .uint32, .uint64, .double, .float: self.init(.scalar(.number))
        case .quantity, .time, .microtime: self.init(.scalar(.any))
        // A custom resource's has no type in OpenAPI, a built-in one is a string of that format.
        case .intorstring: self = field.flags.contains(.lenient) ? .deduced : Shape(.scalar(.any))
        case .raw, .strings: self = .opaque
        case .json, .fieldsv1, .any: self = .deduced
        }
    }

    private static func isPlainText(_ field: Field) -> Bool {
        let format = field.format
        return format.isEmpty || format == "byte"
    }

    /// The shape of a member of a map or structure; nil where the schema has no such member.
    func member(_ name: String) -> Shape? {
        switch form {
        case .structure(let type):
            if let field = type.field(named: name) { return Shape(field) }
            if type.flags.contains(.root) || type.kind != nil, name == "apiVersion" || name == "kind" {
                return Shape.text
            }
            if let additional = type.additional { return Shape(additional) }
            return type.flags.contains(.preserveUnknown) || type.fieldCount == 0 ? .deduced : nil
        case .map(let field): return Shape(elementOf: field)
        case .deduced: return .deduced
        case .opaque: return .opaque
        case .list, .scalar: return nil
        }
    }

    /// Whether the schema names this member, as a structure's field is and a map's key is not.
    func declares(_ name: String) -> Bool {
        guard case .structure(let type) = form else { return false }
        if type.field(named: name) != nil { return true }
        return (type.flags.contains(.root) || type.kind != nil) && (name == "apiVersion" || name == "kind")
    }

    var element: Shape {
        switch form {
        case .list(let field): Shape(elementOf: field)
        default: .opaque
        }
    }

    var isAtomicAsList: Bool {
        switch form {
        case .list: isAtomic
        default: true
        }
    }

    /// The scalars that are accepted; nil where none is.
    var scalar: Scalar? {
        switch form {
        case .scalar(let scalar): scalar
        case .deduced, .opaque: .any
        default: nil
        }
    }

    /// What to treat a value as, by its own form where the schema leaves a choice.
    func kind(of value: Value?) -> Kind {
        switch form {
        case .structure, .map: return .map
        case .list: return .list
        case .scalar: return .scalar
        case .deduced, .opaque:
            switch value {
            case .map, .object: return .map
            case .list: return .list
            case nil, .null: return .any
            default: return .scalar
            }
        }
    }
}
