/// The key of a map: numbers are one key whatever their type, texts differ by their scalars.
package struct CELKey: Hashable, Sendable {
    package enum Form: Sendable {
        case bool(Bool)
        case int(Int64)
        case uint(UInt64)
        case string(String)
    }
    package let form: Form

    /// Nil for what cannot be a key.
    package init?(_ value: CELValue) {
        switch value {
        case .bool(let value): form = .bool(value)
        case .int(let value): form = .int(value)
        case .uint(let value): form = value <= UInt64(Int64.max) ? .int(Int64(value)) : .uint(value)
        case .double(let value):
            if let exact = Int64(exactly: value) {
                form = .int(exact)
            } else if let exact = UInt64(exactly: value) {
                form = .uint(exact)
            } else {
                return nil
            }
        case .string(let value): form = .string(value)
        default: return nil
        }
    }

    package static func == (first: CELKey, second: CELKey) -> Bool {
        switch (first.form, second.form) {
        case (.bool(let first), .bool(let second)): first == second
        case (.int(let first), .int(let second)): first == second
        case (.uint(let first), .uint(let second)): first == second
        case (.string(let first), .string(let second)): first.isSameText(as: second)
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch form {
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .uint(let value): hasher.combine(value)
        case .string(var value): value.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}

/// A map that an expression made, in the order in which its keys came.
package final class CELDictionary: CELMap {
    private let entries: [(key: CELValue, value: CELValue)]
    private let places: [CELKey: Int]

    package init(_ builder: CELDictionaryBuilder) {
        entries = builder.entries
        places = builder.places
    }

    package static let empty = CELDictionary(CELDictionaryBuilder())
    package var count: Int { entries.count }
    package func entry(at index: Int) -> (key: CELValue, value: CELValue) { entries[index] }
    package func value(for key: CELValue) -> CELValue? {
        guard let key = CELKey(key), let place = places[key] else { return nil }
        return entries[place].value
    }
}

package struct CELDictionaryBuilder {
    fileprivate(set) var entries: [(key: CELValue, value: CELValue)] = []
    fileprivate(set) var places: [CELKey: Int] = [:]

    package init() {}
    package var count: Int { entries.count }

    /// Nil where the entry was added; else what is wrong with it.
    package mutating func insert(_ key: CELValue, _ value: CELValue) -> CELValue? {
        guard let place = CELKey(key) else { return .failure("unsupported key type: \(key.type)") }
        if case .double = key { return .failure("unsupported key type: double") }
        guard places[place] == nil else { return .failure("insert failed: key \(key.debugText) already exists") }
        places[place] = entries.count
        entries.append((key, value))
        return nil
    }
}
