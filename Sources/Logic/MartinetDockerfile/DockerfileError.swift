/// Where something stands in a file; both count from 1, the column in bytes.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    package var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong in a Dockerfile, where, what was expected there, and what was probably meant.
package struct DockerfileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let place: SourcePlace
    package let message: String
    package let suggestion: String?

    package init(_ place: SourcePlace, _ message: String, suggestion: String? = nil) {
        self.place = place
        self.message = message
        self.suggestion = suggestion
    }

    package var description: String { "\(place): \(message)" + (suggestion.map { "; did you mean \($0)?" } ?? "") }
}
