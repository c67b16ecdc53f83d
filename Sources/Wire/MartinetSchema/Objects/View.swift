package import MartinetBase

/// A typed face of an object: a struct with one computed property per field over the shared tree.
///
/// Views are generated (`Sources/Wire/MartinetAPI/Generated`). Making one costs nothing, and a value that is read through one that
/// was made for another type would read foreign fields, so only the codecs and generated code make them.
package protocol View: Hashable, Sendable {
    static var type: ObjectType { get }
    var object: Object { get set }
    init(object: Object)
}

extension View {
    /// A view of an object with nothing set.
    package init() { self.init(object: Object(type: Self.type)) }

    /// Makes one and lets `fill` set its fields.
    package init(_ fill: (inout Self) -> Void) {
        self.init()
        fill(&self)
    }
}

// The accessors that generated properties call: one labelled subscript for each form of field, so that the compiler
// has nothing to choose from.
extension Object {
    package subscript(string slot: Int) -> String {
        get { if case .string(let text) = self[slot] { text } else { "" } }
        set { self[slot] = newValue.isEmpty ? nil : .string(newValue) }
    }

    package subscript(optionalString slot: Int) -> String? {
        get { if case .string(let text) = self[slot] { text } else { nil } }
        set { self[slot] = newValue.map(Value.string) }
    }

    package subscript(int slot: Int) -> Int64 {
        get { if case .int(let number) = self[slot] { number } else { 0 } }
        set { self[slot] = newValue == 0 ? nil : .int(newValue) }
    }

    package subscript(optionalInt slot: Int) -> Int64? {
        get { if case .int(let number) = self[slot] { number } else { nil } }
        set { self[slot] = newValue.map(Value.int) }
    }

    package subscript(int32 slot: Int) -> Int32 {
        get { Int32(truncatingIfNeeded: self[int: slot]) }
        set { self[int: slot] = Int64(newValue) }
    }

    package subscript(optionalInt32 slot: Int) -> Int32? {
        get { self[optionalInt: slot].map { Int32(truncatingIfNeeded: $0) } }
        set { self[optionalInt: slot] = newValue.map(Int64.init) }
    }

    package subscript(bool slot: Int) -> Bool {
        get { if case .bool(let flag) = self[slot] { flag } else { false } }
        set { self[slot] = newValue ? .bool(true) : nil }
    }

    package subscript(optionalBool slot: Int) -> Bool? {
        get { if case .bool(let flag) = self[slot] { flag } else { nil } }
        set { self[slot] = newValue.map(Value.bool) }
    }

    package subscript(double slot: Int) -> Double {
        get { if case .double(let number) = self[slot] { number } else { 0 } }
        set { self[slot] = newValue == 0 ? nil : .double(newValue) }
    }

    package subscript(optionalDouble slot: Int) -> Double? {
        get { if case .double(let number) = self[slot] { number } else { nil } }
        set { self[slot] = newValue.map(Value.double) }
    }

    package subscript(bytes slot: Int) -> [UInt8] {
        get { if case .bytes(let bytes) = self[slot] { bytes } else { [] } }
        set { self[slot] = newValue.isEmpty ? nil : .bytes(newValue) }
    }

    package subscript(time slot: Int) -> Timestamp? {
        get { if case .int(let seconds) = self[slot] { Timestamp(seconds: seconds) } else { nil } }
        set { self[slot] = newValue.map { .int($0.seconds) } }
    }

    package subscript(microtime slot: Int) -> Timestamp? {
        get { if case .int(let microseconds) = self[slot] { Timestamp(microseconds: microseconds) } else { nil } }
        set { self[slot] = newValue.map { .int($0.microseconds) } }
    }

    package subscript(intOrString slot: Int) -> IntOrString? {
        get {
            switch self[slot] {
            case .int(let number): .int(Int32(truncatingIfNeeded: number))
            case .string(let text): .string(text)
            default: nil
            }
        }
        set {
            switch newValue {
            case .int(let number): self[slot] = .int(Int64(number))
            case .string(let text): self[slot] = .string(text)
            case nil: self[slot] = nil
            }
        }
    }

    package subscript(raw slot: Int) -> RawJSON? {
        get { if case .raw(let raw) = self[slot] { raw } else { nil } }
        set { self[slot] = newValue.map(Value.raw) }
    }

    package subscript(any slot: Int) -> Value? {
        get { self[slot] }
        set { self[slot] = newValue }
    }

    package subscript(strings slot: Int) -> [String] {
        get {
            guard case .list(let values) = self[slot] else { return [] }
            return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        set { self[slot] = newValue.isEmpty ? nil : .list(newValue.map(Value.string)) }
    }

    package subscript(ints slot: Int) -> [Int64] {
        get {
            guard case .list(let values) = self[slot] else { return [] }
            return values.compactMap { if case .int(let number) = $0 { number } else { nil } }
        }
        set { self[slot] = newValue.isEmpty ? nil : .list(newValue.map(Value.int)) }
    }

    package subscript(values slot: Int) -> [Value] {
        get { if case .list(let values) = self[slot] { values } else { [] } }
        set { self[slot] = newValue.isEmpty ? nil : .list(newValue) }
    }

    package subscript(stringMap slot: Int) -> StringMap {
        get { if case .map(let map) = self[slot] { StringMap(map: map) } else { StringMap() } }
        _modify {
            var map =
                take(slot).flatMap { if case .map(let map) = $0 { StringMap(map: map) } else { nil } } ?? StringMap()
            defer { self[slot] = map.isEmpty ? nil : .map(map.map) }
            yield &map
        }
    }

    package subscript(map slot: Int) -> Map {
        get { if case .map(let map) = self[slot] { map } else { Map() } }
        set { self[slot] = newValue.isEmpty ? nil : .map(newValue) }
    }

    package subscript<V: View>(view slot: Int) -> V {
        get { if case .object(let object) = self[slot] { V(object: object) } else { V() } }
        _modify {
            var view = take(slot).flatMap { if case .object(let object) = $0 { V(object: object) } else { nil } } ?? V()
            defer { self[slot] = view.object.isEmpty ? nil : .object(view.object) }
            yield &view
        }
    }

    package subscript<V: View>(optionalView slot: Int) -> V? {
        get { if case .object(let object) = self[slot] { V(object: object) } else { nil } }
        _modify {
            var view: V? = take(slot).flatMap { if case .object(let object) = $0 { V(object: object) } else { nil } }
            defer { self[slot] = view.map { .object($0.object) } }
            yield &view
        }
    }

    package subscript<V: View>(list slot: Int) -> ViewList<V> {
        get { if case .list(let values) = self[slot] { ViewList(values: values) } else { ViewList() } }
        _modify {
            var list: ViewList<V> =
                take(slot).flatMap { if case .list(let values) = $0 { ViewList(values: values) } else { nil } }
                ?? ViewList()
            defer { self[slot] = list.isEmpty ? nil : .list(list.values) }
            yield &list
        }
    }

    package subscript<V: View>(viewMap slot: Int) -> [String: V] {
        get {
            guard case .map(let map) = self[slot] else { return [:] }
            var views: [String: V] = [:]
            for entry in map.entries {
                if case .object(let object) = entry.value { views[entry.key] = V(object: object) }
            }
            return views
        }
        set {
            let entries = newValue.map { Map.Entry(key: $0.key, value: .object($0.value.object)) }
            self[slot] = entries.isEmpty ? nil : .map(Map(unsorted: entries))
        }
    }
}

/// A number or a string, as `intstr.IntOrString`: ports by number or name, counts or percentages.
package enum IntOrString: Hashable, Sendable, CustomStringConvertible {
    case int(Int32)
    case string(String)

    package var description: String {
        switch self {
        case .int(let number): String(number)
        case .string(let text): text
        }
    }
}
