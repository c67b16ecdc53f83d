import MartinetSchema

/// Drops the fields of features that are off (`gate=NAME`), as upstream does with what is written.
enum Gates {
    private static let depthMax = 64

    /// The slots of such fields, by type.
    private static let gated: [ObjectType: Set<UInt16>] = {
        var found: [ObjectType: Set<UInt16>] = [:]
        for index in 0..<Schema.builtin.typeCount {
            let type = Schema.builtin.type(at: index)
            let slots = type.fields.filter { $0.rules.contains { $0.hasPrefix("gate=") } }.map { UInt16($0.slot) }
            if !slots.isEmpty { found[type] = Set(slots) }
        }
        return found
    }()

    static func drop(from object: inout Object, depth: Int = 0) {
        guard depth < depthMax else { return }
        let slots = gated[object.type] ?? []
        for index in (0..<object.count).reversed() {
            let entry = object.entry(at: index)
            if slots.contains(entry.slot) {
                object[Int(entry.slot)] = nil
            } else if let changed = dropped(entry.value, depth) {
                object[Int(entry.slot)] = changed
            }
        }
    }

    /// The value without such fields; nil where it had none.
    private static func dropped(_ value: Value, _ depth: Int) -> Value? {
        switch value {
        case .object(var object):
            let before = object
            drop(from: &object, depth: depth + 1)
            return object == before ? nil : .object(object)
        case .list(var values):
            var isChanged = false
            for index in values.indices {
                guard let changed = dropped(values[index], depth + 1) else { continue }
                values[index] = changed
                isChanged = true
            }
            return isChanged ? .list(values) : nil
        default: return nil
        }
    }
}
