/// Says what is wrong with an expression (CEL) before it is kept. Rules ask it; without one, expressions are only checked
/// for being there.
package protocol ExpressionCompiler: Sendable {
    /// - Returns: nil where the expression compiles to what is wanted; else what is wrong, as a message.
    func fault(in expression: Expression) -> String?
}

/// An expression of an API object, and what it may refer to.
package struct Expression: Sendable, Hashable {
    package enum Use: Sendable {
        /// Whether a request matches: a bool.
        case condition
        /// Whether an object is valid: a bool.
        case validation
        /// A text, or nothing.
        case message, auditAnnotation
        case variable
        /// An object, and a list of patches.
        case applyConfiguration, jsonPatch
        /// Whether a device is wanted: a bool.
        case device
    }

    package let text: String
    package let use: Use
    /// Whether there is `params`.
    package let hasParams: Bool
    /// Variables that come before it, by name.
    package let variables: [String: String]

    package init(_ text: String, _ use: Use, hasParams: Bool = false, variables: [String: String] = [:]) {
        self.text = text
        self.use = use
        self.hasParams = hasParams
        self.variables = variables
    }
}

extension Part {
    /// Set, and an expression that compiles.
    func mustCompile(
        _ use: Expression.Use, _ compiler: (any ExpressionCompiler)?, hasParams: Bool = false,
        variables: [String: String] = [:]
    ) {
        if text.trimmingWhitespace.isEmpty { return required() }
        let expression = Expression(text, use, hasParams: hasParams, variables: variables)
        if let fault = compiler?.fault(in: expression) { invalid(fault) }
    }
}
