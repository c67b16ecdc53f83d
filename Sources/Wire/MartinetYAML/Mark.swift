/// Where something stands in a text: line and column, both counted from 1.
///
/// A column counts characters (Unicode scalars), not bytes, as an editor shows it.
package struct Mark: Hashable, Sendable, CustomStringConvertible {
    private let lineNumber: UInt32
    private let columnNumber: UInt32

    package var line: Int { Int(lineNumber) }
    package var column: Int { Int(columnNumber) }

    package init(line: Int, column: Int) {
        lineNumber = UInt32(clamping: line)
        columnNumber = UInt32(clamping: column)
    }

    /// For values that were not read from a text.
    package static let none = Mark(line: 0, column: 0)

    package var description: String { "line \(line), column \(column)" }
}
