/// An expression that is ready to be evaluated, any number of times and on any thread.
package struct CELProgram: Sendable {
    private let root: any CELNode
    private let localCount: Int
    package let resultType: CELType

    init(root: any CELNode, localCount: Int, resultType: CELType) {
        self.root = root
        self.localCount = localCount
        self.resultType = resultType
    }

    package struct Outcome: Sendable {
        package let value: CELValue
        package let cost: UInt64
    }

    /// - Parameter variables: by slot, in the order in which the environment declares them.
    package func evaluate(_ variables: [CELValue], costLimit: UInt64 = .max) -> Outcome {
        let frame = CELFrame(variables: variables, localCount: localCount, costLimit: costLimit)
        let value = root.evaluate(frame)
        return Outcome(value: frame.isExhausted ? CELFrame.exhausted : value, cost: frame.cost)
    }
}

extension CELEnvironment {
    package func parse(_ text: String) throws(CELIssues) -> CELTree {
        var parser = CELParser(text, self)
        return try parser.parse()
    }

    package func check(_ tree: CELTree) throws(CELIssues) -> CELCheckedTree {
        var checker = CELChecker(tree, self)
        return try checker.check()
    }

    package func compile(_ text: String) throws(CELIssues) -> CELCheckedTree { try check(try parse(text)) }

    package func program(_ checked: CELCheckedTree) throws(CELIssues) -> CELProgram {
        var planner = CELPlanner(checked.tree, self, references: checked.references)
        return try planner.program(resultType: checked.resultType)
    }

    /// A program of an expression that was not checked: names and overloads are found as it is evaluated.
    package func program(unchecked tree: CELTree) throws(CELIssues) -> CELProgram {
        let none = [CELCheckedTree.Reference?](repeating: nil, count: tree.nodeCount)
        var planner = CELPlanner(tree, self, references: none)
        return try planner.program(resultType: .dyn)
    }
}
