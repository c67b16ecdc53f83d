final class CELListNode: CELNode {
    private let elements: [any CELNode]
    private let optional: Set<Int>
    init(_ elements: [any CELNode], optional: Set<Int>) {
        self.elements = elements
        self.optional = optional
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        defer { frame.spend(10) }
        var values: [CELValue] = []
        values.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            var value = element.evaluate(frame)
            if value.isErrorOrUnknown { return value }
            if optional.contains(index) {
                guard case .optional(let inner) = value else {
                    return .failure("cannot initialize optional list element from non-optional value")
                }
                guard let present = inner.value else { continue }
                value = present
            }
            values.append(value)
        }
        return .list(CELArray(values))
    }
}

final class CELMapNode: CELNode {
    typealias Entry = (key: any CELNode, value: any CELNode, isOptional: Bool)
    private let entries: [Entry]
    init(_ entries: [Entry]) { self.entries = entries }
    func evaluate(_ frame: CELFrame) -> CELValue {
        defer { frame.spend(30) }
        var builder = CELDictionaryBuilder()
        for entry in entries {
            let key = entry.key.evaluate(frame)
            if key.isErrorOrUnknown { return key }
            var value = entry.value.evaluate(frame)
            if value.isErrorOrUnknown { return value }
            if entry.isOptional {
                guard case .optional(let inner) = value else {
                    return .failure("cannot initialize optional entry '\(key.debugText)' from non-optional value")
                }
                guard let present = inner.value else { continue }
                value = present
            }
            if let failure = builder.insert(key, value) { return failure }
        }
        return .map(CELDictionary(builder))
    }
}

final class CELStructureNode: CELNode {
    typealias Field = (name: String, value: any CELNode, isOptional: Bool)
    private let type: String
    private let fields: [Field]
    private let types: any CELTypeProvider
    init(_ type: String, _ fields: [Field], _ types: any CELTypeProvider) {
        self.type = type
        self.fields = fields
        self.types = types
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        defer { frame.spend(40) }
        var values: [(name: String, value: CELValue)] = []
        for field in fields {
            var value = field.value.evaluate(frame)
            if value.isErrorOrUnknown { return value }
            if field.isOptional {
                guard case .optional(let inner) = value else {
                    return .failure("cannot initialize optional entry '\(field.name)' from non-optional value")
                }
                guard let present = inner.value else { continue }
                value = present
            }
            values.append((field.name, value))
        }
        return types.construct(type, values)
    }
}

/// `optional.or(other)` and `optional.orValue(value)`: the other side is evaluated only where it is wanted.
final class CELAlternativeNode: CELNode {
    private let first: any CELNode
    private let second: any CELNode
    private let unwraps: Bool
    init(_ first: any CELNode, _ second: any CELNode, unwraps: Bool) {
        self.first = first
        self.second = second
        self.unwraps = unwraps
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        let value = first.evaluate(frame)
        if value.isErrorOrUnknown { return value }
        guard case .optional(let optional) = value else { return .noSuchOverload(unwraps ? "orValue" : "or") }
        guard let inner = optional.value else { return second.evaluate(frame) }
        return unwraps ? inner : value
    }
}
