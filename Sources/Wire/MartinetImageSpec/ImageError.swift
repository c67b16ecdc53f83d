/// What is wrong with an image, its name or its description.
package struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        package init(_ name: String) { self.name = name }
        package static let invalidReference = Code("invalidReference")
        package static let invalidDigest = Code("invalidDigest")
        package static let invalidDocument = Code("invalidDocument")
        /// Well-formed, and not honoured here.
        package static let unsupported = Code("unsupported")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
