/// Messages that protobuf defines for values of any kind; each stands for a plain value.
package struct CELWellKnownTypes: CELTypeProvider {
    package init() {}

    private static let wrappers: [String: CELType] = [
        "google.protobuf.BoolValue": .nullable(.bool), "google.protobuf.BytesValue": .nullable(.bytes),
        "google.protobuf.DoubleValue": .nullable(.double), "google.protobuf.FloatValue": .nullable(.double),
        "google.protobuf.Int32Value": .nullable(.int), "google.protobuf.Int64Value": .nullable(.int),
        "google.protobuf.UInt32Value": .nullable(.uint), "google.protobuf.UInt64Value": .nullable(.uint),
        "google.protobuf.StringValue": .nullable(.string),
    ]

    private static let others: [String: CELType] = [
        "google.protobuf.Timestamp": .timestamp, "google.protobuf.Duration": .duration,
        "google.protobuf.Value": .dyn, "google.protobuf.Struct": .map(.string, .dyn),
        "google.protobuf.ListValue": .list(.dyn), "google.protobuf.NullValue": .int, "google.protobuf.Any": .any,
    ]

    package func hasType(_ name: String) -> Bool {
        CELWellKnownTypes.wrappers[name] != nil || CELWellKnownTypes.others[name] != nil
    }

    package func type(named name: String) -> CELType {
        CELWellKnownTypes.wrappers[name] ?? CELWellKnownTypes.others[name] ?? .error
    }

    package func fieldType(_ field: String, of type: String) -> CELType? {
        if case .nullable(let inner)? = CELWellKnownTypes.wrappers[type] { return field == "value" ? inner : nil }
        switch (type, field) {
        case ("google.protobuf.Timestamp", "seconds"), ("google.protobuf.Timestamp", "nanos"),
            ("google.protobuf.Duration", "seconds"), ("google.protobuf.Duration", "nanos"):
            return .int
        case ("google.protobuf.Value", "null_value"): return .int
        case ("google.protobuf.Value", "number_value"): return .double
        case ("google.protobuf.Value", "string_value"): return .string
        case ("google.protobuf.Value", "bool_value"): return .bool
        case ("google.protobuf.Value", "struct_value"), ("google.protobuf.Struct", "fields"):
            return .map(.string, .dyn)
        case ("google.protobuf.Value", "list_value"), ("google.protobuf.ListValue", "values"): return .list(.dyn)
        default: return nil
        }
    }

    package func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue {
        let first = fields.first?.value
        if case .nullable(let inner)? = CELWellKnownTypes.wrappers[type] {
            return CELWellKnownTypes.wrap(type, inner, first)
        }
        func int(_ name: String) -> Int64 {
            if case .int(let value)? = fields.first(where: { $0.name == name })?.value { return value }
            return 0
        }
        switch type {
        case "google.protobuf.Timestamp":
            return CELTimestamp(seconds: int("seconds"), nanoseconds: int("nanos")).map { .timestamp($0) }
                ?? .failure("timestamp overflow")
        case "google.protobuf.Duration":
            let (product, overflows) = int("seconds").multipliedReportingOverflow(by: 1_000_000_000)
            let (sum, overflowsAgain) = product.addingReportingOverflow(int("nanos"))
            return overflows || overflowsAgain
                ? .failure("duration overflow") : .duration(CELDuration(nanoseconds: sum))
        case "google.protobuf.Value":
            if fields.first?.name == "null_value" { return .null }
            return first ?? .null
        case "google.protobuf.Struct": return first ?? .map(CELDictionary.empty)
        case "google.protobuf.ListValue": return first ?? .list(CELArray.empty)
        default: return .failure("cannot construct \(type)")
        }
    }

    private static func wrap(_ type: String, _ inner: CELType, _ value: CELValue?) -> CELValue {
        switch (type, value) {
        case ("google.protobuf.Int32Value", .int(let number)?):
            Int32(exactly: number) == nil ? .overflow : .int(number)
        case ("google.protobuf.UInt32Value", .uint(let number)?):
            UInt32(exactly: number) == nil ? .failure("unsigned integer overflow") : .uint(number)
        case ("google.protobuf.FloatValue", .double(let number)?): .double(Double(Float(number)))
        case (_, let value?): value
        default: zero(inner)
        }
    }

    private static func zero(_ type: CELType) -> CELValue {
        switch type {
        case .bool: .bool(false)
        case .bytes: .bytes([])
        case .double: .double(0)
        case .int: .int(0)
        case .uint: .uint(0)
        case .string: .string("")
        default: .null
        }
    }
}
