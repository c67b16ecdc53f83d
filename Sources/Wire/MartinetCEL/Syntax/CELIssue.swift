/// What is wrong with an expression, and where: lines from 1, columns from 1, counted in Unicode scalars.
package struct CELIssue: Error, Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    package let column: Int
    package let message: String
    package var description: String { "\(line):\(column): \(message)" }
}

/// Everything that is wrong with an expression.
package struct CELIssues: Error, Sendable, CustomStringConvertible {
    package let issues: [CELIssue]
    package init(_ issues: [CELIssue]) { self.issues = issues }
    package var description: String { issues.map(\.description).joined(separator: "\n") }
}

/// What bounds an expression before it is evaluated.
package struct CELLimits: Sendable {
    /// How deep parentheses, brackets, arguments and operators nest.
    package var nestingMax = 250
    /// How deep the tree becomes once macros are expanded.
    package var treeDepthMax = 1000
    /// Of the source, in Unicode scalars.
    package var sourceScalarsMax = 100_000
    package init() {}
}
