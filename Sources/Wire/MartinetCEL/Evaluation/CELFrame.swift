/// The state of one evaluation: the values of variables, and what was spent.
package final class CELFrame {
    /// By slot, in the order in which the environment declares them.
    package let variables: [CELValue]
    /// The variables of macros; every slot has a value from the start. Owned by this frame alone.
    let locals: UnsafeMutableBufferPointer<CELValue>
    package private(set) var cost: UInt64 = 0
    private let costLimit: UInt64
    package private(set) var isExhausted = false

    package init(variables: [CELValue], localCount: Int, costLimit: UInt64) {
        self.variables = variables
        self.costLimit = costLimit
        locals = .allocate(capacity: localCount)
        locals.initialize(repeating: .null)
    }

    deinit {
        locals.deinitialize()
        locals.deallocate()
    }

    /// Cost above the limit ends the evaluation at the next step that can fail.
    @inline(__always)
    func spend(_ amount: UInt64) {
        let (sum, overflows) = cost.addingReportingOverflow(amount)
        cost = overflows ? .max : sum
        if cost > costLimit { isExhausted = true }
    }
    @inline(__always)
    func refund(_ amount: UInt64) { cost -= min(cost, amount) }

    static let exhausted = CELValue.error(
        CELFailure("operation cancelled: actual cost limit exceeded", code: .costLimit))
}

/// A step of a compiled expression.
protocol CELNode: AnyObject, Sendable {
    func evaluate(_ frame: CELFrame) -> CELValue
}

/// A step that names something: its parts are charged one by one, and once more where it is the whole.
protocol CELAttributeNode: CELNode {
    /// The value without the charge for the whole.
    func resolve(_ frame: CELFrame) -> CELValue
    /// What naming the whole costs; a conditional has no cost of its own.
    var wholeCost: UInt64 { get }
}
