/// What a macro runs over, and where it puts what it finds.
struct CELFoldRange: Sendable {
    let range: any CELNode
    let slot: Int
    let secondSlot: Int?

    /// Calls for each element until the answer is false. Answers an error where there is nothing to run over.
    @inline(__always)
    func forEach(_ frame: CELFrame, _ body: () -> Bool) -> CELValue? {
        let range = range.evaluate(frame)
        switch range {
        case .list(let list):
            for index in 0..<list.count {
                if let secondSlot {
                    frame.locals[slot] = .int(Int64(index))
                    frame.locals[secondSlot] = list.element(at: index)
                } else {
                    frame.locals[slot] = list.element(at: index)
                }
                guard body(), !frame.isExhausted else { break }
            }
        case .map(let map):
            for index in 0..<map.count {
                let (key, value) = map.entry(at: index)
                frame.locals[slot] = key
                if let secondSlot { frame.locals[secondSlot] = value }
                guard body(), !frame.isExhausted else { break }
            }
        case .error, .unknown: return range
        default: return .failure("got '\(range.type.runtimeName)', expected iterable type")
        }
        return frame.isExhausted ? CELFrame.exhausted : nil
    }
}

/// `all` and `exists`. What is charged is what the expanded macro charges: reading the accumulator, the condition of the
/// loop, and the result.
final class CELQuantifierNode: CELNode {
    private let range: CELFoldRange
    private let predicate: any CELNode
    private let isAll: Bool
    init(_ range: CELFoldRange, _ predicate: any CELNode, isAll: Bool) {
        self.range = range
        self.predicate = predicate
        self.isAll = isAll
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        var accumulator = CELValue.bool(isAll)
        let failure = range.forEach(frame) {
            frame.spend(isAll ? 2 : 3)
            if case .bool(!isAll) = accumulator { return false }
            frame.spend(1)
            let found = predicate.evaluate(frame)
            accumulator = CELLogicNode.combine(accumulator, found, deciding: !isAll)
            return true
        }
        if let failure { return failure }
        frame.spend(1)
        return accumulator
    }
}

final class CELExistsOneNode: CELNode {
    private let range: CELFoldRange
    private let predicate: any CELNode
    init(_ range: CELFoldRange, _ predicate: any CELNode) {
        self.range = range
        self.predicate = predicate
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        var count = 0
        var failed: CELValue?
        let failure = range.forEach(frame) {
            let found = predicate.evaluate(frame)
            switch found {
            case .bool(true):
                frame.spend(2)
                count += 1
            case .bool(false): break
            default: failed = found.isErrorOrUnknown ? found : .noSuchOverload("_?_:_")
            }
            return true
        }
        if let failure { return failure }
        frame.spend(2)
        return failed ?? .bool(count == 1)
    }
}

/// Which elements are folded: all where there is no condition.
struct CELFoldFilter: Sendable {
    let condition: (any CELNode)?

    /// A condition that fails is the failure of the whole.
    @inline(__always)
    func accepts(_ frame: CELFrame, _ failed: inout CELValue?) -> Bool {
        guard let condition else { return true }
        let found = condition.evaluate(frame)
        guard case .bool(let isWanted) = found else {
            failed = found.isErrorOrUnknown ? found : .noSuchOverload("_?_:_")
            return false
        }
        return isWanted
    }
}

/// `map`, `filter` and `transformList`.
final class CELListFoldNode: CELNode {
    private let range: CELFoldRange
    private let filter: CELFoldFilter
    private let body: any CELNode
    private let isConstant: Bool
    init(_ range: CELFoldRange, filter: (any CELNode)?, _ body: any CELNode) {
        isConstant = body is CELConstantNode
        self.range = range
        self.filter = CELFoldFilter(condition: filter)
        self.body = body
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        var elements: [CELValue] = []
        var failed: CELValue?
        let failure = range.forEach(frame) {
            guard filter.accepts(frame, &failed) else { return true }
            let value = body.evaluate(frame)
            frame.spend(isConstant ? 2 : 12)
            if value.isErrorOrUnknown {
                if failed == nil { failed = value }
            } else if failed == nil {
                elements.append(value)
            }
            return true
        }
        if let failure { return failure }
        frame.spend(1)
        return failed ?? .list(CELArray(elements))
    }
}

/// `transformMap` and `transformMapEntry`.
final class CELMapFoldNode: CELNode {
    private let range: CELFoldRange
    private let filter: CELFoldFilter
    private let body: any CELNode
    private let isEntry: Bool
    init(_ range: CELFoldRange, filter: (any CELNode)?, _ body: any CELNode, isEntry: Bool) {
        self.range = range
        self.filter = CELFoldFilter(condition: filter)
        self.body = body
        self.isEntry = isEntry
    }

    func evaluate(_ frame: CELFrame) -> CELValue {
        var builder = CELDictionaryBuilder()
        var failed: CELValue?
        let failure = range.forEach(frame) {
            guard filter.accepts(frame, &failed) else { return true }
            frame.spend(1)
            guard isEntry || failed == nil else { return true }
            if !isEntry { frame.spend(1) }
            let value = body.evaluate(frame)
            if value.isErrorOrUnknown {
                if isEntry { frame.spend(1) }
                if failed == nil { failed = value }
                return true
            }
            frame.spend(1)
            if failed == nil { failed = insert(value, into: &builder, frame) }
            return true
        }
        if let failure { return failure }
        frame.spend(1)
        return failed ?? .map(CELDictionary(builder))
    }

    private func insert(_ value: CELValue, into builder: inout CELDictionaryBuilder, _ frame: CELFrame) -> CELValue? {
        guard isEntry else { return builder.insert(frame.locals[range.slot], value) }
        guard case .map(let map) = value else { return .noSuchOverload("cel.@mapInsert") }
        for index in 0..<map.count {
            let (key, value) = map.entry(at: index)
            if let failure = builder.insert(key, value) { return failure }
        }
        return nil
    }
}
