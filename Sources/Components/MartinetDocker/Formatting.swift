import MartinetBase
import MartinetPrinters
import MartinetYAML

/// Columns as docker sets them: three blanks between, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ titles: [String]) { rows = [titles] }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 3) }
            }
            return line + "\n"
        }.joined()
    }
}

enum Formatting {
    /// In decimal units, as docker has them: `187MB`, `1.24kB`.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB"]
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 || value >= 100 { return "\(Int(value.rounded()))\(units[unit])" }
        let scale: Double = value >= 10 ? 10 : 100
        let rounded = (value * scale).rounded() / scale
        let text = rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
        return text + units[unit]
    }

    /// `5 minutes ago`. An image that can be built again to the same bytes has no time of its own.
    static func ago(_ time: Timestamp, _ now: Timestamp) -> String {
        guard time.seconds > 0 else { return "N/A" }
        return words(now.duration(since: time)) + " ago"
    }

    static func words(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        switch seconds {
        case 0: return "Less than a second"
        case 1: return "1 second"
        case 2..<60: return "\(seconds) seconds"
        case 60..<120: return "About a minute"
        case 120..<3600: return "\(seconds / 60) minutes"
        case 3600..<7200: return "About an hour"
        case 7200..<172_800: return "\(seconds / 3600) hours"
        case 172_800..<1_209_600: return "\(seconds / 86400) days"
        case 1_209_600..<5_184_000: return "\(seconds / 604_800) weeks"
        case 5_184_000..<63_072_000: return "\(seconds / 2_592_000) months"
        default: return "\(seconds / 31_536_000) years"
        }
    }

    /// `--format` of a list: `json`, a Go template, or `table` and one.
    static func rows(_ format: String, _ rows: [[(String, String)]], _ console: Console) throws {
        if format == "json" {
            for row in rows { console.print(try json(node(row))) }
            return
        }
        var template = format[...]
        var isTable = false
        if template.hasPrefix("table ") {
            isTable = true
            template = template.dropFirst(6)
        }
        let parsed = try GoTemplate(String(template).replacing("\\t", with: "\t").replacing("\\n", with: "\n"))
        let lines = try rows.map { try parsed.text(node($0)) }
        if isTable {
            let titles = template.split(separator: "\t").map {
                $0.filter { $0.isLetter || $0 == "." }.split(separator: ".").last.map { $0.uppercased() } ?? ""
            }
            var table = TextTable(titles)
            for line in lines {
                let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                table.add(cells + Array(repeating: "", count: max(0, titles.count - cells.count)))
            }
            return console.out(Array(table.text.utf8))
        }
        for line in lines { console.print(line) }
    }

    static func node(_ fields: [(String, String)]) -> YAMLNode {
        YAMLNode(.map(fields.map { YAMLNode.Entry(key: $0.0, node: YAMLNode(.string($0.1))) }))
    }

    /// One line.
    static func json(_ node: YAMLNode) throws -> String { JSONText.compact(node) }
}

extension Formatting {
    /// `--format` of one thing.
    static func one(_ format: String, _ node: YAMLNode, _ console: Console) throws {
        if format == "json" { return console.print(try json(node)) }
        console.print(try GoTemplate(format).text(node))
    }
}
