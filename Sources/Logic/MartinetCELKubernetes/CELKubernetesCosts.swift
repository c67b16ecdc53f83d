package import MartinetCEL

/// What Kubernetes' functions cost while they are evaluated. Source: apiserver's cel/library/cost.go and the lists
/// extension of the reference.
package struct CELKubernetesCosts: CELCallCosts {
    package init() {}

    package func runtimeCost(function: String, overload: String) -> CELRuntimeCost? {
        if let cost = CELKubernetesCosts.list(overload) { return cost }
        switch function {
        case "check": return .fixed(350_000)
        case "serviceAccount", "path", "group", "resource", "subresource", "namespace", "name", "allowed", "reason",
            "error", "errored", "masked", "prefixLength", "family", "isUnspecified", "isLoopback",
            "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast", "format.named", "sign", "asInteger",
            "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan", "compareTo", "add", "sub", "major",
            "minor", "patch", "getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery":
            return .fixed(1)
        case "fieldSelector", "labelSelector":
            return .custom { arguments, _ in
                CELKubernetesCosts.selector(CELRange(arguments[1].costSize)).max
            }
        case "isSorted", "sum", "max", "min", "indexOf", "lastIndexOf":
            return .custom { arguments, _ in
                var budget = CELBudget(steps: 2_000_000)
                return arguments.first.map { CELKubernetesCosts.traversal($0, &budget) } ?? 0
            }
        case "url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey", "cidr", "isIP", "isCIDR",
            "quantity", "isQuantity", "semver", "isSemver":
            return .traversal(0, 0.1)
        case "ip": return overload == "cidr_ip" ? .fixed(1) : .traversal(0, 0.1)
        case "replace", "split", "ip.isCanonical": return .traversal(0, 0.2)
        case "join": return .custom { _, result in CELRuntimeCost.scaled(result.costSize, 0.2) }
        case "find", "findAll":
            return .custom { arguments, _ in
                CELRuntimeCost.scaled(arguments[0].costSize + 1, 0.1)
                    .saturatingProduct(CELRuntimeCost.scaled(arguments[1].costSize, 0.25))
            }
        case "containsIP", "containsCIDR": return CELKubernetesCosts.containment(function, overload)
        case "validate":
            return .custom { arguments, _ in
                guard case .opaque(let format as CELFormat) = arguments[0] else { return 1 }
                return CELRuntimeCost.scaled(arguments[1].costSize + 1, 0.1)
                    .saturatingProduct(CELRuntimeCost.scaled(format.patternSize, 0.25))
            }
        case "_==_":
            return .custom { arguments, _ in
                if case .opaque = arguments[0] { return 1 }
                return CELRuntimeCost.scaled(min(arguments[0].costSize, arguments[1].costSize), 0.1)
            }
        default: return nil
        }
    }

    private static func containment(_ function: String, _ overload: String) -> CELRuntimeCost {
        let isText = overload.hasSuffix("_string")
        return .custom { arguments, _ in
            let size = arguments[0].costSize
            var cost = CELRuntimeCost.scaled(size + size, 0.1)
            if function == "containsCIDR" { cost += CELRuntimeCost.scaled(size, 0.1) + 1 }
            if isText { cost += CELRuntimeCost.scaled(arguments[1].costSize, 0.1) }
            return cost
        }
    }

    /// Of the lists extension, by overload.
    private static func list(_ overload: String) -> CELRuntimeCost? {
        func allocating(_ size: UInt64, _ factor: Double) -> UInt64 {
            let product = (Double(size) * factor).rounded(.towardZero)
            return (product < 1e18 ? UInt64(product) : 1 << 62) + 11
        }
        @Sendable func comparing(_ value: CELValue) -> UInt64 {
            guard case .list(let list) = value else { return 11 }
            let size = UInt64(list.count)
            var factor = 2.0
            if size > 0 {
                switch list.element(at: 0) {
                case .string, .bytes: factor += 0.1
                default: break
                }
            }
            return UInt64(min(1e18, Double(size.saturatingProduct(size)) * factor)) + 11
        }
        switch overload {
        case "list_sets_contains_list", "list_sets_intersects_list", "list_sets_equivalent_list":
            let factor: UInt64 = overload == "list_sets_equivalent_list" ? 2 : 1
            return .custom { arguments, _ in
                arguments[0].costSize.saturatingProduct(arguments[1].costSize).saturatingProduct(factor)
                    .saturatingSum(1)
            }
        case "list_slice", "lists_range", "list_reverse":
            return .custom { _, result in result.costSize + 11 }
        case "list_flatten", "list_flatten_int":
            return .custom { arguments, _ in
                var depth = 1.0
                if arguments.count == 2, case .int(let given) = arguments[1] { depth = Double(max(0, given)) }
                return UInt64(min(1e18, Double(arguments[0].costSize) * depth)) + 11
            }
        case "list_distinct": return .custom { arguments, _ in comparing(arguments[0]) }
        default:
            if overload.hasPrefix("list_"), overload.hasSuffix("_sort") {
                return .custom { arguments, _ in comparing(arguments[0]) }
            }
            if overload.hasPrefix("list_"), overload.hasSuffix("_sortByAssociatedKeys") {
                return .custom { arguments, _ in comparing(arguments[1]) }
            }
            return nil
        }
    }

    static func selector(_ length: CELRange) -> CELRange {
        CELRange(10) + length.scaled(0.1) + length.scaled(0.5).scaled(50)
    }

    /// What looking at every part of a value costs.
    private static func traversal(_ value: CELValue, _ budget: inout CELBudget) -> UInt64 {
        guard budget.spend() else { return 1 << 40 }
        switch value {
        case .string(let text): return UInt64(Double(text.utf8.count) * 0.1)
        case .bytes(let bytes): return UInt64(Double(bytes.count) * 0.1)
        case .list(let list):
            var cost: UInt64 = 0
            for index in 0..<list.count {
                cost = cost.saturatingSum(traversal(list.element(at: index), &budget))
                if budget.steps < 0 { return 1 << 40 }
            }
            return cost
        case .map(let map):
            var cost: UInt64 = 0
            for index in 0..<map.count {
                let (key, value) = map.entry(at: index)
                cost = cost.saturatingSum(traversal(key, &budget)).saturatingSum(traversal(value, &budget))
                if budget.steps < 0 { return 1 << 40 }
            }
            return cost
        default: return 1
        }
    }
}
