package import MartinetCEL

/// What the expressions that select devices know: `device`, with its driver, attributes and capacities by domain.
///
/// Source: dynamic-resource-allocation's cel/compile.go, v1.36, with the features that are on by default.
package enum CELDevices {
    /// What one expression may cost, both as estimated and while it is evaluated.
    package static let costMax: UInt64 = 1_000_000

    package static let environment: CELEnvironment = {
        var environment = CELEnvironment.kubernetes
        environment.addBindings()
        environment.types = Types()
        environment.declare("device", .object(Types.device))
        return environment
    }()

    package static let costs = CELKubernetesCostModel { most($0) }

    private struct Types: CELTypeProvider {
        static let device = "kubernetes.DRADevice"
        private static let fields: [String: CELType] = [
            "driver": .string, "allowMultipleAllocations": .bool,
            "attributes": .map(.string, .map(.string, .any)),
            "capacity": .map(.string, .map(.string, CELQuantity.type)),
        ]
        private let base = CELWellKnownTypes()

        func hasType(_ name: String) -> Bool { name == Types.device || base.hasType(name) }
        func type(named name: String) -> CELType { name == Types.device ? .object(name) : base.type(named: name) }
        func fieldType(_ field: String, of type: String) -> CELType? {
            type == Types.device ? Types.fields[field] : base.fieldType(field, of: type)
        }
        func construct(_ type: String, _ fields: [(name: String, value: CELValue)]) -> CELValue {
            type == Types.device ? .failure("a device cannot be made") : base.construct(type, fields)
        }
    }

    private static let (domainMax, nameMax, driverMax, textMax, entriesMax): (UInt64, UInt64, UInt64, UInt64, UInt64) =
        (63, 32, 63, 64, 32)

    /// How large a part of a device can be; nil for what no device has.
    private static func most(_ path: ArraySlice<String>) -> UInt64? {
        guard let first = path.first else { return 0 }
        switch first {
        case "driver": return path.count == 1 ? driverMax : nil
        case "allowMultipleAllocations": return path.count == 1 ? 1 : nil
        case "attributes", "capacity": break
        default: return nil
        }
        let keys = path.dropFirst()
        switch keys.count {
        case 0: return entriesMax
        case 1: return keys.last == "@keys" ? domainMax : isElement(keys.last) ? entriesMax : nil
        case 2 where isElement(keys.first):
            if keys.last == "@keys" { return nameMax }
            // Whatever an attribute is called, it is no larger; of a capacity only its place in the map is known.
            guard first == "attributes" else { return isElement(keys.last) ? 1 : nil }
            return textMax
        default: return nil
        }
    }

    private static func isElement(_ name: String?) -> Bool { name == "@items" || name == "@values" }
}
