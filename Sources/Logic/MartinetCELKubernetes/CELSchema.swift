package import MartinetCEL

/// A structural schema as expressions see it: types for the checker, sizes for the cost estimate, and how to read a value.
///
/// Source: apiserver's cel/common/schemas.go and valuesunstructured.go, v1.36.
package final class CELSchema: Sendable {
    package enum Form: Sendable {
        case object, map, list, string, bytes, duration, date, dateTime, number, integer, boolean, intOrString
        /// What has no type, or none that is known.
        case untyped
    }

    package struct Property: Sendable {
        package let name: String
        /// As an expression writes it; nil where it cannot.
        package let escaped: String?
        package let schema: CELSchema
    }

    /// What a schema says.
    package struct Description: Sendable {
        package var type = ""
        package var format = ""
        package var isIntOrString = false
        package var isNullable = false
        package var isEmbedded = false
        package var hasDefault = false
        package var properties: [(name: String, schema: CELSchema, hasDefault: Bool)] = []
        package var required: Set<String> = []
        package var additional: CELSchema?
        package var items: CELSchema?
        package var maxLength: Int64?
        package var maxItems: Int64?
        package var maxProperties: Int64?
        package var enumeration: [String] = []
        package var hasEnumeration = false
        package var listType = ""
        package var listKeys: [String] = []
        package init() {}
    }

    /// The largest request that is accepted, by which what has no limit is limited.
    package static let requestBytesMax: Int64 = 3 * 1024 * 1024

    package let form: Form
    /// The name of an object's type, by its place in the schema.
    package let name: String
    package let isNullable: Bool
    package let properties: [Property]
    /// Of a list's elements or a map's values.
    package let element: CELSchema?
    package let listType: String
    package let listKeys: [String]
    /// How many characters, elements or entries a value can have.
    package let elementsMax: Int64
    /// The fewest bytes that a value has as JSON.
    package let serializedBytesMin: Int64
    /// False where expressions cannot name values of this schema.
    package let isExposed: Bool
    private let byName: [String: Int]
    private let byEscape: [String: Int]

    package init(_ description: Description, name: String, isResourceRoot: Bool = false) {
        self.name = name
        isNullable = description.isNullable
        listType = description.listType
        listKeys = description.listKeys
        let form = CELSchema.form(description)
        var properties = description.properties
        if isResourceRoot || description.isEmbedded { CELSchema.addMetadata(to: &properties, name) }
        self.form = form
        self.properties = properties.map {
            Property(name: $0.name, escaped: CELEscaping.escape($0.name), schema: $0.schema)
        }
        byName = Dictionary(
            self.properties.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        byEscape = Dictionary(
            self.properties.enumerated().compactMap { index, property in property.escaped.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        element = form == .list ? description.items : form == .map ? description.additional : nil
        isExposed =
            switch form {
            case .untyped: false
            case .list, .map: element?.isExposed ?? false
            default: true
            }
        (elementsMax, serializedBytesMin) = CELSchema.sizes(form, description, properties)
    }

    private static func form(_ description: Description) -> Form {
        if description.isIntOrString { return .intOrString }
        switch (description.type, description.format) {
        case ("object", _):
            return description.additional != nil && description.properties.isEmpty && !description.isEmbedded
                ? .map : .object
        case ("array", _): return description.items == nil ? .untyped : .list
        case ("string", "byte"): return .bytes
        case ("string", "duration"): return .duration
        case ("string", "date"): return .date
        case ("string", "date-time"): return .dateTime
        case ("string", _): return .string
        case ("boolean", _): return .boolean
        case ("number", _): return .number
        case ("integer", _): return .integer
        default: return .untyped
        }
    }

    /// An object with apiVersion and kind has them, and its name, whatever the schema says.
    private static func addMetadata(
        to properties: inout [(name: String, schema: CELSchema, hasDefault: Bool)], _ name: String
    ) {
        var text = Description()
        text.type = "string"
        let string = CELSchema(text, name: "string")
        func form(_ name: String) -> Form? { properties.first { $0.name == name }?.schema.form }
        let metadata = properties.first { $0.name == "metadata" }?.schema
        if form("kind") == .string, form("apiVersion") == .string,
            metadata?.property("name")?.schema.form == .string,
            metadata?.property("generateName")?.schema.form == .string
        {
            return
        }
        var object = Description()
        object.type = "object"
        object.properties = [("name", string, false), ("generateName", string, false)]
        properties.removeAll { ["kind", "apiVersion", "metadata"].contains($0.name) }
        properties.append(("kind", string, false))
        properties.append(("apiVersion", string, false))
        properties.append(("metadata", CELSchema(object, name: name + ".metadata"), false))
    }

    private static func sizes(
        _ form: Form, _ description: Description, _ properties: [(name: String, schema: CELSchema, hasDefault: Bool)]
    ) -> (Int64, Int64) {
        func limited(_ limit: Int64?) -> Int64? { limit.map { max(0, $0) } }
        let most = requestBytesMax - 2
        func scaled(_ limit: Int64) -> Int64 { limit.multipliedReportingOverflow(by: 4).overflow ? .max : limit * 4 }
        switch form {
        case .intOrString: return (limited(description.maxLength).map(scaled) ?? most, 1)
        case .list:
            return (limited(description.maxItems) ?? most / ((description.items?.serializedBytesMin ?? 2) + 1), 2)
        case .map:
            let pair = (description.additional?.serializedBytesMin ?? 2) + 6
            return (limited(description.maxProperties) ?? most / pair, 2)
        case .object:
            var least: Int64 = 2
            for property in properties
            where property.schema.isExposed && description.required.contains(property.name) && !property.hasDefault {
                least += Int64(property.name.utf8.count) + property.schema.serializedBytesMin + 4
            }
            return (0, least)
        case .bytes: return (limited(description.maxLength) ?? most, 2)
        case .duration: return (32, 3)
        case .date: return (12, 12)
        case .dateTime: return (32, 21)
        case .string:
            if let limit = limited(description.maxLength) { return (scaled(limit), 2) }
            guard description.hasEnumeration else { return (most, 2) }
            return (Int64(description.enumeration.map(\.utf8.count).max() ?? 0), 2)
        case .boolean: return (0, 4)
        case .number, .integer: return (0, 1)
        case .untyped: return (0, 1)
        }
    }

    package func property(_ name: String) -> Property? { index(name).map { properties[$0] } }

    /// Looking at a few short names is faster than hashing one.
    private static let searchedMax = 12

    private func index(_ name: String) -> Int? {
        properties.count > CELSchema.searchedMax ? byName[name] : properties.firstIndex { $0.name == name }
    }

    private func index(escaped: String) -> Int? {
        properties.count > CELSchema.searchedMax ? byEscape[escaped] : properties.firstIndex { $0.escaped == escaped }
    }

    /// By the name that an expression writes; a reserved word may stand for itself.
    package func property(escaped: String) -> Property? {
        if let index = index(escaped: escaped) { return properties[index] }
        guard CELEscaping.reserved.contains(escaped) else { return nil }
        return byEscape["__\(escaped)__"].map { properties[$0] }
    }

    package var type: CELType {
        switch form {
        case .object: .object(name)
        case .map: .map(.string, element?.type ?? .dyn)
        case .list: .list(element?.type ?? .dyn)
        case .string: .string
        case .bytes: .bytes
        case .duration: .duration
        case .date, .dateTime: .timestamp
        case .number: .double
        case .integer: .int
        case .boolean: .bool
        case .intOrString, .untyped: .dyn
        }
    }

    /// Follows a path of the cost estimate; nil where it leads nowhere.
    func follow(_ path: some Sequence<String>) -> CELSchema? {
        var node = self
        for name in path {
            let next: CELSchema?
            switch name {
            case "@items", "@values": next = node.element
            case "@keys": next = node.form == .map ? CELSchema.key : nil
            default:
                let property = node.property(escaped: name)?.schema
                next = property?.isExposed == true ? property : nil
            }
            guard let next else { return nil }
            node = next
        }
        return node
    }

    /// The keys of maps are texts without a size of their own.
    private static let key: CELSchema = {
        var text = Description()
        text.type = "string"
        text.hasEnumeration = true
        return CELSchema(text, name: "string")
    }()

    /// Names of types by place, for the checker.
    package var typesByName: [String: CELSchema] {
        var found: [String: CELSchema] = [:]
        func visit(_ schema: CELSchema) {
            guard schema.isExposed else { return }
            if schema.form == .object {
                guard found[schema.name] == nil else { return }
                found[schema.name] = schema
                for property in schema.properties { visit(property.schema) }
            }
            if let element = schema.element { visit(element) }
        }
        visit(self)
        return found
    }
}

/// The types of schemas, and behind them those that are always there.
package struct CELSchemaTypes: CELTypeProvider {
    private let schemas: [String: CELSchema]
    private let base: any CELTypeProvider

    package init(_ schemas: [String: CELSchema], base: any CELTypeProvider = CELWellKnownTypes()) {
        self.schemas = schemas
        self.base = base
    }

    package func hasType(_ name: String) -> Bool { schemas[name] != nil || base.hasType(name) }
    package func type(named name: String) -> CELType { schemas[name]?.type ?? base.type(named: name) }
    package func fieldType(_ field: String, of type: String) -> CELType? {
        guard let schema = schemas[type] else { return base.fieldType(field, of: type) }
        guard let property = schema.property(escaped: field)?.schema, property.isExposed else { return nil }
        return property.type
    }
    package func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue {
        schemas[type] == nil ? base.construct(type, fields) : .failure("cannot construct \(type)")
    }
}

/// Names of properties as expressions write them: what is no identifier is spelled out.
package enum CELEscaping {
    static let reserved: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    /// Nil for names that cannot be written.
    package static func escape(_ name: String) -> String? {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, !(first >= 48 && first <= 57) else { return nil }
        if reserved.contains(name) { return "__\(name)__" }
        var result = ""
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 95 where index < bytes.count && bytes[index] == 95:
                result += "__underscores__"
                index += 1
            case 46: result += "__dot__"
            case 45: result += "__dash__"
            case 47: result += "__slash__"
            case 95, 48...57, 65...90, 97...122: result.unicodeScalars.append(Unicode.Scalar(byte))
            default: return nil
            }
        }
        return result
    }
}
