/// The least and the most that something is or costs; the most may be "any".
package struct CELRange: Hashable, Sendable {
    package var min: UInt64
    package var max: UInt64
    package init(_ min: UInt64, _ max: UInt64) {
        self.min = min
        self.max = max
    }
    package init(_ exact: UInt64) { self.init(exact, exact) }
    package static let unknown = CELRange(0, .max)
    package static let zero = CELRange(0)

    package static func + (first: CELRange, second: CELRange) -> CELRange {
        CELRange(first.min.saturatingSum(second.min), first.max.saturatingSum(second.max))
    }
    package static func * (first: CELRange, second: CELRange) -> CELRange {
        CELRange(first.min.saturatingProduct(second.min), first.max.saturatingProduct(second.max))
    }
    /// Rounded up.
    package func scaled(_ factor: Double) -> CELRange {
        func scale(_ value: UInt64) -> UInt64 {
            let product = (Double(value) * factor).rounded(.up)
            return product < 18_446_744_073_709_551_616 ? UInt64(product) : .max
        }
        return CELRange(scale(min), scale(max))
    }
    package func union(_ other: CELRange) -> CELRange {
        CELRange(Swift.min(min, other.min), Swift.max(max, other.max))
    }
}

/// A node whose size or cost is asked for.
package struct CELCostNode {
    /// From a variable through fields, `@items`, `@keys` and `@values`; nil where it is reached in no such way.
    package let path: [String]?
    package let type: CELType
    package let expression: CELExpression?
    /// What the expression itself tells about the size.
    package let computedSize: CELRange?
    package init(path: [String]?, type: CELType, expression: CELExpression? = nil, computedSize: CELRange? = nil) {
        self.path = path
        self.type = type
        self.expression = expression
        self.computedSize = computedSize
    }
}

package struct CELCallEstimate {
    package let cost: CELRange
    package let resultSize: CELRange?
    package init(_ cost: CELRange, resultSize: CELRange? = nil) {
        self.cost = cost
        self.resultSize = resultSize
    }
}

/// Knows sizes of variables and costs of functions before anything is evaluated.
package protocol CELCostModel {
    func size(of node: CELCostNode) -> CELRange?
    func estimate(
        function: String, overload: String, target: CELCostNode?, arguments: [CELCostNode]
    ) -> CELCallEstimate?
}

/// Knows nothing: sizes may be anything.
package struct CELUnknownCosts: CELCostModel {
    package init() {}
    package func size(of node: CELCostNode) -> CELRange? { nil }
    package func estimate(
        function: String, overload: String, target: CELCostNode?, arguments: [CELCostNode]
    ) -> CELCallEstimate? { nil }
}
