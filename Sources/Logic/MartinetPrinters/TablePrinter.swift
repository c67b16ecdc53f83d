/// Prints Tables as `kubectl get` does. One printer prints all of a watch: headings come once, widths are kept.
package struct TablePrinter: Sendable {
    package struct Options: Sendable {
        package var wide = false
        package var headers = true
        /// `-A`.
        package var namespace = false
        package var showLabels = false
        /// `-L`.
        package var labelColumns: [String] = []
        /// With it the names of objects are `kind/name`; such as `pod` or `deployment.apps`.
        package var kind: String?

        package init() {}
    }

    private let options: Options
    private var writer = TabWriter()
    private var lastColumns: [Table.Column] = []
    private var printedHeaders = false

    package init(_ options: Options = Options()) { self.options = options }

    /// - Parameter event: the kind of change, with `--output-watch-events`.
    package mutating func text(_ table: Table, event: String? = nil) -> String {
        var headers = options.headers
        var columns = table.columns
        if columns.isEmpty {
            columns = lastColumns
            if printedHeaders { headers = false }
        } else if columns == lastColumns {
            if printedHeaders { headers = false }
        } else {
            lastColumns = columns
            printedHeaders = false
        }
        if table.rows.isEmpty { return "" }
        printedHeaders = true
        let shown = columns.indices.filter { options.wide || columns[$0].priority == 0 }
        if headers { line(heading(columns, shown, event)) }
        let nameColumn = columns.firstIndex { $0.format == "name" && $0.type == "string" }
        for row in table.rows {
            var cells = event.map { [$0] } ?? []
            if options.namespace { cells.append(row.namespace) }
            for index in shown where index < row.cells.count {
                var cell = row.cells[index] ?? ""
                if let kind = options.kind, index == nameColumn { cell = "\(kind)/\(cell)" }
                cells.append(Self.clean(cell))
            }
            if hasLabels {
                // A row may be short of cells; what follows still stands in its column.
                let missing = shown.count - shown.filter { $0 < row.cells.count }.count
                cells += Array(repeating: "", count: missing)
                cells += labels(row)
            }
            line(cells)
        }
        return writer.flush()
    }

    private var hasLabels: Bool { options.showLabels || !options.labelColumns.isEmpty }

    private func heading(_ columns: [Table.Column], _ shown: [Int], _ event: String?) -> [String] {
        var names = event == nil ? [] : ["EVENT"]
        if options.namespace { names.append("NAMESPACE") }
        names += shown.map { columns[$0].name.uppercased() }
        names += options.labelColumns.map { label in
            label.split(separator: "/", omittingEmptySubsequences: false).last.map { $0.uppercased() } ?? ""
        }
        if options.showLabels { names.append("LABELS") }
        return names
    }

    private func labels(_ row: Table.Row) -> [String] {
        var cells = options.labelColumns.map { Self.clean(row.labels[$0] ?? "") }
        if options.showLabels { cells.append(Self.clean(Self.text(row.labels))) }
        return cells
    }

    /// `a=b,c=d`, sorted; `<none>` without any.
    package static func text(_ labels: [String: String]) -> String {
        labels.isEmpty
            ? "<none>" : labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// A cell ends at its first line break, and what a terminal would act on is shown instead.
    static func clean(_ cell: String) -> String {
        let scalars = cell.unicodeScalars
        guard let end = scalars.firstIndex(where: { $0 == "\u{C}" || $0 == "\n" || $0 == "\r" }) else {
            return escape(cell)
        }
        return escape(String(scalars[..<end])) + "..."
    }

    static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x1B || $0 == 0x0D }) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{1B}": output.append(contentsOf: "^[".unicodeScalars)
            case "\r": output.append(contentsOf: "\\r".unicodeScalars)
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    /// A tab in a cell begins another, as it does for the aligner.
    private mutating func line(_ cells: [String]) {
        writer.line(
            cells.flatMap { cell in
                cell.utf8.contains(where: { $0 == 0x09 || $0 == 0x0B })
                    ? cell.split(omittingEmptySubsequences: false) { $0 == "\t" || $0 == "\u{B}" }.map(String.init)
                    : [cell]
            })
    }
}
