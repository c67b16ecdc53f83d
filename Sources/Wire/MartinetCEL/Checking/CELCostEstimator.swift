/// Finds out what evaluating an expression can cost at least and at most.
///
/// The numbers are those of the reference (its checker's cost estimation): whether a rule is accepted depends on them.
struct CELCostEstimator {
    private struct EntrySize {
        var isList: Bool
        var key: CELRange
        var value: CELRange
        func union(_ other: EntrySize) -> EntrySize {
            EntrySize(isList: isList, key: key.union(other.key), value: value.union(other.value))
        }
    }

    private struct Local {
        let path: [String]
        let size: CELRange?
        let entrySize: EntrySize?
    }

    private let checked: CELCheckedTree
    private let model: any CELCostModel
    private let presenceTestCost: CELRange
    private var paths: [[String]?]
    private var sizes: [CELRange?]
    private var entrySizes: [EntrySize?]
    private var costs: [CELRange?]
    private var locals: [String: [Local]] = [:]

    init(_ checked: CELCheckedTree, _ model: any CELCostModel, presenceTestHasCost: Bool) {
        self.checked = checked
        self.model = model
        presenceTestCost = CELRange(presenceTestHasCost ? 1 : 0)
        let count = checked.tree.nodeCount
        paths = Array(repeating: nil, count: count)
        sizes = Array(repeating: nil, count: count)
        entrySizes = Array(repeating: nil, count: count)
        costs = Array(repeating: nil, count: count)
    }

    mutating func estimate() -> CELRange { cost(checked.root) }

    // MARK: - Sizes

    private func type(_ expression: CELExpression) -> CELType { checked.type(of: expression) }

    private func path(_ expression: CELExpression) -> [String] {
        if case .identifier(let name) = expression.kind, let local = locals[name]?.last { return local.path }
        return paths[expression.id] ?? []
    }

    private mutating func node(_ expression: CELExpression) -> CELCostNode {
        let path = path(expression)
        let isAccumulator = path.first == CELMacro.accumulator
        return CELCostNode(
            path: isAccumulator || path.isEmpty ? nil : path, type: type(expression), expression: expression,
            computedSize: size(expression))
    }

    private mutating func size(_ expression: CELExpression) -> CELRange? {
        if let size = sizes[expression.id] { return size }
        if let size = CELCostEstimator.literalSize(expression) { return size }
        let path = path(expression)
        let asked = CELCostNode(path: path.isEmpty ? nil : path, type: type(expression), expression: expression)
        if let size = model.size(of: asked) {
            sizes[expression.id] = size
            return size
        }
        if CELCostEstimator.isScalar(type(expression)) { return CELRange(1) }
        if case .identifier(let name) = expression.kind { return locals[name]?.last?.size }
        return nil
    }

    private mutating func sizeOrUnknown(_ expression: CELExpression) -> CELRange { size(expression) ?? .unknown }

    private static func literalSize(_ expression: CELExpression) -> CELRange? {
        switch expression.kind {
        case .literal(let value): CELRange(value.costSize)
        case .list(let elements, _): CELRange(UInt64(elements.count))
        case .map(let entries): CELRange(UInt64(entries.count))
        default: nil
        }
    }

    private static func isScalar(_ type: CELType) -> Bool {
        switch type {
        case .bool, .double, .duration, .int, .timestamp, .uint: true
        case .nullable(let inner): isScalar(inner)
        default: type.optionalElement.map(isScalar) ?? false
        }
    }

    private func entrySize(_ expression: CELExpression) -> EntrySize? {
        if let size = entrySizes[expression.id] { return size }
        if case .identifier(let name) = expression.kind { return locals[name]?.last?.entrySize }
        return nil
    }

    // MARK: - Scopes

    private mutating func push(_ name: String, _ local: Local) { locals[name, default: []].append(local) }
    private mutating func pop(_ name: String) { _ = locals[name]?.popLast() }

    private mutating func push(_ name: String, boundTo value: CELExpression) {
        let size = size(value)
        push(name, Local(path: path(value), size: size, entrySize: entrySize(value)))
    }

    private mutating func pushElements(of fold: CELExpression.Comprehension) {
        let entry = entrySize(fold.range)
        let isList: Bool
        if let entry {
            isList = entry.isList
        } else if case .list = type(fold.range) {
            isList = true
        } else {
            isList = false
        }
        let path = path(fold.range)
        guard let second = fold.secondVariable else {
            let size = isList ? entry?.value : entry?.key
            push(fold.variable, Local(path: path + [isList ? "@items" : "@keys"], size: size, entrySize: nil))
            return
        }
        push(fold.variable, Local(path: path + [isList ? "@indices" : "@keys"], size: entry?.key, entrySize: nil))
        push(second, Local(path: path + [isList ? "@items" : "@values"], size: entry?.value, entrySize: nil))
    }

    // MARK: - Costs

    private mutating func cost(_ expression: CELExpression) -> CELRange {
        // What a macro uses twice is looked at once: chains of such macros would take exponential time.
        if let cost = costs[expression.id] { return cost }
        let cost: CELRange
        switch expression.kind {
        case .literal: cost = .zero
        case .identifier(let name):
            paths[expression.id] = locals[name]?.last?.path ?? [name]
            cost = CELRange(1)
            if case .constant? = checked.references[expression.id] { return cost }
        case .select(let operand, let field, let isTest): cost = costSelect(expression, operand, field, isTest)
        case .call(let name, let target, let arguments): cost = costCall(expression, name, target, arguments)
        case .list(let elements, _): cost = costList(expression, elements)
        case .map(let entries): cost = costMap(expression, entries)
        case .structure(_, let fields):
            var sum = CELRange(40)
            for field in fields { sum = sum + self.cost(field.value) }
            cost = sum
        case .comprehension(let fold): cost = costFold(expression, fold)
        }
        costs[expression.id] = cost
        return cost
    }

    private mutating func costSelect(
        _ expression: CELExpression, _ operand: CELExpression, _ field: String, _ isTest: Bool
    ) -> CELRange {
        var sum = cost(operand)
        guard !isTest else { return sum + presenceTestCost }
        switch type(operand) {
        case .map, .object: sum = sum + CELRange(1)
        default: break
        }
        paths[expression.id] = path(operand) + [field]
        return sum
    }

    private mutating func costList(_ expression: CELExpression, _ elements: [CELExpression]) -> CELRange {
        var sum = CELRange(10)
        var item = CELRange(elements.isEmpty ? 0 : .max, 0)
        for element in elements {
            sum = sum + cost(element)
            item = item.union(sizeOrUnknown(element))
        }
        entrySizes[expression.id] = EntrySize(isList: true, key: CELRange(1), value: item)
        return sum
    }

    private mutating func costMap(_ expression: CELExpression, _ entries: [CELExpression.Entry]) -> CELRange {
        var sum = CELRange(30)
        var key = CELRange(entries.isEmpty ? 0 : .max, 0)
        var value = key
        for entry in entries {
            sum = sum + cost(entry.key) + cost(entry.value)
            key = key.union(sizeOrUnknown(entry.key))
            value = value.union(sizeOrUnknown(entry.value))
        }
        entrySizes[expression.id] = EntrySize(isList: false, key: key, value: value)
        return sum
    }

    private mutating func costFold(_ expression: CELExpression, _ fold: CELExpression.Comprehension) -> CELRange {
        var sum = cost(fold.range) + cost(fold.initial)
        push(fold.accumulator, boundTo: fold.initial)
        if fold.shape == .binding {
            sum = sum + cost(fold.result)
            let size = size(fold.result)
            let entry = entrySize(fold.result)
            pop(fold.accumulator)
            if let size { sizes[expression.id] = size }
            if let entry { entrySizes[expression.id] = entry }
            return sum
        }
        pushElements(of: fold)
        let loop = cost(fold.condition) + cost(fold.step)
        pop(fold.variable)
        if let second = fold.secondVariable { pop(second) }
        sum = sum + cost(fold.result)
        pop(fold.accumulator)
        let count = sizeOrUnknown(fold.range)
        sum = sum + count * loop
        switch fold.initial.kind {
        case .literal: sizes[expression.id] = size(fold.initial)
        case .list, .map:
            sizes[expression.id] = count
            if let entry = entrySize(fold.step) { entrySizes[expression.id] = entry }
        default: break
        }
        return sum
    }

    // MARK: - Calls

    private mutating func costCall(
        _ expression: CELExpression, _ name: String, _ target: CELExpression?, _ arguments: [CELExpression]
    ) -> CELRange {
        if name == "dyn", target == nil, arguments.count == 1 {
            let sum = CELRange(1) + cost(arguments[0])
            if let size = size(arguments[0]) { sizes[expression.id] = size }
            if let entry = entrySize(arguments[0]) { entrySizes[expression.id] = entry }
            return sum
        }
        let argumentCosts = arguments.map { cost($0) }
        let nodes = arguments.map { node($0) }
        guard case .function(let overloads)? = checked.references[expression.id] else { return .zero }
        var sum = CELRange.zero
        var targetNode: CELCostNode?
        if let target {
            sum = sum + cost(target)
            targetNode = node(target)
        }
        var total = CELRange(.max, 0)
        var result: CELRange?
        for overload in overloads {
            let estimate = functionCost(expression, name, overload.id, targetNode, nodes, argumentCosts)
            total = total.union(estimate.cost)
            if let size = estimate.resultSize { result = result?.union(size) ?? size }
            if overload.id == "index_list" || overload.id == "index_map", let first = arguments.first {
                result = entrySize(first)?.value
                paths[expression.id] = path(first) + [overload.id == "index_list" ? "@items" : "@values"]
            }
            if result == nil { result = size(expression) }
        }
        if let result { sizes[expression.id] = result }
        return sum + total
    }

    private mutating func functionCost(
        _ expression: CELExpression, _ name: String, _ overload: String, _ target: CELCostNode?,
        _ arguments: [CELCostNode], _ costs: [CELRange]
    ) -> CELCallEstimate {
        let sum = costs.reduce(.zero, +)
        if let own = model.estimate(function: name, overload: overload, target: target, arguments: arguments) {
            return CELCallEstimate(own.cost + sum, resultSize: own.resultSize)
        }
        func size(_ index: Int) -> CELRange {
            index < arguments.count ? arguments[index].computedSize ?? .unknown : .unknown
        }
        switch overload {
        case "logical_and", "logical_or":
            return CELCallEstimate(CELRange(costs[0].min, (costs[0] + costs[1]).max))
        case "conditional":
            if let first = arguments[1].expression.flatMap(entrySize),
                let second = arguments[2].expression.flatMap(entrySize)
            {
                entrySizes[expression.id] = first.union(second)
            }
            return CELCallEstimate(costs[0] + costs[1].union(costs[2]), resultSize: size(1).union(size(2)))
        case "add_string", "add_bytes", "add_list":
            let result = size(0) + size(1)
            if let first = arguments[0].expression.flatMap(entrySize),
                let second = arguments[1].expression.flatMap(entrySize)
            {
                entrySizes[expression.id] = first.union(second)
            }
            let own = overload == "add_list" ? CELRange(1) : result.scaled(0.1)
            return CELCallEstimate(own + sum, resultSize: result)
        default:
            return CELCostEstimator.standard(overload, target, arguments, sum)
        }
    }

    private static func standard(
        _ overload: String, _ target: CELCostNode?, _ arguments: [CELCostNode], _ sum: CELRange
    ) -> CELCallEstimate {
        let sizes = arguments.map { $0.computedSize ?? .unknown }
        let targetSize = target.map { $0.computedSize ?? .unknown }
        switch (overload, sizes.count, targetSize) {
        case ("string_format", _, let size?): return CELCallEstimate(size.scaled(0.1) + sum)
        case ("string_to_bytes", 1, _):
            let result = CELRange(sizes[0].min, sizes[0].max.saturatingProduct(4))
            return CELCallEstimate(sizes[0].scaled(0.1) + sum, resultSize: result)
        case ("bytes_to_string", 1, _):
            return CELCallEstimate(sizes[0].scaled(0.1) + sum, resultSize: CELRange(sizes[0].min / 4, sizes[0].max))
        case ("strings_quote", 1, _):
            let result = CELRange(
                sizes[0].min.saturatingSum(2), sizes[0].max.saturatingProduct(2).saturatingSum(2))
            return CELCallEstimate(sizes[0].scaled(0.1) + sum, resultSize: result)
        case ("starts_with_string", 1, _), ("ends_with_string", 1, _):
            return CELCallEstimate(sizes[0].scaled(0.1) + sum)
        case ("in_list", 2, _): return CELCallEstimate(sizes[1].scaled(1) + sum)
        case ("matches_string", 1, let size?):
            return CELCallEstimate((size + CELRange(1)).scaled(0.1) * sizes[0].scaled(0.25) + sum)
        case ("contains_string", 1, let size?):
            return CELCallEstimate(size.scaled(0.1) * sizes[0].scaled(0.1) + sum)
        case ("less_string", 2, _), ("greater_string", 2, _), ("less_equals_string", 2, _),
            ("greater_equals_string", 2, _), ("less_bytes", 2, _), ("greater_bytes", 2, _),
            ("less_equals_bytes", 2, _), ("greater_equals_bytes", 2, _), ("equals", 2, _), ("not_equals", 2, _):
            let most = min(sizes[0].max, sizes[1].max)
            return CELCallEstimate(CELRange(most > 0 ? 1 : 0, most).scaled(0.1) + sum)
        default: return CELCallEstimate(CELRange(1) + sum)
        }
    }
}

extension CELEnvironment {
    /// What evaluating can cost at least and at most.
    package func estimateCost(_ checked: CELCheckedTree, _ model: any CELCostModel) -> CELRange {
        var estimator = CELCostEstimator(checked, model, presenceTestHasCost: presenceTestHasCost)
        return estimator.estimate()
    }
}
