package import MartinetYAML

/// One thing that is wrong with a manifest: where, what was expected there, and what was probably meant.
///
/// Printed as `pod.yaml:7:5: spec.containers[0].imagee: unknown field, did you mean "image"?`.
package struct ManifestProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; tests and callers look at this.
    package struct Code: Hashable, Sendable {
        package let name: String
        package static let yaml = Code(name: "yaml")
        package static let duplicateKey = Code(name: "duplicateKey")
        package static let unknownField = Code(name: "unknownField")
        package static let wrongType = Code(name: "wrongType")
        package static let badValue = Code(name: "badValue")
        package static let missing = Code(name: "missing")
        package static let unknownKind = Code(name: "unknownKind")
        package static let wrongVersion = Code(name: "wrongVersion")
        package static let duplicate = Code(name: "duplicate")
    }

    package let code: Code
    package let file: String
    package let mark: Mark
    /// `spec.containers[0].image`; empty for the document itself.
    package let path: String
    package let message: String
    /// What to write instead, where that can be guessed.
    package let suggestion: String?

    package init(
        _ code: Code, file: String, mark: Mark, path: String, message: String, suggestion: String? = nil
    ) {
        self.code = code
        self.file = file
        self.mark = mark
        self.path = path
        self.message = message
        self.suggestion = suggestion
    }

    package init(_ error: YAMLError, file: String) {
        let code: Code = error.code == .duplicateKey ? .duplicateKey : .yaml
        var message = error.message
        if let expected = error.expected { message += "; \(expected)" }
        if let related = error.related, related != error.mark, !message.contains(related.description) {
            message += " (see \(related))"
        }
        self.init(code, file: file, mark: error.mark, path: "", message: message)
    }

    package var isRetryable: Bool { false }
    package var description: String {
        var text = "\(file):\(mark.line):\(mark.column): "
        if !path.isEmpty { text += "\(path): " }
        text += message
        if let suggestion { text += ", did you mean \(suggestion)?" }
        return text
    }
}
