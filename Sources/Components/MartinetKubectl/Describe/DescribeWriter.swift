import MartinetPrinters

/// Indented lines of `Name:  value`, aligned as `kubectl describe` does.
struct DescribeWriter {
    private var writer = TabWriter(minimum: 0, padding: 2, remembers: false)
    private var output = ""

    /// One line; the cells after the first are aligned with those of the lines around it.
    mutating func line(_ level: Int, _ cells: String...) { add(level, cells) }

    mutating func add(_ level: Int, _ cells: [String]) {
        var cells = cells
        cells[0] = String(repeating: "  ", count: level) + cells[0]
        writer.line(cells.map(Self.clean))
    }

    /// Text that stands as it is.
    mutating func raw(_ text: String) {
        output += writer.flush()
        output += text
    }

    mutating func text() -> String {
        output += writer.flush()
        defer { output = "" }
        return output
    }

    /// What a terminal would act on is shown instead; a line break would tear the layout.
    private static func clean(_ cell: String) -> String {
        String(String.UnicodeScalarView(cell.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }
}
