// Fields by their names, for rules that hold for several types or for kinds without views.
extension Object {
    /// The value of a field; nil where it is absent or the type has none of that name. Setting a field that the type does
    /// not have does nothing.
    package subscript(field name: String) -> Value? {
        get { type.field(named: name).flatMap { self[$0.slot] } }
        set { if let field = type.field(named: name) { self[field.slot] = newValue } }
    }

    /// The object in a field; nil where it is absent.
    package func part(_ name: String) -> Object? {
        if case .object(let part)? = self[field: name] { part } else { nil }
    }

    /// The text in a field, empty where it is absent.
    package func text(_ name: String) -> String { if case .string(let text)? = self[field: name] { text } else { "" } }

    /// The objects of a list.
    package func parts(_ name: String) -> [Object] {
        guard case .list(let values)? = self[field: name] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    /// The map in a field, empty where it is absent.
    package func map(_ name: String) -> Map { if case .map(let map)? = self[field: name] { map } else { Map() } }

    /// An object of the type of a field, filled in.
    package func made(_ name: String, _ fill: (inout Object) -> Void) -> Value? {
        guard let type = type.field(named: name)?.type else { return nil }
        var object = Object(type: type)
        fill(&object)
        return .object(object)
    }

    /// Changes the object in a field, which is made where it is absent. An empty one without presence goes away.
    package mutating func change(_ name: String, _ change: (inout Object) -> Void) {
        guard let field = type.field(named: name), let inner = field.type, field.container == .single else { return }
        var part = part(name) ?? Object(type: inner)
        change(&part)
        self[field.slot] = part.isEmpty && !field.flags.contains(.pointer) ? nil : .object(part)
    }

    /// Changes every object of a list.
    package mutating func changeEach(_ name: String, _ change: (inout Object) -> Void) {
        guard case .list(let values)? = self[field: name] else { return }
        self[field: name] = .list(
            values.map { value in
                guard case .object(var object) = value else { return value }
                change(&object)
                return .object(object)
            })
    }
}
