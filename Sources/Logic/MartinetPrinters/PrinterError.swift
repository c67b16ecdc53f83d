/// A template or a column that cannot be used, or that does not fit the object.
package struct PrinterError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        /// The template itself is broken.
        package static let syntax = Code(name: "syntax")
        /// The object has not what the template asks for.
        package static let evaluation = Code(name: "evaluation")
    }

    package let code: Code
    package let message: String
    /// What was wrong with which template; the template is the operand.
    package let template: String

    package var isRetryable: Bool { false }
    package var description: String { "template \"\(template)\": \(message)" }
}
