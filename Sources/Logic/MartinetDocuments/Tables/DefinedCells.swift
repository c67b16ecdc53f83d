import MartinetBase
import MartinetPrinters
import MartinetSchema
import MartinetYAML

/// The cells of columns that a CustomResourceDefinition defines: a JSONPath, and the type that its first finding must have.
///
/// Source: the apiextensions server's table convertor.
struct DefinedCells: Sendable {
    private let columns: [(column: Kind.Column, path: JSONPath?)]

    init(_ columns: [Kind.Column]) {
        // A path that cannot be read shows nothing; validation refuses it where it is defined.
        self.columns = columns.map { ($0, try? JSONPath(relaxed: $0.source)) }
    }

    func cells(_ object: Object, now: Timestamp) -> [Value] {
        guard let root = try? YAML.readJSON(JSONEncoder.encode(object)).first else { return columns.map { _ in .null } }
        return columns.map { column, path in
            guard let found = try? path?.results(root), let first = found.first?.first else { return .null }
            return DefinedCells.cell(column.type, first, now)
        }
    }

    private static func cell(_ type: String, _ node: YAMLNode, _ now: Timestamp) -> Value {
        switch (type, node.value) {
        case ("string", .null): return .string("<no value>")
        case ("string", _): return .string(JSONPath.text(node))
        case ("integer", .int(let number)): return .int(number)
        case ("integer", .double(let number)): return .int(Int64(exactly: number.rounded(.towardZero)) ?? .min)
        case ("number", .int(let number)): return .double(Double(number))
        case ("number", .double(let number)): return .double(number)
        case ("boolean", .bool(let flag)): return .bool(flag)
        case ("date", .string(let text)):
            if text.isEmpty { return .string(CellText.unknown) }
            guard let time = Timestamp(rfc3339: text) else { return .string("<invalid>") }
            return .string(CellText.age(time, now))
        default: return .null
        }
    }
}
