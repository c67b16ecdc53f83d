import MartinetBase
import MartinetPrinters
import MartinetYAML

/// Tables as servers send them, and plain ones made of lists from servers that do not.
enum TableDecoder {
    static let accept =
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"

    static func isTable(_ node: YAMLNode) -> Bool { node["kind"]?.string == "Table" }

    static func table(_ node: YAMLNode) -> Table {
        let columns = node.items("columnDefinitions").map { column in
            Table.Column(
                name: column.text("name"), type: column.text("type"), format: column.text("format"),
                priority: Int(column.number("priority") ?? 0))
        }
        return Table(columns: columns, rows: node.items("rows").map(row))
    }

    static func row(_ row: YAMLNode) -> Table.Row {
        let metadata = row.at("object", "metadata")
        return Table.Row(
            cells: row.items("cells").map(cell), namespace: metadata?.text("namespace") ?? "",
            labels: Dictionary(
                (metadata?.entries("labels") ?? []).map { ($0.key, $0.node.scalarText ?? "") },
                uniquingKeysWith: { _, last in last }))
    }

    private static func cell(_ node: YAMLNode) -> String? {
        switch node.value {
        case .null: "<none>"
        case .list, .map: JSONText.compact(node)
        default: node.scalarText
        }
    }

    /// NAME and AGE: what kubectl shows of objects that it knows nothing about.
    static func plain(_ items: [YAMLNode], now: Timestamp) -> Table {
        Table(
            columns: [Table.Column(name: "Name", format: "name"), Table.Column(name: "Age")],
            rows: items.map { item in
                Table.Row(
                    cells: [item.metaName, age(item.text("metadata", "creationTimestamp"), now)],
                    namespace: item.metaNamespace,
                    labels: Dictionary(
                        item.entries("metadata", "labels").map { ($0.key, $0.node.scalarText ?? "") },
                        uniquingKeysWith: { _, last in last }))
            })
    }

    static func age(_ time: String, _ now: Timestamp) -> String {
        guard let then = Timestamp(rfc3339: time) else { return "<unknown>" }
        return HumanDuration.text(now.duration(since: then))
    }
}
