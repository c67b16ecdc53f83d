/// A type as the checker sees it.
package indirect enum CELType: Hashable, Sendable, CustomStringConvertible {
    case dyn, error, any
    case bool, int, uint, double, string, bytes, null
    case timestamp, duration
    case list(CELType)
    case map(CELType, CELType)
    /// The type of a type; nil where it is not known of which.
    case type(CELType?)
    case parameter(Int)
    /// Something with fields, by its name.
    case object(String)
    /// A type with a name and parameters, such as `optional_type(int)`.
    case opaque(String, [CELType])
    /// A value of the inner type or null.
    case nullable(CELType)

    package static func optional(_ inner: CELType) -> CELType { .opaque("optional_type", [inner]) }

    package var description: String {
        switch self {
        case .dyn: "dyn"
        case .error: "!error!"
        case .any: "any"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .null: "null"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .type(let inner): inner.map { "type(\($0))" } ?? "type"
        case .parameter(let number): "T\(number)"
        case .object(let name): name
        case .opaque(let name, let parameters):
            parameters.isEmpty ? name : "\(name)(\(parameters.map(\.description).joined(separator: ", ")))"
        case .nullable(let inner): "wrapper(\(inner))"
        }
    }

    /// The name that the type has as a value, and by which two types are compared.
    package var runtimeName: String {
        switch self {
        case .null: "null_type"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .list: "list"
        case .map: "map"
        case .type: "type"
        case .opaque(let name, _): name
        case .nullable(let inner): inner.runtimeName
        default: description
        }
    }

    var parameters: [CELType] {
        switch self {
        case .list(let element): [element]
        case .map(let key, let value): [key, value]
        case .type(let inner): inner.map { [$0] } ?? []
        case .opaque(_, let parameters): parameters
        default: []
        }
    }

    package var isDynamic: Bool { self == .dyn || self == .any }
    var isDynamicOrError: Bool { isDynamic || self == .error }

    /// What an optional holds.
    package var optionalElement: CELType? {
        if case .opaque("optional_type", let parameters) = self { return parameters.first }
        return nil
    }
}
