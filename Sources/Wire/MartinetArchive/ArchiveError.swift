/// What is wrong with an archive.
package struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: Hashable, Sendable {
        package let name: String
        package init(_ name: String) { self.name = name }
        /// Not what the format says.
        package static let malformed = Code("malformed")
        /// Ends before it says it does.
        package static let truncated = Code("truncated")
        /// In the format, and not honoured here.
        package static let unsupported = Code("unsupported")
        /// Beyond a limit that keeps memory bounded.
        package static let tooLarge = Code("tooLarge")
        /// A header that cannot be written.
        package static let unwritable = Code("unwritable")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
