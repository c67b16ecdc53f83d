extension CELEnvironment {
    /// Functions on lists. Source: the lists extension of the reference.
    package mutating func addLists() {
        let first = CELType.parameter(0)
        let list = CELType.list(first)
        addMember("slice", "list_slice", [list, .int, .int], list) { $0.slice() }
        addMember("flatten", "list_flatten", [.list(list)], list) { $0.flattened() }
        addMember("flatten", "list_flatten_int", [.list(.dyn), .int], .list(.dyn)) { $0.flattened() }
        addMember("reverse", "list_reverse", [list], list) { arguments in
            guard let list = arguments.list(0) else { return arguments.mismatch }
            return .list((0..<list.count).reversed().map { list.element(at: $0) })
        }
        addMember("distinct", "list_distinct", [list], list) { $0.distinct() }
        for (type, name) in [
            (CELType.int, "int"), (.uint, "uint"), (.double, "double"), (.bool, "bool"),
            (.duration, "google.protobuf.Duration"), (.timestamp, "google.protobuf.Timestamp"), (.string, "string"),
            (.bytes, "bytes"),
        ] {
            addMember("sort", "list_\(name)_sort", [.list(type)], .list(type)) { $0.sorted(by: 0) }
            addMember(
                "@sortByAssociatedKeys", "list_\(name)_sortByAssociatedKeys", [list, .list(type)], list
            ) { $0.sorted(by: 1) }
        }
        add(
            "lists.range",
            [
                CELOverload(
                    "lists_range", [.int], .list(.int),
                    .unary {
                        guard case .int(let count) = $0 else { return .noSuchOverload("lists.range") }
                        guard count <= 1_000_000 else { return .tooLarge }
                        return .list((0..<max(0, count)).map { .int($0) })
                    })
            ])
        add([CELMacro.sortBy])
    }

    /// Membership between lists. Source: the sets extension of the reference.
    package mutating func addSets() {
        let list = CELType.list(.parameter(0))
        let tests: [(String, @Sendable (CELSetList, CELSetList) -> CELValue)] = [
            ("contains", { first, second in first.contains(allOf: second) }),
            (
                "equivalent",
                { first, second in
                    let result = first.contains(allOf: second)
                    guard case .bool(true) = result else { return result }
                    return second.contains(allOf: first)
                }
            ), ("intersects", { first, second in first.contains(anyOf: second) }),
        ]
        for (name, function) in tests {
            add(
                "sets.\(name)",
                [
                    CELOverload(
                        "list_sets_\(name)_list", [list, list], .bool,
                        .binary {
                            guard case .list(let first) = $0, case .list(let second) = $1 else {
                                return .noSuchOverload("sets.\(name)")
                            }
                            return function(CELSetList(list: first), CELSetList(list: second))
                        })
                ])
        }
    }
}

/// A list of which only matters what is in it.
struct CELSetList {
    let list: any CELList
    private static let failure = CELValue.failure("the comparison is too large")

    private func holds(_ value: CELValue, _ budget: inout CELBudget) -> Bool? {
        for index in 0..<list.count {
            guard let same = list.element(at: index).isEqual(to: value, &budget) else { return nil }
            if same { return true }
        }
        return false
    }

    func contains(allOf other: CELSetList) -> CELValue {
        var budget = CELBudget()
        for index in 0..<other.list.count {
            guard let found = holds(other.list.element(at: index), &budget) else { return CELSetList.failure }
            if !found { return .bool(false) }
        }
        return .bool(true)
    }

    func contains(anyOf other: CELSetList) -> CELValue {
        var budget = CELBudget()
        for index in 0..<other.list.count {
            guard let found = holds(other.list.element(at: index), &budget) else { return CELSetList.failure }
            if found { return .bool(true) }
        }
        return .bool(false)
    }
}

extension CELArguments {
    func slice() -> CELValue {
        guard let list = list(0), let start = int(1), let end = int(2) else { return mismatch }
        guard start >= 0, end >= 0 else {
            return .failure("cannot slice(\(start), \(end)), negative indexes not supported")
        }
        guard start <= end else {
            return .failure("cannot slice(\(start), \(end)), start index must be less than or equal to end index")
        }
        guard end <= list.count else { return .failure("cannot slice(\(start), \(end)), list is length \(list.count)") }
        return .list((Int(start)..<Int(end)).map { list.element(at: $0) })
    }

    func flattened() -> CELValue {
        guard let list = list(0) else { return mismatch }
        let depth = count == 2 ? int(1) ?? 0 : 1
        guard depth >= 0 else { return .failure("level must be non-negative") }
        var elements: [CELValue] = []
        var budget = CELBudget(steps: 1_000_000)
        func append(_ list: any CELList, _ depth: Int64, _ level: Int) -> Bool {
            for index in 0..<list.count {
                guard budget.spend(), level < 1000 else { return false }
                let value = list.element(at: index)
                if depth > 0, case .list(let inner) = value {
                    guard append(inner, depth - 1, level + 1) else { return false }
                } else {
                    elements.append(value)
                }
            }
            return true
        }
        return append(list, depth, 0) ? .list(elements) : .tooLarge
    }

    func distinct() -> CELValue {
        guard let list = list(0) else { return mismatch }
        var budget = CELBudget(steps: 10_000_000)
        var keys: Set<CELKey> = []
        var elements: [CELValue] = []
        var others: [CELValue] = []
        for index in 0..<list.count {
            let value = list.element(at: index)
            if let key = CELKey(value) {
                guard keys.insert(key).inserted else { continue }
            } else {
                var isKnown = false
                for other in others {
                    guard let same = other.isEqual(to: value, &budget) else { return .tooLarge }
                    if same {
                        isKnown = true
                        break
                    }
                }
                if isKnown { continue }
                others.append(value)
            }
            elements.append(value)
        }
        return .list(elements)
    }

    /// Sorted by the elements of the list at an index; equal ones keep their order.
    func sorted(by index: Int) -> CELValue {
        guard let list = list(0), let keys = self.list(index) else { return mismatch }
        guard list.count == keys.count else {
            return .failure(
                "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got "
                    + "\(list.count) and \(keys.count) elements respectively")
        }
        guard list.count > 0 else { return .list(list) }
        var pairs: [(key: CELValue, place: Int)] = []
        for place in 0..<keys.count { pairs.append((keys.element(at: place), place)) }
        let type = pairs[0].key.type.runtimeName
        guard pairs[0].key.compare(pairs[0].key) != nil else { return .failure("list elements must be comparable") }
        guard pairs.allSatisfy({ $0.key.type.runtimeName == type }) else {
            return .failure("list elements must have the same type")
        }
        var budget = CELBudget(steps: 20_000_000)
        pairs.sort { first, second in
            let order = first.key.compare(second.key, &budget)
            return order == .less || (order != .greater && first.place < second.place)
        }
        guard budget.steps >= 0 else { return .tooLarge }
        return .list(pairs.map { list.element(at: $0.place) })
    }
}

extension CELMacro {
    /// `list.sortBy(x, key)`.
    static let sortBy = CELMacro("sortBy", 2) { (parser, place, target, arguments) throws(Failure) -> CELExpression? in
        guard let target else { return nil }
        switch target.kind {
        case .list, .select, .identifier, .comprehension, .call: break
        default: throw parser.failure(target.id, "sortBy can only be applied to a list")
        }
        let variable = "@__sortBy_input__"
        let input = try parser.node(.identifier(variable), at: place)
        let keys = try CELMacro.mapped(&parser, place, input, arguments)
        let list = try parser.node(.identifier(variable), at: place)
        let sorted = try parser.node(.call("@sortByAssociatedKeys", target: list, [keys]), at: place)
        return try bind(&parser, place, variable, target, sorted)
    }

    private static func mapped(
        _ parser: inout CELParser, _ place: Int, _ range: CELExpression, _ arguments: [CELExpression]
    ) throws(Failure) -> CELExpression {
        try fold(.list, &parser, place, range, arguments, isPair: false)
    }
}
