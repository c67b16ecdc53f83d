/// Encoded bytes that are no object of the type that was asked for.
package struct DecodeError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The bytes do not follow the encoding's grammar.
        case syntax
        /// A value is of another type than the field.
        case type
        /// Deeper, longer or larger than what is accepted.
        case limit
    }
    package let code: Code
    /// Where in the object, such as `spec.containers[0].image`; empty at its root.
    package var path: String
    /// The offset in the bytes.
    package let offset: Int
    package let message: String

    package init(_ code: Code, path: String = "", offset: Int, _ message: String) {
        self.code = code
        self.path = path
        self.offset = offset
        self.message = message
    }

    package var description: String { path.isEmpty ? message : "\(path): \(message)" }

    /// The line and column, both from 1, of an offset in a text.
    package static func position(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == 10 {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}

/// What strict decoding finds without failing: a field that the type does not have, or that is there twice.
package struct FieldIssue: Sendable, Hashable, CustomStringConvertible {
    package enum Problem: Sendable { case unknown, duplicate }
    package let problem: Problem
    package let path: String
    package init(problem: Problem, path: String) {
        self.problem = problem
        self.path = path
    }
    /// As the API words it.
    package var description: String { "\(problem) field \"\(path)\"" }
}
