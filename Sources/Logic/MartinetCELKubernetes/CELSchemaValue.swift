import MartinetBase
package import MartinetCEL
package import MartinetSchema

extension CELValue {
    /// A value as its schema describes it. Lists and objects are read where they are asked for.
    package init(_ value: Value, _ schema: CELSchema) {
        if case .null = value {
            self =
                schema.isNullable ? .null : .failure("invalid data, got null for schema with nullable=false")
            return
        }
        switch (schema.form, value) {
        case (.object, .map(let map)): self = .map(CELSchemaObject(map, schema))
        case (.map, .map(let map)): self = .map(CELSchemaMap(map, schema.element))
        case (.list, .list(let values)):
            guard let element = schema.element else {
                self = .failure("invalid array type, expected Items with a non-empty Schema")
                return
            }
            switch schema.listType {
            case "set": self = .list(CELSchemaSet(values, element))
            case "map": self = .list(CELSchemaMapList(values, element, keys: schema.listKeys))
            default: self = .list(CELSchemaList(values, element))
            }
        case (.string, .string(let text)): self = .string(text)
        case (.bytes, .string(let text)):
            self = Base64.decode(text).map { .bytes($0) } ?? .failure("invalid byte formatted string")
        case (.duration, .string(let text)):
            self =
                GoDuration.parse(text).map { .duration(CELDuration(nanoseconds: $0)) }
                ?? .failure("invalid duration \(CELValue.string(text).debugText)")
        case (.date, .string(let text)):
            self = CELTimestamp(date: text).map { .timestamp($0) } ?? .failure("invalid date formatted string")
        case (.dateTime, .string(let text)):
            self =
                CELTimestamp(text: text.uppercased()).map { .timestamp($0) }
                ?? .failure("invalid date-time formatted string")
        case (.number, .double(let number)): self = .double(number)
        case (.number, .int(let number)): self = .double(Double(number))
        case (.integer, .int(let number)): self = .int(number)
        case (.integer, .double(let number)):
            self = Int64(exactly: number).map { .int($0) } ?? .failure("invalid data, expected int, got float64")
        case (.boolean, .bool(let flag)): self = .bool(flag)
        case (.intOrString, .int(let number)): self = .int(number)
        case (.intOrString, .string(let text)): self = .string(text)
        case (.untyped, _): self = CELValue(value)
        default: self = .failure("invalid data for the schema's type")
        }
    }

    /// A value without a schema, as the JSON that it stands for.
    package init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .bytes(let bytes): self = .string(Base64.encode(bytes))
        case .list(let values): self = .list(CELValueList(values))
        case .map(let map): self = .map(CELSchemaMap(map, nil))
        case .object(let object): self = .map(CELObjectMap(object))
        case .raw(let raw):
            guard let decoded = try? JSONDecoder.decodeAny(Array(raw.text.utf8)) else {
                self = .failure("invalid raw JSON")
                return
            }
            self = CELValue(decoded.value)
        }
    }
}

extension Map {
    /// The value of a key; a few entries are looked at one by one, which is faster than a binary search by bytes.
    fileprivate func find(_ key: String) -> Value? {
        guard count <= 16 else { return self[key] }
        for index in 0..<count where entries[index].key == key { return entries[index].value }
        return nil
    }
}

/// An object with declared properties.
final class CELSchemaObject: CELMap {
    let map: Map
    private let schema: CELSchema
    init(_ map: Map, _ schema: CELSchema) {
        self.map = map
        self.schema = schema
    }
    var count: Int { map.count }
    func value(for key: CELValue) -> CELValue? {
        guard case .string(let escaped) = key else { return nil }
        // What is not declared can only be reached by comparing whole objects.
        guard let property = schema.property(escaped: escaped) ?? schema.property(escaped) else {
            return map[escaped].map { CELValue($0) }
        }
        guard let value = map.find(property.name) else { return nil }
        // Null is absence, even where the schema allows it.
        if case .null = value { return nil }
        return CELValue(value, property.schema)
    }
    func entry(at index: Int) -> (key: CELValue, value: CELValue) {
        let entry = map.entries[index]
        guard let property = schema.property(entry.key) else { return (.string(entry.key), CELValue(entry.value)) }
        return (.string(property.escaped ?? entry.key), CELValue(entry.value, property.schema))
    }
}

/// A map of any keys, with or without a schema for its values.
final class CELSchemaMap: CELMap {
    private let map: Map
    private let element: CELSchema?
    init(_ map: Map, _ element: CELSchema?) {
        self.map = map
        self.element = element
    }
    private func read(_ value: Value) -> CELValue { element.map { CELValue(value, $0) } ?? CELValue(value) }
    var count: Int { map.count }
    func value(for key: CELValue) -> CELValue? {
        guard case .string(let name) = key else { return nil }
        return map.find(name).map(read)
    }
    func entry(at index: Int) -> (key: CELValue, value: CELValue) {
        (.string(map.entries[index].key), read(map.entries[index].value))
    }
}

/// A list whose values have no schema.
final class CELValueList: CELList {
    private let values: [Value]
    init(_ values: [Value]) { self.values = values }
    var count: Int { values.count }
    func element(at index: Int) -> CELValue { CELValue(values[index]) }
}

final class CELSchemaList: CELList {
    private let values: [Value]
    private let schema: CELSchema
    init(_ values: [Value], _ schema: CELSchema) {
        self.values = values
        self.schema = schema
    }
    var count: Int { values.count }
    func element(at index: Int) -> CELValue { CELValue(values[index], schema) }
}

/// A list in which order and repetition mean nothing.
final class CELSchemaSet: CELSpecialList {
    private let values: [Value]
    private let schema: CELSchema
    init(_ values: [Value], _ schema: CELSchema) {
        self.values = values
        self.schema = schema
    }
    var count: Int { values.count }
    func element(at index: Int) -> CELValue { CELValue(values[index], schema) }

    func isEqual(to other: any CELList, _ budget: inout CELBudget) -> Bool? {
        guard count == other.count else { return false }
        let keys = Set((0..<count).compactMap { CELKey(element(at: $0)) })
        for index in 0..<other.count {
            let value = other.element(at: index)
            guard budget.spend() else { return false }
            if let key = CELKey(value) {
                guard keys.contains(key) else { return false }
            } else {
                guard (0..<count).contains(where: { element(at: $0).isEqual(to: value, &budget) == true }) else {
                    return false
                }
            }
        }
        return true
    }

    func appending(_ other: any CELList) -> CELValue? {
        var keys: Set<CELKey> = []
        var elements: [CELValue] = []
        for list in [self as any CELList, other] {
            for index in 0..<list.count {
                let value = list.element(at: index)
                if let key = CELKey(value), !keys.insert(key).inserted { continue }
                elements.append(value)
            }
        }
        return .list(elements)
    }
}

/// A list whose elements are told apart by some of their fields.
final class CELSchemaMapList: CELSpecialList {
    private let values: [CELValue]
    private let keys: [CELValue]

    convenience init(_ values: [Value], _ schema: CELSchema, keys: [String]) {
        self.init(
            values.map { CELValue($0, schema) }, keys: keys.map { .string(CELEscaping.escape($0) ?? $0) })
    }

    private init(_ values: [CELValue], keys: [CELValue]) {
        self.values = values
        self.keys = keys
    }
    var count: Int { values.count }
    func element(at index: Int) -> CELValue { values[index] }

    private func key(of value: CELValue) -> [CELKey?]? {
        guard case .map(let map) = value else { return nil }
        return keys.map { name in map.value(for: name).flatMap { CELKey($0) } }
    }

    private var places: [[CELKey?]: Int] {
        var places: [[CELKey?]: Int] = [:]
        for (index, value) in values.enumerated() {
            if let key = key(of: value) { places[key] = index }
        }
        return places
    }

    func isEqual(to other: any CELList, _ budget: inout CELBudget) -> Bool? {
        guard count == other.count else { return false }
        let places = places
        for index in 0..<other.count {
            let value = other.element(at: index)
            guard let key = key(of: value), let place = places[key],
                values[place].isEqual(to: value, &budget) == true
            else { return false }
        }
        return true
    }

    func appending(_ other: any CELList) -> CELValue? {
        var places = places
        var elements = values
        for index in 0..<other.count {
            let value = other.element(at: index)
            guard let key = key(of: value) else { return .failure("unexpected element of a map list") }
            if let place = places[key] {
                elements[place] = value
            } else {
                places[key] = elements.count
                elements.append(value)
            }
        }
        return .list(CELSchemaMapList(elements, keys: keys))
    }
}
