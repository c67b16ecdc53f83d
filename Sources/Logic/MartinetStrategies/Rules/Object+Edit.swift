import MartinetSchema

// Changing objects of any type by the names of their fields: defaults, and what the system sets.
extension Object {
    /// Changes the object at a path such as `spec.template.spec`. One on the way that may be absent, and is, ends it.
    mutating func edit(_ path: String, _ body: (inout Object) -> Void) {
        edit(path.split(separator: ".").map(String.init)[...], body)
    }

    private mutating func edit(_ path: ArraySlice<String>, _ body: (inout Object) -> Void) {
        guard let name = path.first else { return body(&self) }
        guard let field = type.field(named: name), let inner = field.type else { return }
        var nested: Object
        switch self[field.slot] {
        case .object(let object): nested = object
        case .list(let values) where field.container != .single:
            self[field.slot] = .list(
                values.map { value in
                    guard case .object(var item) = value else { return value }
                    item.edit(path.dropFirst(), body)
                    return .object(item)
                })
            return
        default:
            guard field.container == .single, !field.flags.contains(.pointer) else { return }
            nested = Object(type: inner)
        }
        nested.edit(path.dropFirst(), body)
        self[field.slot] = nested.isEmpty && !field.flags.contains(.pointer) ? nil : .object(nested)
    }

    mutating func setDefault(_ name: String, _ value: Value) {
        if self[field: name] == nil { self[field: name] = value }
    }

    /// The object at a field, empty where none is set.
    func inner(_ name: String) -> Object {
        if case .object(let object) = self[field: name] { return object }
        return Object(type: type.field(named: name)?.type ?? type)
    }

    /// What counts where objects are compared: amounts however they are written, and nothing that is empty.
    var semantics: Object {
        var copy = self
        copy.extra = Map()
        for index in (0..<count).reversed() {
            let entry = entry(at: index)
            let isAmount = type.field(Int(entry.slot)).scalar == .quantity
            copy[Int(entry.slot)] = entry.value.semantics(isAmount: isAmount)
        }
        return copy
    }
}

extension Value {
    /// Nil for a list or a map that is empty.
    fileprivate func semantics(isAmount: Bool = false) -> Value? {
        switch self {
        case .list(let values): values.isEmpty ? nil : .list(values.map { $0.semantics(isAmount: isAmount) ?? $0 })
        case .object(let object): .object(object.semantics)
        case .string(let text) where isAmount: .string(Quantity(text).map { "\($0.nanos)" } ?? text)
        case .map(let map):
            if map.isEmpty {
                nil
            } else if isAmount {
                .map(map.mapValues { $0.semantics(isAmount: true) ?? $0 })
            } else {
                self
            }
        default: self
        }
    }
}

extension Value? {
    /// Whether upstream would take one for the other.
    func means(_ other: Value?) -> Bool {
        if self == other { return true }
        return self?.semantics() == other?.semantics()
    }
}

extension Map {
    fileprivate func mapValues(_ change: (Value) -> Value) -> Map {
        var copy = self
        for entry in entries { copy[entry.key] = change(entry.value) }
        return copy
    }
}
