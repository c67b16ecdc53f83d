import MartinetBase
import MartinetCEL
import MartinetSchema

/// An object of the API as the JSON that it stands for, read field by field from the tree that the API server holds.
final class CELObjectMap: CELMap {
    private let object: Object
    init(_ object: Object) { self.object = object }

    /// What a root object has besides its fields.
    private var implied: [(String, String)] {
        guard let kind = object.type.kind else { return [] }
        return [("apiVersion", kind.apiVersion), ("kind", kind.name)]
    }

    var count: Int { object.count + object.extra.count + implied.count }

    func value(for key: CELValue) -> CELValue? {
        guard case .string(let name) = key else { return nil }
        if let field = object.type.field(named: name) {
            return object[field.slot].map { CELObjectMap.read($0, field) }
        }
        if let value = object.extra[name] { return CELValue(value) }
        return implied.first { $0.0 == name }.map { .string($0.1) }
    }

    func entry(at index: Int) -> (key: CELValue, value: CELValue) {
        if index < object.count {
            let entry = object.entry(at: index)
            let field = object.type.field(Int(entry.slot))
            return (.string(field.name), CELObjectMap.read(entry.value, field))
        }
        let rest = index - object.count
        if rest < object.extra.count {
            let entry = object.extra.entries[rest]
            return (.string(entry.key), CELValue(entry.value))
        }
        let (name, value) = implied[rest - object.extra.count]
        return (.string(name), .string(value))
    }

    private static func read(_ value: Value, _ field: Field) -> CELValue {
        switch value {
        case .int(let number) where field.scalar == .time: .string(Timestamp(seconds: number).rfc3339)
        case .int(let number) where field.scalar == .microtime: .string(Timestamp(microseconds: number).rfc3339Micro)
        case .object(let object) where object.type.flags.contains(.listForm):
            object[0].map { CELValue($0) } ?? .list([])
        default: CELValue(value)
        }
    }
}
