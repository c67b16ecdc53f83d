import MartinetAPI
import MartinetBase
import MartinetSchema
import MartinetStrategies
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Every field of every kind, broken in every way that its type knows: there is always an answer, a rule always stands
/// behind it, and what the schema declares is never passed over in silence.
///
/// A sample of each kind's breakages, drawn from a fixed seed; all of them with `MARTINET_WALK=all`. What the schema declares
/// and no rule checks is listed with its reason in `Silence`; anything else that passes in silence fails the walk.
@Suite struct WalkTests {
    static let seed: UInt64 = 20_261_122
    /// As many as that of small kinds; fewer of those that are large, which take longer.
    static let sample = 24

    @Test func everyFieldIsJudged() throws {
        let walk = getenv("MARTINET_WALK").map { String(cString: $0) } ?? ""
        let isWhole = walk == "all"
        var (breakages, answered) = (0, 0)
        var silent: [String: (base: Value, broken: Value)] = [:]
        for kind in Schema.builtin.kinds where !kind.plural.isEmpty && kind.isServedByDefault {
            var generator = SplitMix64(state: Self.seed)
            let walker = Walker(kind: kind)
            if !walk.isEmpty { print("walking \(kind.apiVersion).\(kind.name)"); fflush(nil) }
            guard let base = walker.judge(walker.whole) else { continue }
            guard let old = walker.object(walker.whole) else { continue }
            let ways = walker.breakages
            let count = isWhole ? ways.count : min(ways.count, ways.count > 1000 ? Self.sample / 6 : Self.sample)
            for number in 0..<count {
                let way = isWhole ? ways[number] : ways[Int(generator.next() % UInt64(ways.count))]
                let broken = way.applied(to: walker.whole)
                breakages += 1
                guard let faults = walker.judge(broken) else {
                    // The decoder said so.
                    answered += 1
                    continue
                }
                for fault in faults {
                    #expect(!fault.message.isEmpty && !fault.message.hasPrefix("a rule reads"), "\(way): \(fault)")
                }
                if faults != base {
                    answered += 1
                } else if way.isDeclared {
                    silent["\(kind.apiVersion).\(kind.name) \(way)"] = (walker.whole, broken)
                }
                for subresource in ["", "status"] {
                    for fault in walker.judge(broken, since: old, through: subresource) {
                        #expect(!fault.message.hasPrefix("a rule reads"), "\(way) through \(subresource): \(fault)")
                    }
                }
            }
        }
        print("walk: \(breakages) breakages, \(answered) answered, \(silent.count) silent")
        for (line, pair) in silent.sorted(by: { $0.key < $1.key }) where Silence.reason(line) == nil {
            Issue.record("nothing is said of \(line)")
            if !walk.isEmpty { print("SILENT \(line)\t\(pair.base.json)\t\(pair.broken.json)") }
        }
        #expect(breakages > 800)
    }
}

/// One kind, an object of it with everything in it, and the ways to break that.
struct Walker {
    let kind: Kind
    let strategy: any Strategy
    let whole: Value

    init(kind: Kind) {
        self.kind = kind
        strategy = Judge.strategy(for: kind)
        var object = Self.grown(kind.type, []).members
        if kind.type.field(named: "metadata") != nil {
            object.removeAll { $0.key == "metadata" }
            let metadata: [Map.Entry] = [
                .init(key: "name", value: .string("a")), .init(key: "resourceVersion", value: .string("7")),
                .init(key: "labels", value: .map(Map(unsorted: [.init(key: "a", value: .string("a"))]))),
            ]
            object.append(.init(key: "metadata", value: .map(Map(unsorted: metadata))))
        }
        whole = .map(Map(unsorted: object))
    }

    private static let depthMax = 7

    /// A value of this type with every field set, but for those that would hold another of a type that holds them.
    private static func grown(_ type: ObjectType, _ outer: [ObjectType]) -> Value {
        guard outer.count < depthMax, !outer.contains(type) else { return .map(Map()) }
        return .map(Map(unsorted: type.fields.map { .init(key: $0.name, value: grown($0, outer + [type])) }))
    }

    private static func grown(_ field: Field, _ outer: [ObjectType]) -> Value {
        let one: Value =
            switch field.scalar {
            case .object: field.type.map { grown($0, outer) } ?? .map(Map())
            case .string: .string(field.enumeration.first ?? "a")
            case .bytes: .string("YQ==")
            case .bool: .bool(true)
            case .int32, .int64, .uint32, .uint64, .intorstring: .int(1)
            case .double, .float: .double(1.5)
            case .quantity: .string("1")
            case .time: .string("2023-11-14T22:13:20Z")
            case .microtime: .string("2023-11-14T22:13:20.000000Z")
            case .duration: .string("1s")
            case .strings: .list([.string("a")])
            case .raw, .json, .fieldsv1, .any: .map(Map(unsorted: [.init(key: "a", value: .int(1))]))
            }
        return switch field.container {
        case .single: one
        case .list, .nested: .list([one])
        case .map: .map(Map(unsorted: [.init(key: "a", value: one)]))
        }
    }

    // MARK: - Breaking

    var breakages: [Breakage] {
        var found: [Breakage] = []
        collect(kind.type, [], [], &found)
        return found
    }

    private func collect(_ type: ObjectType, _ path: [String], _ outer: [ObjectType], _ found: inout [Breakage]) {
        guard path.count < Self.depthMax, !outer.contains(type) else { return }
        for field in type.fields where !(path.isEmpty && ["metadata", "status"].contains(field.name)) {
            let place = path + [field.name]
            for way in Breakage.Way.allCases where way.fits(field) {
                found.append(Breakage(path: place, way: way, isDeclared: way.isDeclared(of: field)))
            }
            if field.scalar == .object, let inner = field.type { collect(inner, place, outer + [type], &found) }
        }
    }

    // MARK: - Judging

    func object(_ value: Value) -> Object? {
        guard var object = try? JSONDecoder.decode(JSONEncoder.encode(value), as: kind.type).object else { return nil }
        Judge.metadata(&object) {
            if kind.isNamespaced { $0.namespace = "a" }
            $0.uid = "u"
        }
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        return object
    }

    /// Nil where it cannot be decoded.
    func judge(_ value: Value) -> [FieldError]? {
        guard var object = object(value) else { return nil }
        strategy.prepareForCreate(&object)
        _ = strategy.warnings(object, old: nil)
        return strategy.validate(object)
    }

    func judge(_ value: Value, since old: Object, through subresource: String) -> [FieldError] {
        guard var object = object(value) else { return [] }
        strategy.prepareForUpdate(&object, old: old, through: subresource)
        _ = strategy.warnings(object, old: old)
        return strategy.validateUpdate(object, old: old, through: subresource)
    }
}

/// One field, broken in one way.
struct Breakage: CustomStringConvertible {
    enum Way: CaseIterable {
        case gone, empty, strange, long, negative, huge, zero, doubled, many, foreign

        func fits(_ field: Field) -> Bool {
            let isNumber = [.int32, .int64, .uint32, .uint64, .intorstring].contains(field.scalar)
            return switch self {
            case .gone: true
            case .empty: field.scalar == .string || field.container != .single
            case .strange, .long: field.scalar == .string
            case .negative, .huge, .zero: isNumber || field.scalar == .quantity
            case .doubled, .many: field.container == .list
            case .foreign: field.container == .map
            }
        }

        /// Whether the schema says that this is wrong.
        func isDeclared(of field: Field) -> Bool {
            switch self {
            case .strange: !field.enumeration.isEmpty && field.container == .single
            case .gone: field.flags.contains(.required) && field.container != .map && field.scalar != .bool
            default: false
            }
        }

        func applied(to value: Value) -> Value? {
            switch (self, value) {
            case (.gone, _): nil
            case (.empty, .list): .list([])
            case (.empty, .map): .map(Map())
            case (.empty, _): .string("")
            case (.doubled, .list(let items)): .list(items + items)
            case (.many, .list(let items)): .list((0..<300).map { _ in items.first ?? .null })
            case (.foreign, .map(let map)):
                .map(Map(unsorted: [.init(key: "not a key!", value: map.entries.first?.value ?? .null)]))
            case (_, .list(let items)): .list(items.map { applied(to: $0) ?? .null })
            case (_, .map(let map)):
                .map(Map(unsorted: map.entries.map { .init(key: $0.key, value: applied(to: $0.value) ?? .null) }))
            case (.strange, _): .string("Strange one/..%")
            case (.long, _): .string(String(repeating: "x", count: 3000))
            case (.negative, .string): .string("-1")
            case (.negative, _): .int(-1)
            case (.huge, .string): .string("9E18")
            case (.huge, _): .int(2_147_483_647)
            case (.zero, .string): .string("0")
            case (.zero, _): .int(0)
            default: value
            }
        }
    }

    let path: [String]
    let way: Way
    let isDeclared: Bool

    var description: String { "\(path.joined(separator: ".")) \(way)" }

    func applied(to value: Value) -> Value { change(value, path[...]) ?? value }

    private func change(_ value: Value, _ path: ArraySlice<String>) -> Value? {
        guard let name = path.first else { return way.applied(to: value) }
        switch value {
        case .list(let items): return .list(items.compactMap { change($0, path) })
        case .map(let map):
            guard let inner = map[name] else {
                // A map of objects: the path goes on in its values.
                return .map(
                    Map(
                        unsorted: map.entries.compactMap { entry in
                            change(entry.value, path).map { .init(key: entry.key, value: $0) }
                        }))
            }
            var copy = map
            copy[name] = change(inner, path.dropFirst())
            return .map(copy)
        default: return value
        }
    }
}
