package import MartinetCEL

/// What Kubernetes' functions can cost, and how large the values of a schema can be.
///
/// Any change of a number changes which rules are accepted. Source: apiserver's cel/library/cost.go, v1.36.
package struct CELKubernetesCostModel: CELCostModel {
    /// How large a value can be, by its path below the variable; nil where nobody knows.
    private let most: @Sendable (ArraySlice<String>) -> UInt64?

    /// - Parameter root: of the variables, whatever their names are.
    package init(root: CELSchema?) {
        most = { path in root?.follow(path).map { UInt64(max(0, $0.elementsMax)) } }
    }

    package init(most: @escaping @Sendable (_ path: ArraySlice<String>) -> UInt64?) { self.most = most }

    package func size(of node: CELCostNode) -> CELRange? {
        guard let path = node.path, !path.isEmpty, let size = most(path.dropFirst()) else { return nil }
        return CELRange(0, size)
    }

    private func size(_ node: CELCostNode) -> CELRange { node.computedSize ?? size(of: node) ?? .unknown }

    /// The elements of a list, as a node of their own.
    private func element(of list: CELCostNode) -> CELCostNode? {
        switch list.type {
        case .list(let element): CELCostNode(path: list.path.map { $0 + ["@items"] }, type: element)
        case .map(let key, _): CELCostNode(path: list.path.map { $0 + ["@items"] }, type: key)
        default: nil
        }
    }

    package func estimate(
        function: String, overload: String, target: CELCostNode?, arguments: [CELCostNode]
    ) -> CELCallEstimate? {
        if let estimate = estimateList(overload, target, arguments) { return estimate }
        switch function {
        case "check": return CELCallEstimate(CELRange(350_000))
        case "serviceAccount", "path", "group", "resource", "subresource", "namespace", "name", "allowed", "reason",
            "error", "errored", "masked", "prefixLength", "family", "isUnspecified", "isLoopback",
            "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast", "format.named", "sign", "asInteger",
            "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan", "compareTo", "add", "sub", "major",
            "minor", "patch", "getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery":
            return CELCallEstimate(CELRange(1))
        case "fieldSelector", "labelSelector":
            return arguments.first.map { CELCallEstimate(CELKubernetesCosts.selector(size($0))) }
        case "isSorted", "sum", "max", "min", "indexOf", "lastIndexOf": return target.map(estimateTraversal)
        case "url", "jsonpatch.escapeKey":
            return arguments.first.map { CELCallEstimate(size($0).scaled(0.1), resultSize: size($0)) }
        case "lowerAscii", "upperAscii", "substring", "trim":
            return target.map { CELCallEstimate(size($0).scaled(0.1), resultSize: size($0)) }
        case "replace":
            guard let target, arguments.count >= 2 else { return nil }
            return estimateReplace(size(target), size(arguments[0]), size(arguments[1]))
        case "split": return target.map { estimateSplit($0, arguments) }
        case "join": return target.map { estimateJoin($0, arguments) }
        case "find", "findAll":
            guard let target, let pattern = arguments.first else { return nil }
            let text = size(target)
            let cost = (text + CELRange(1)).scaled(0.1) * size(pattern).scaled(0.25)
            return CELCallEstimate(cost, resultSize: CELRange(0, text.max))
        default: return estimateValue(function, overload, target, arguments)
        }
    }

    private func estimateValue(
        _ function: String, _ overload: String, _ target: CELCostNode?, _ arguments: [CELCostNode]
    ) -> CELCallEstimate? {
        switch function {
        case "ip" where overload == "cidr_ip": return CELCallEstimate(CELRange(1))
        case "cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver":
            return arguments.first.map { CELCallEstimate(size($0).scaled(0.1)) }
        case "ip.isCanonical": return arguments.first.map { CELCallEstimate(size($0).scaled(0.2)) }
        case "containsIP", "containsCIDR":
            guard let other = arguments.first else { return nil }
            let bytes = CELRange(4, 16)
            var cost = (bytes + bytes).scaled(0.1)
            if function == "containsCIDR" { cost = cost + bytes.scaled(0.1) + CELRange(1) }
            if overload.hasSuffix("_string") { cost = cost + size(other).scaled(0.1) }
            return CELCallEstimate(cost)
        case "validate": return arguments.first.map { CELCallEstimate(size($0).scaled(0.1).scaled(128 * 0.25)) }
        case "_==_":
            guard arguments.count == 2, arguments[0].type == arguments[1].type,
                case .opaque(let name, _) = arguments[0].type
            else { return nil }
            if name == CELFormat.name { return CELCallEstimate(CELRange(1, 64).scaled(0.1)) }
            if name == CELURL.name {
                return CELCallEstimate(CELRange(1, arguments[1].computedSize?.max ?? 1).scaled(0.1))
            }
            return name == "optional_type" ? nil : CELCallEstimate(CELRange(1))
        default: return nil
        }
    }

    private func estimateTraversal(_ target: CELCostNode) -> CELCallEstimate {
        guard let element = element(of: target) else { return CELCallEstimate(size(target).scaled(0.1)) }
        var cost = CELRange(1)
        if element.type == .string || element.type == .bytes { cost = cost + size(element).scaled(0.1) }
        return CELCallEstimate(size(target) * cost)
    }

    /// The most and least that replacing parts of a text can make of it.
    private func estimateReplace(_ text: CELRange, _ part: CELRange, _ new: CELRange) -> CELCallEstimate {
        var count = CELRange.zero
        var kept = CELRange.zero
        if part.min == 0 {
            count.max = text.max.saturatingSum(1)
            kept.max = text.max
        } else if new.max <= part.min {
            kept.max = text.max
        } else {
            count.max = CELRuntimeCost.scaled(text.max, 1 / Double(part.min))
        }
        if part.max == 0 {
            count.min = text.min.saturatingSum(1)
            kept.min = text.min
        } else if part.max <= new.min {
            kept.min = text.min
        } else {
            count.min = CELRuntimeCost.scaled(text.min, 1 / Double(part.max))
        }
        return CELCallEstimate(text.scaled(0.2), resultSize: count * new + kept)
    }

    private func estimateSplit(_ target: CELCostNode, _ arguments: [CELCostNode]) -> CELCallEstimate {
        let text = size(target)
        var most = text.max
        if arguments.count > 1, case .literal(.int(let limit))? = arguments[1].expression?.kind {
            most = UInt64(bitPattern: limit)
        }
        return CELCallEstimate(text.scaled(0.2), resultSize: CELRange(0, most))
    }

    private func estimateJoin(_ target: CELCostNode, _ arguments: [CELCostNode]) -> CELCallEstimate {
        let list = size(target)
        var result = element(of: target).map { list * size($0) } ?? .zero
        if let separator = arguments.first {
            let count = CELRange(list.min > 0 ? list.min - 1 : 0, list.max > 0 ? list.max - 1 : 0)
            result = result + size(separator) * count
        }
        return CELCallEstimate(result.scaled(0.1), resultSize: result)
    }

    /// The lists extension.
    private func estimateList(
        _ overload: String, _ target: CELCostNode?, _ arguments: [CELCostNode]
    ) -> CELCallEstimate? {
        func allocating(_ factor: Double, _ size: CELRange) -> CELCallEstimate {
            CELCallEstimate(size.scaled(factor) + CELRange(11), resultSize: size)
        }
        func literal(_ node: CELCostNode, _ fallback: UInt64) -> UInt64 {
            guard case .literal(.int(let value))? = node.expression?.kind else { return fallback }
            return value < 0 ? 0 : UInt64(value)
        }
        switch overload {
        case "list_sets_contains_list", "list_sets_intersects_list", "list_sets_equivalent_list":
            guard arguments.count == 2 else { return nil }
            let factor = overload == "list_sets_equivalent_list" ? 2.0 : 1
            return CELCallEstimate((size(arguments[0]) * size(arguments[1])).scaled(factor) + CELRange(1))
        case "list_slice":
            guard let target, arguments.count == 2 else { return nil }
            let (start, end) = (literal(arguments[0], 0), literal(arguments[1], size(target).max))
            return allocating(1, CELRange(end &- start))
        case "lists_range": return arguments.first.map { allocating(1, CELRange(literal($0, .max))) }
        case "list_reverse": return target.map { allocating(1, size($0)) }
        case "list_flatten", "list_flatten_int":
            return target.map { allocating(Double(arguments.first.map { literal($0, .max) } ?? 1), size($0)) }
        case "list_distinct": return target.map { allocating(2, size($0) * size($0)) }
        default:
            guard overload.hasPrefix("list_") else { return nil }
            let isKeyed = overload.hasSuffix("_sortByAssociatedKeys")
            guard isKeyed || overload.hasSuffix("_sort") else { return nil }
            let isText = overload.hasPrefix("list_string_") || overload.hasPrefix("list_bytes_")
            guard let node = isKeyed ? arguments.first : target else { return nil }
            return allocating(isText ? 2.1 : 2, size(node) * size(node))
        }
    }
}
