/// A literal, or what was computed when the expression was compiled.
final class CELConstantNode: CELNode {
    let value: CELValue
    init(_ value: CELValue) { self.value = value }
    func evaluate(_ frame: CELFrame) -> CELValue { value }
}

extension CELAttributeNode {
    var wholeCost: UInt64 { 1 }
}

final class CELVariableNode: CELAttributeNode {
    private let slot: Int
    init(slot: Int) { self.slot = slot }
    func resolve(_ frame: CELFrame) -> CELValue {
        slot < frame.variables.count ? frame.variables[slot] : .failure("no such attribute")
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.spend(1)
        return resolve(frame)
    }
}

/// A name that the environment does not know, in an expression that was not checked.
final class CELMissingNode: CELAttributeNode {
    private let name: String
    init(_ name: String) { self.name = name }
    func resolve(_ frame: CELFrame) -> CELValue { .failure("no such attribute: \(name)") }
    func evaluate(_ frame: CELFrame) -> CELValue { resolve(frame) }
}

/// A variable of a macro.
final class CELLocalNode: CELAttributeNode {
    private let slot: Int
    init(slot: Int) { self.slot = slot }
    func resolve(_ frame: CELFrame) -> CELValue { frame.locals[slot] }
    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.spend(1)
        return frame.locals[slot]
    }
}

/// A bound name: its value is computed where it is first asked for.
final class CELBoundNode: CELAttributeNode {
    static let unset = CELFailure("not yet computed")
    private let slot: Int
    private let value: any CELNode
    init(slot: Int, value: any CELNode) {
        self.slot = slot
        self.value = value
    }
    func resolve(_ frame: CELFrame) -> CELValue {
        if case .error(let failure) = frame.locals[slot], failure === CELBoundNode.unset {
            frame.locals[slot] = value.evaluate(frame)
        }
        return frame.locals[slot]
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.spend(1)
        return resolve(frame)
    }
}

/// `cel.bind`.
final class CELBindingNode: CELNode {
    private let slot: Int
    private let result: any CELNode
    init(slot: Int, result: any CELNode) {
        self.slot = slot
        self.result = result
    }
    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.locals[slot] = .error(CELBoundNode.unset)
        let value = result.evaluate(frame)
        frame.locals[slot] = .null
        return value
    }
}

/// What a step is applied to: an attribute is not charged as a whole there.
struct CELOperand: Sendable {
    private let node: any CELNode
    private let attribute: (any CELAttributeNode)?
    let wholeCost: UInt64

    init(_ node: any CELNode) {
        self.node = node
        attribute = node as? any CELAttributeNode
        wholeCost = attribute?.wholeCost ?? 1
    }

    @inline(__always)
    func resolve(_ frame: CELFrame) -> CELValue { attribute?.resolve(frame) ?? node.evaluate(frame) }
}

/// `operand.field`, `operand[constant]` and their optional forms.
final class CELSelectNode: CELAttributeNode {
    private let operand: CELOperand
    private let key: CELValue
    private let isOptional: Bool
    let wholeCost: UInt64

    init(_ operand: any CELNode, key: CELValue, isOptional: Bool) {
        self.operand = CELOperand(operand)
        self.key = key
        self.isOptional = isOptional
        wholeCost = self.operand.wholeCost
    }

    func resolve(_ frame: CELFrame) -> CELValue {
        let value = operand.resolve(frame)
        return value.qualified(by: key, isOptional: isOptional, frame)
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.spend(wholeCost)
        return resolve(frame)
    }
}

/// `operand[index]`.
final class CELIndexNode: CELAttributeNode {
    private let operand: CELOperand
    private let index: CELOperand
    private let isOptional: Bool
    let wholeCost: UInt64

    init(_ operand: any CELNode, index: any CELNode, isOptional: Bool) {
        self.operand = CELOperand(operand)
        self.index = CELOperand(index)
        self.isOptional = isOptional
        wholeCost = self.operand.wholeCost
    }

    func resolve(_ frame: CELFrame) -> CELValue {
        let value = operand.resolve(frame)
        if value.isErrorOrUnknown { return value }
        if case .optional(let optional) = value, optional.value == nil { return value }
        let key = index.resolve(frame)
        if key.isErrorOrUnknown {
            frame.spend(1)
            return key
        }
        return value.qualified(by: key, isOptional: isOptional, frame)
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        frame.spend(wholeCost)
        return resolve(frame)
    }
}

/// `has(operand.field)`.
final class CELPresenceNode: CELAttributeNode {
    private let operand: CELOperand
    private let field: String
    private let hasCost: Bool
    let wholeCost: UInt64

    init(_ operand: any CELNode, field: String, hasCost: Bool) {
        self.operand = CELOperand(operand)
        self.field = field
        self.hasCost = hasCost
        wholeCost = self.operand.wholeCost
    }

    func resolve(_ frame: CELFrame) -> CELValue {
        let value = operand.resolve(frame)
        switch value {
        case .error, .unknown: return value
        case .optional(let optional):
            guard let inner = optional.value else { return .bool(false) }
            frame.spend(1)
            return inner.has(field)
        default:
            frame.spend(1)
            return value.has(field)
        }
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        let value = resolve(frame)
        frame.spend(wholeCost)
        if !hasCost { frame.refund(1) }
        return value
    }
}

extension CELValue {
    /// What cannot be read is an error, not an absence.
    private static func presence(_ value: CELValue?) -> CELValue {
        if let value, value.isErrorOrUnknown { return value }
        return .bool(value != nil)
    }

    func has(_ field: String) -> CELValue {
        switch self {
        case .map(let map): CELValue.presence(map.value(for: .string(field)))
        case .object(let object):
            object.field(field) == nil && !object.has(field)
                ? .failure("no such field '\(field)'") : .bool(object.has(field))
        case .list: .failure("unsupported index type 'string' in list")
        default: .bool(false)
        }
    }

    /// A field, element or entry. An optional stays one: what is absent in it is none.
    func qualified(by key: CELValue, isOptional: Bool, _ frame: CELFrame) -> CELValue {
        switch self {
        case .error, .unknown: return self
        case .optional(let optional):
            guard let inner = optional.value else { return self }
            return inner.qualified(by: key, isOptional: true, frame)
        default: break
        }
        guard isOptional else {
            frame.spend(1)
            return element(key)
        }
        if case .object(let object) = self, case .string(let field) = key, !object.has(field) {
            return object.field(field) == nil ? .failure("no such field '\(field)'") : .optional(.none)
        }
        let found = element(key)
        if case .error(let failure) = found {
            return failure.code == .absence ? .optional(.none) : found
        }
        frame.spend(1)
        return .optional(CELOptional(found))
    }

    private func element(_ key: CELValue) -> CELValue {
        switch self {
        case .map(let map):
            return map.value(for: key) ?? .error(CELFailure("no such key: \(key.debugText)", code: .absence))
        case .object(let object):
            guard case .string(let field) = key else { return .noSuchOverload("_[_]") }
            return object.field(field) ?? .failure("no such field '\(field)'")
        case .list(let list):
            let index: Int?
            switch key {
            case .int(let value): index = Int(exactly: value)
            case .uint(let value): index = Int(exactly: value)
            case .double(let value): index = Int(exactly: value)
            default: return .failure("unsupported index type '\(key.type.runtimeName)' in list")
            }
            guard let index else { return .failure("unsupported index value \(key.debugText) in list") }
            guard index >= 0, index < list.count else {
                return .error(CELFailure("index out of bounds: \(index)", code: .absence))
            }
            return list.element(at: index)
        default: return .error(CELFailure("no such key: \(key.debugText)", code: .absence))
        }
    }
}
