/// Says what is wrong with an expression (CEL) before it is kept. Rules ask it; without one, expressions are only checked
/// for being there.
package protocol ExpressionCompiler: Sendable {
    /// - Returns: nil where the expression compiles to what is wanted and costs no more than it may.
    func fault(in expression: Expression) -> ExpressionFault?
}

/// What is wrong with an expression, as a message.
package enum ExpressionFault: Error, Sendable, Hashable {
    case invalid(String)
    /// It compiles, and could cost more than it may.
    case tooExpensive(String)
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

    /// A name that stands for another expression.
    package struct Variable: Sendable, Hashable {
        package let name: String
        package let text: String
        package init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    package let text: String
    package let use: Use
    /// Whether there is `params`.
    package let hasParams: Bool
    /// Variables that come before it, each of which knows those before itself.
    package let variables: [Variable]

    package init(_ text: String, _ use: Use, hasParams: Bool = false, variables: [Variable] = []) {
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
        variables: [Expression.Variable] = []
    ) {
        if text.trimmingWhitespace.isEmpty { return required() }
        let expression = Expression(text, use, hasParams: hasParams, variables: variables)
        report(compiler?.fault(in: expression))
    }

    func report(_ fault: ExpressionFault?) {
        switch fault {
        case .invalid(let message)?: invalid(message)
        case .tooExpensive(let message)?: forbidden(message)
        case nil: break
        }
    }
}
