import MartinetBase
import MartinetSchema

/// A place in an object under validation, whether anything is set there or not: `spec.ports[0].name`.
///
/// A member is another part: `pod.spec.hostname`. Its name is looked up in the schema; one that the type does not have is
/// a fault of the rule, and is reported as such instead of passing in silence. What is read from a part that is not set
/// is the type's zero value, as in Go. Names of members that are also names of this type go in brackets: `node["text"]`.
@dynamicMemberLookup
struct Part {
    /// Nil where nothing is set.
    let value: Value?
    /// The type of the object that is here or could be; nil for anything else.
    let type: ObjectType?
    /// The number of its place; for a scalar the number of the object that it is a field of. Most scalars are read and
    /// never spoken of: their places are made when they are asked for.
    private let base: Int32
    /// The field, where `base` is its object's.
    private let leaf: Field?
    let report: Report

    init(_ object: Object, _ report: Report) {
        self.init(value: .object(object), type: object.type, base: 0, leaf: nil, report: report)
    }

    @inline(__always)
    fileprivate init(value: Value?, type: ObjectType?, base: Int32, leaf: Field?, report: Report) {
        self.value = value
        self.type = type
        self.base = base
        self.leaf = leaf
        self.report = report
    }

    private init(value: Value?, type: ObjectType?, number: Int32, report: Report) {
        self.init(value: value, type: type, base: number, leaf: nil, report: report)
    }

    private var number: Int32 { leaf.map { report.places.add(.field($0), to: base) } ?? base }

    private func step(_ step: Places.Step, _ value: Value?, _ type: ObjectType?) -> Part {
        Part(value: value, type: type, number: report.places.add(step, to: number), report: report)
    }

    var place: Place { report.places[number] }

    subscript(dynamicMember name: String) -> Part { self[name] }

    subscript(name: String) -> Part {
        guard let field = type?.field(named: name) else {
            report.add(.internalError, place, "a rule reads \(name), which \(type?.name ?? "a scalar") does not have")
            return step(.member(name), nil, nil)
        }
        var found: Value?
        if case .object(let object) = value { found = object[field.slot] }
        if case .null = found { found = nil }
        guard let type = field.type else {
            return Part(value: found, type: nil, base: number, leaf: field, report: report)
        }
        return step(.field(field), found, type)
    }

    /// The same value under another name, where upstream calls it so.
    func renamed(_ name: String, in parent: Part) -> Part { at(parent.place.member(name)) }
    /// The same value at another place.
    func at(_ place: Place) -> Part {
        Part(value: value, type: type, number: report.places.number(of: place), report: report)
    }
    /// The same object with its faults collected elsewhere.
    func reporting(to report: Report) -> Part {
        Part(value: value, type: type, number: report.places.number(of: place), report: report)
    }
    /// A place below this one that is no field of the schema.
    func named(_ name: String) -> Part { step(.member(name), nil, nil) }
    func keyed(_ key: String) -> Part { step(.key(key), nil, nil) }

    // MARK: - Reading

    var isSet: Bool { value != nil }

    /// Nothing set, or a zero value.
    var isEmpty: Bool {
        switch value {
        case nil, .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let values): values.isEmpty
        case .map(let map): map.isEmpty
        case .object(let object): object.isEmpty
        case .raw(let raw): raw.text.isEmpty
        }
    }

    var text: String { if case .string(let text) = value { text } else { "" } }
    var int: Int64 { if case .int(let number) = value { number } else { 0 } }
    var bool: Bool { if case .bool(let flag) = value { flag } else { false } }
    var isTrue: Bool { bool }
    var bytes: [UInt8] { if case .bytes(let bytes) = value { bytes } else { [] } }
    var quantity: Quantity { if case .string(let text) = value { Quantity(text) ?? Quantity(0) } else { Quantity(0) } }
    var object: Object? { if case .object(let object) = value { object } else { nil } }
    var raw: String { if case .raw(let raw) = value { raw.text } else { "" } }

    /// How many items or entries.
    var count: Int {
        switch value {
        case .list(let values): values.count
        case .map(let map): map.count
        default: 0
        }
    }

    /// The items of a list.
    var items: [Part] {
        guard case .list(let values) = value, !values.isEmpty else { return [] }
        let number = number
        return values.indices.map { index in
            var value: Value? = values[index]
            if case .null = value { value = nil }
            return Part(
                value: value, type: type, number: report.places.add(.index(index), to: number), report: report)
        }
    }

    var strings: [String] {
        guard case .list(let values) = value else { return [] }
        return values.map { if case .string(let text) = $0 { text } else { "" } }
    }

    /// The entries of a map, in the order of their keys.
    var pairs: [(key: String, value: Part)] {
        guard case .map(let map) = value, !map.isEmpty else { return [] }
        let number = number
        return map.entries.map { entry in
            let place = report.places.add(.key(entry.key), to: number)
            return (entry.key, Part(value: entry.value, type: type, number: place, report: report))
        }
    }

    func has(key: String) -> Bool { if case .map(let map) = value { map[key] != nil } else { false } }

    /// The text under a key of a map.
    func text(key: String) -> String? {
        guard case .map(let map) = value, case .string(let text)? = map[key] else { return nil }
        return text
    }

    /// The names of the fields that are set, in the schema's order.
    var setFields: [String] {
        guard case .object(let object) = value else { return [] }
        return (0..<object.count).map { object.type.field(Int(object.entry(at: $0).slot)).name }
    }

    /// What is here, for messages.
    var found: String {
        switch value {
        case nil, .null: "nothing"
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): "\"\(text.prefix(128))\""
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .list(let values): "a list of \(values.count)"
        case .map(let map): Self.shown(map)
        case .object, .raw: "an object"
        }
    }

    /// `{app: web}`, as far as a line has room for it.
    private static func shown(_ map: Map) -> String {
        let entries = map.entries.prefix(4).compactMap { entry -> String? in
            guard case .string(let text) = entry.value else { return nil }
            return "\(entry.key.prefix(64)): \(text.prefix(64))"
        }
        guard entries.count == min(map.count, 4), !entries.isEmpty else { return "a map of \(map.count)" }
        return "{\(entries.joined(separator: ", "))\(map.count > 4 ? ", …" : "")}"
    }
}

extension Part {
    /// Another object at the same place.
    func with(_ object: Object) -> Part {
        Part(value: .object(object), type: object.type, number: number, report: report)
    }

    /// Whether something is set here that differs from its zero value only by being there.
    var isPointer: Bool { isSet }
}

extension Part {
    /// Another map at the same place.
    func with(map: Map) -> Part { Part(value: .map(map), type: type, number: number, report: report) }
}
