import MartinetBase
import MartinetSchema

/// Reading an object's tree by names, for code that serves many versions of a kind. What is absent, or of another type
/// than expected, reads as its zero value.
extension Object {
    /// - Parameter path: such as `spec.template.spec`.
    func at(_ path: String) -> Value? {
        var value = Value.object(self)
        for name in path.split(separator: ".") {
            switch value {
            case .object(let object):
                guard let field = object.type.field(named: String(name)) else {
                    guard let next = object.extra[String(name)] else { return nil }
                    value = next
                    continue
                }
                guard let next = object[field.slot] else { return nil }
                value = next
            case .map(let map):
                guard let next = map[String(name)] else { return nil }
                value = next
            default: return nil
            }
        }
        return value
    }

    func has(_ path: String) -> Bool { at(path) != nil }

    func text(_ path: String) -> String { if case .string(let text) = at(path) { text } else { "" } }

    func optionalText(_ path: String) -> String? { if case .string(let text) = at(path) { text } else { nil } }

    func number(_ path: String) -> Int64 { if case .int(let number) = at(path) { number } else { 0 } }

    func optionalNumber(_ path: String) -> Int64? { if case .int(let number) = at(path) { number } else { nil } }

    func flag(_ path: String) -> Bool { if case .bool(let flag) = at(path) { flag } else { false } }

    func optionalFlag(_ path: String) -> Bool? { if case .bool(let flag) = at(path) { flag } else { nil } }

    func object(_ path: String) -> Object? { if case .object(let object) = at(path) { object } else { nil } }

    func objects(_ path: String) -> [Object] {
        guard case .list(let values) = at(path) else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    func texts(_ path: String) -> [String] {
        guard case .list(let values) = at(path) else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    func map(_ path: String) -> Map { if case .map(let map) = at(path) { map } else { Map() } }

    func annotation(_ name: String) -> String? {
        if case .string(let text) = map("metadata.annotations")[name] { text } else { nil }
    }

    var isBeingDeleted: Bool { has("metadata.deletionTimestamp") }

    func time(_ path: String) -> Timestamp? { optionalNumber(path).map { Timestamp(seconds: $0) } }

    func microtime(_ path: String) -> Timestamp? { optionalNumber(path).map { Timestamp(microseconds: $0) } }

    /// The first of the list whose `type` is this.
    func condition(_ type: String, in path: String = "status.conditions") -> Object? {
        objects(path).first { $0.text("type") == type }
    }
}
