import MartinetAPI
package import MartinetSchema

/// What holds for every kind that says nothing else: status belongs to `/status`, everything else does not.
package struct GenericStrategy: Strategy {
    private let kind: Kind

    package init(kind: Kind) { self.kind = kind }

    private var statusSlot: Int? {
        kind.subresources.contains { $0.name == "status" } ? kind.type.field(named: "status")?.slot : nil
    }

    package func setDefaults(_ object: inout Object) {}
    package func prepareForCreate(_ object: inout Object) { if let statusSlot { object[statusSlot] = nil } }
    package func prepareForUpdate(_ object: inout Object, old: Object) {
        if let statusSlot { object[statusSlot] = old[statusSlot] }
    }
    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        guard let statusSlot else { return }
        let status = object[statusSlot]
        object = old
        object[statusSlot] = status
    }
    package func validate(_ object: Object) -> [FieldError] { [] }
    package func validateUpdate(_ object: Object, old: Object) -> [FieldError] { [] }
    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] { [] }
    package var hasGeneration: Bool { statusSlot != nil && kind.type.field(named: "spec") != nil }
    package var allowsCreateOnUpdate: Bool { false }
    package var requiresResourceVersionOnUpdate: Bool { false }
    package func selectableFields(_ object: Object) -> [(path: String, value: String)] {
        kind.selectable.map { path in (path, Self.text(at: path.split(separator: ".")[...], in: .object(object))) }
    }

    private static func text(at path: ArraySlice<Substring>, in value: Value?) -> String {
        switch value {
        case .object(let object):
            guard let name = path.first, let field = object.type.field(named: String(name)) else { return "" }
            return text(at: path.dropFirst(), in: object[field.slot])
        case .string(let text): return text
        case .int(let number): return String(number)
        case .bool(let flag): return String(flag)
        default: return ""
        }
    }
}

/// The strategy of each kind.
package enum Strategies {
    package static func strategy(for kind: Kind) -> any Strategy { GenericStrategy(kind: kind) }
}
