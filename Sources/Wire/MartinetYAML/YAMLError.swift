/// What is wrong with a YAML or JSON text, where, and what was expected there.
///
/// Printed as `pod.yaml: line 3, column 1: a tab cannot indent YAML; use spaces`.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; tests and callers look at this, never at the prose.
    package struct Code: Hashable, Sendable {
        package let name: String
        package static let syntax = Code(name: "syntax")
        package static let tab = Code(name: "tab")
        package static let encoding = Code(name: "encoding")
        package static let duplicateKey = Code(name: "duplicateKey")
        package static let key = Code(name: "key")
        package static let alias = Code(name: "alias")
        package static let merge = Code(name: "merge")
        package static let tag = Code(name: "tag")
        package static let limit = Code(name: "limit")
    }

    package let code: Code
    /// The name the caller gave the text: a path, a URL, `standard input`.
    package let file: String
    package let mark: Mark
    package let message: String
    /// What would have been right there, where that can be said.
    package let expected: String?
    /// Another place that belongs to the fault, such as the first of two equal keys or where a string began.
    package let related: Mark?

    package init(
        _ code: Code, file: String, mark: Mark, message: String, expected: String? = nil, related: Mark? = nil
    ) {
        self.code = code
        self.file = file
        self.mark = mark
        self.message = message
        self.expected = expected
        self.related = related
    }

    package var line: Int { mark.line }
    package var column: Int { mark.column }
    /// The same text gives the same fault.
    package var isRetryable: Bool { false }

    package var description: String {
        var text = file.isEmpty ? "" : "\(file): "
        text += "\(mark): \(message)"
        if let expected { text += "; \(expected)" }
        return text
    }
}
