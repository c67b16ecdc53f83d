/// Aligns columns as kubectl does: cells of at least 6 columns, 3 blanks between them. It keeps
/// the widths from one flush to the next, so that the rows of a watch stay under their headings.
///
/// Source: the behaviour of text/tabwriter with minimum width 6, padding 3, and remembered widths.
package struct TabWriter: Sendable {
    private let minimum: Int
    private let padding: Int
    private let remembers: Bool
    private var remembered: [Int] = []
    private var lines: [[String]] = []

    /// - Parameter remembers: false aligns each block by itself, as `kubectl describe` does.
    package init(minimum: Int = 6, padding: Int = 3, remembers: Bool = true) {
        self.remembers = remembers
        self.minimum = minimum
        self.padding = padding
    }

    /// One line; every cell but the last is aligned.
    package mutating func line(_ cells: [String]) { lines.append(cells.isEmpty ? [""] : cells) }

    /// The aligned text of the lines since the last flush.
    package mutating func flush() -> String {
        var output = ""
        var widths: [Int] = []
        format(&output, 0, lines.count, &widths)
        lines.removeAll()
        return output
    }

    /// A column is a block of successive lines that all have a cell there which is not their last.
    private mutating func format(_ output: inout String, _ start: Int, _ end: Int, _ widths: inout [Int]) {
        let column = widths.count
        var line = start
        var written = start
        while line < end {
            guard column < lines[line].count - 1 else {
                line += 1
                continue
            }
            write(&output, written..<line, widths)
            let first = line
            var width = minimum
            while line < end, column < lines[line].count - 1 {
                let size = Self.width(lines[line][column])
                width = max(width, size + padding)
                line += 1
            }
            if remembers {
                if column < remembered.count { width = max(width, remembered[column]) }
                if column < remembered.count { remembered[column] = width } else { remembered.append(width) }
            }
            widths.append(width)
            format(&output, first, line, &widths)
            widths.removeLast()
            written = line
        }
        write(&output, written..<end, widths)
    }

    private func write(_ output: inout String, _ range: Range<Int>, _ widths: [Int]) {
        for line in lines[range] {
            for (index, cell) in line.enumerated() {
                output += cell
                if index < line.count - 1, index < widths.count {
                    output += String(repeating: " ", count: max(0, widths[index] - Self.width(cell)))
                }
            }
            output += "\n"
        }
    }

    /// Characters, each counted as one column wide, as Go's tabwriter does.
    private static func width(_ text: String) -> Int { text.unicodeScalars.count }
}
