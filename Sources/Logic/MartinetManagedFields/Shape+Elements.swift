package import MartinetSchema

// How the elements of a list are told apart.
extension Shape {
    /// The names of the fields that are a list's keys; empty for a set.
    var keys: [String] {
        guard case .list(let field) = form else { return [] }
        if field.flags.contains(.listMap) { return field.listKeys }
        if field.flags.contains(.listSet) || field.mergeKey.isEmpty { return [] }
        return [field.mergeKey]
    }

    /// The element's place in the list.
    ///
    /// - Parameter keys: of this shape; they are asked for once for all elements.
    func pathElement(of value: Value, keys: [String]) throws(TypedError) -> PathElement {
        guard !keys.isEmpty else {
            switch value {
            case .map, .object: throw TypedError("an element of a set is an object")
            case .list: throw TypedError("an element of a set is a list")
            case .null: throw TypedError("an element of a set is null")
            default: return .value(value)
            }
        }
        var fields: [PathElement.KeyField] = []
        fields.reserveCapacity(keys.count)
        for key in keys {
            if let present = try member(key, of: value) ?? keyDefault(key) {
                fields.append(.init(name: key, value: present))
            }
        }
        guard !fields.isEmpty else {
            throw TypedError("an element has none of the keys \(keys.joined(separator: ", "))")
        }
        if fields.count > 1 { fields.sort { $0.name.precedes($1.name) } }
        return .key(fields)
    }

    private func member(_ name: String, of value: Value) throws(TypedError) -> Value? {
        switch value {
        case .map(let map): return map[name]
        case .object(let object): return PlainForm.member(name, of: object)
        case .null: throw TypedError("an element of a list with keys is null")
        default: throw TypedError("an element of a list with keys is no object")
        }
    }

    /// What the published schema says of an absent key: its default, or the zero value of what is always written.
    private func keyDefault(_ name: String) -> Value? {
        guard case .list(let list) = form, let field = list.type?.field(named: name) else { return nil }
        let isPublished = field.flags.contains(.lenient) || field.rules.contains("published")
        if isPublished, !field.defaultLiteral.isEmpty {
            return try? JSONDecoder.decodeAny(Array(field.defaultLiteral.utf8)).value
        }
        guard !isPublished, field.flags.contains(.always), field.flags.isDisjoint(with: [.pointer, .omitZero]) else {
            return nil
        }
        switch field.scalar {
        case .string: return .string("")
        case .bool: return .bool(false)
        case .int32, .int64, .uint32, .uint64, .double, .float: return .int(0)
        default: return nil
        }
    }
}

/// A value that is not of the form that the schema says.
package struct TypedError: Error, Sendable, CustomStringConvertible {
    /// Such as `.spec.containers[name="c"]`.
    package private(set) var path = ""
    package let message: String
    package init(_ message: String) { self.message = message }

    func inside(_ element: PathElement) -> TypedError {
        var error = self
        error.path = element.description + path
        return error
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
