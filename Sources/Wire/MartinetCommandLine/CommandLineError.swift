/// What is wrong with a command line, and what was probably meant.
package struct CommandLineError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        package static let unknownCommand = Code(name: "unknownCommand")
        package static let unknownFlag = Code(name: "unknownFlag")
        package static let missingValue = Code(name: "missingValue")
        package static let badValue = Code(name: "badValue")
        package static let badSyntax = Code(name: "badSyntax")
        package static let arguments = Code(name: "arguments")
    }

    package let code: Code
    /// The command that was found so far, such as `kubectl get`.
    package let command: String
    package let message: String
    /// What was probably meant: a command's name, or a flag with its dashes.
    package let suggestion: String?

    package var isRetryable: Bool { false }

    package var description: String {
        var text = message
        if let suggestion { text += ", did you mean \"\(suggestion)\"?" }
        return text + "\nSee '\(command) --help' for usage."
    }
}
