package import MartinetYAML

/// `-o custom-columns=NAME:.metadata.name,…` and the same from a file of two lines.
package struct CustomColumns: Sendable {
    private struct Column: Sendable {
        let header: String
        let path: JSONPath
    }

    private let columns: [Column]
    private let headers: Bool
    private var writer = TabWriter()
    private var printedHeaders = false

    /// - Parameter spec: `HEADER:path` pairs, separated by commas.
    package init(_ spec: String, headers: Bool = true) throws(PrinterError) {
        var columns: [Column] = []
        for part in spec.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = part.firstIndex(of: ":") else {
                throw PrinterError(
                    code: .syntax, message: "expected HEADER:path, not \"\(part)\"", template: spec)
            }
            let path = String(part[part.index(after: colon)...])
            columns.append(Column(header: String(part[..<colon]), path: try JSONPath(relaxed: path)))
        }
        self.columns = columns
        self.headers = headers
    }

    /// - Parameter template: a line of headers and a line of as many paths, separated by blanks.
    package init(template: String) throws(PrinterError) {
        let lines = template.split(whereSeparator: \.isNewline).prefix(2).map {
            $0.split(whereSeparator: \.isWhitespace)
        }
        guard lines.count == 2, lines[0].count == lines[1].count, !lines[0].isEmpty else {
            throw PrinterError(
                code: .syntax, message: "expected a line of headers and a line of as many paths", template: template)
        }
        var columns: [Column] = []
        for (header, path) in zip(lines[0], lines[1]) {
            columns.append(Column(header: String(header), path: try JSONPath(relaxed: String(path))))
        }
        self.columns = columns
        headers = true
    }

    /// The rows of an object, or of each item of a list; the headers come with the first.
    package mutating func text(_ object: YAMLNode) throws(PrinterError) -> String {
        if headers, !printedHeaders { writer.line(columns.map(\.header)) }
        printedHeaders = true
        let isList = object["kind"]?.string?.hasSuffix("List") == true
        for item in isList ? object["items"]?.list ?? [object] : [object] {
            var cells: [String] = []
            for column in columns {
                let found = try column.path.results(item)
                var values = found.first?.isEmpty == false ? [] : ["<none>"]
                values += found.flatMap { $0 }.map { TablePrinter.escape(GoText.text($0)) }
                cells.append(values.joined(separator: ","))
            }
            writer.line(cells)
        }
        return writer.flush()
    }
}

/// Values as Go's `fmt` prints them.
enum GoText {
    static func text(_ node: YAMLNode) -> String {
        switch node.value {
        case .null: "<nil>"
        case .list(let items): "[" + items.map { text($0) }.joined(separator: " ") + "]"
        case .map(let entries):
            "map["
                + entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\($0.key):\(text($0.node))" }.joined(separator: " ") + "]"
        default: JSONPath.text(node)
        }
    }
}
