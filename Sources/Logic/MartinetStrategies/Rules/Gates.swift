import MartinetSchema

/// Drops the fields of features that are off (`gate=NAME`), as upstream does with what is written.
enum Gates {
    private static let depthMax = 64

    static func drop(from object: inout Object, depth: Int = 0) {
        guard depth < depthMax else { return }
        for index in (0..<object.count).reversed() {
            let entry = object.entry(at: index)
            let field = object.type.field(Int(entry.slot))
            if field.rules.contains(where: { $0.hasPrefix("gate=") }) {
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
