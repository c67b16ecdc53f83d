package import MartinetCEL

extension CELEnvironment {
    /// `find` and `findAll`. Source: apiserver's cel/library/regex.go.
    package mutating func addFinding() {
        let find: @Sendable ([CELValue], Int) -> CELValue = { values, limit in
            guard case .string(let text) = values[0], case .string(let pattern) = values[1] else {
                return .noSuchOverload("find")
            }
            let scalars = Array(text.unicodeScalars)
            switch CELPattern.matches(scalars, pattern, limit: limit) {
            case .failure(let failure): return .error(failure)
            case .success(let matches):
                return .list(matches.map { .string(text: scalars[$0[0]..<$0[1]]) })
            }
        }
        add(
            "find",
            [
                CELOverload(
                    "string_find_string", isMember: true, [.string, .string], .string,
                    .binary {
                        let found = find([$0, $1], 1)
                        guard case .list(let list) = found else { return found }
                        return list.count == 0 ? .string("") : list.element(at: 0)
                    })
            ])
        add(
            "findAll",
            [
                CELOverload(
                    "string_find_all_string", isMember: true, [.string, .string], .list(.string),
                    .binary { find([$0, $1], .max) }),
                CELOverload(
                    "string_find_all_string_int", isMember: true, [.string, .string, .int], .list(.string),
                    .variadic { values in
                        guard case .int(let limit) = values[2] else { return .noSuchOverload("findAll") }
                        return find(values, limit < 0 ? .max : Int(limit))
                    }),
            ])
    }

    /// `isSorted`, `sum`, `max`, `min`, `indexOf`, `lastIndexOf`. Source: apiserver's cel/library/lists.go.
    package mutating func addKubernetesLists() {
        let comparable: [(String, CELType)] = [
            ("int", .int), ("uint", .uint), ("double", .double), ("bool", .bool), ("duration", .duration),
            ("timestamp", .timestamp), ("string", .string), ("bytes", .bytes),
        ]
        for (name, type) in comparable {
            add(
                "isSorted",
                [
                    CELOverload(
                        "list_\(name)_is_sorted_bool", isMember: true, [.list(type)], .bool,
                        .unary { CELListFunctions.isSorted($0) })
                ])
            for (function, wanted) in [("max", CELValue.Order.greater), ("min", .less)] {
                add(
                    function,
                    [
                        CELOverload(
                            "list_\(name)_\(function)_\(name)", isMember: true, [.list(type)], type,
                            .unary { CELListFunctions.extreme($0, wanted, function) })
                    ])
            }
        }
        let sums: [(String, CELType, CELValue)] = [
            ("int", .int, .int(0)), ("uint", .uint, .uint(0)), ("double", .double, .double(0)),
            ("duration", .duration, .duration(CELDuration(nanoseconds: 0))),
        ]
        for (name, type, zero) in sums {
            add(
                "sum",
                [
                    CELOverload(
                        "list_\(name)_sum_\(name)", isMember: true, [.list(type)], type,
                        .unary { CELListFunctions.sum($0, zero) })
                ])
        }
        let element = CELType.parameter(0)
        for (name, id, isLast) in [
            ("indexOf", "list_a_index_of_int", false), ("lastIndexOf", "list_a_last_index_of_int", true),
        ] {
            add(
                name,
                [
                    CELOverload(
                        id, isMember: true, [.list(element), element], .int,
                        .binary { CELListFunctions.index($0, $1, isLast: isLast) })
                ])
        }
    }

    /// `jsonpatch.escapeKey` (RFC 6901). Source: apiserver's cel/library/jsonpatch.go.
    package mutating func addPatchKeys() {
        add(
            "jsonpatch.escapeKey",
            [
                CELOverload(
                    "string_jsonpatch_escapeKey_string", [.string], .string,
                    .unary {
                        guard case .string(let text) = $0 else { return .noSuchOverload("jsonpatch.escapeKey") }
                        var result = ""
                        for scalar in text.unicodeScalars {
                            switch scalar {
                            case "~": result += "~0"
                            case "/": result += "~1"
                            default: result.unicodeScalars.append(scalar)
                            }
                        }
                        return .string(result)
                    })
            ])
    }
}

private enum CELListFunctions {
    static func isSorted(_ value: CELValue) -> CELValue {
        guard case .list(let list) = value else { return .noSuchOverload("isSorted") }
        var budget = CELBudget()
        var last: CELValue?
        for index in 0..<list.count {
            let element = list.element(at: index)
            if let last {
                guard let order = last.compare(element, &budget) else { return .noSuchOverload("isSorted") }
                if order == .greater { return .bool(false) }
            }
            last = element
        }
        guard budget.steps >= 0 else { return .failure("the comparison is too large") }
        return .bool(true)
    }

    static func extreme(_ value: CELValue, _ wanted: CELValue.Order, _ function: String) -> CELValue {
        guard case .list(let list) = value else { return .noSuchOverload(function) }
        guard list.count > 0 else { return .failure("\(function) called on empty list") }
        var budget = CELBudget()
        var best = list.element(at: 0)
        for index in 1..<max(1, list.count) {
            let element = list.element(at: index)
            guard let order = element.compare(best, &budget) else { return .noSuchOverload(function) }
            if order == wanted { best = element }
        }
        return budget.steps >= 0 ? best : .failure("the comparison is too large")
    }

    static func sum(_ value: CELValue, _ zero: CELValue) -> CELValue {
        guard case .list(let list) = value else { return .noSuchOverload("sum") }
        var sum = zero
        for index in 0..<list.count {
            sum = sum.adding(list.element(at: index))
            if sum.isErrorOrUnknown { return sum }
        }
        return sum
    }

    static func index(_ value: CELValue, _ wanted: CELValue, isLast: Bool) -> CELValue {
        guard case .list(let list) = value else { return .noSuchOverload("indexOf") }
        var budget = CELBudget()
        for step in 0..<list.count {
            let index = isLast ? list.count - 1 - step : step
            guard let same = list.element(at: index).isEqual(to: wanted, &budget) else {
                return .failure("the comparison is too large")
            }
            if same { return .int(Int64(index)) }
        }
        return .int(-1)
    }
}
