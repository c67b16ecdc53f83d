package import MartinetBase
package import MartinetSchema
import MartinetVersions

/// Turns objects into the tables that `kubectl get` shows (`Accept: application/json;as=Table;g=meta.k8s.io;v=v1`).
///
/// Columns come from the kind's entry in the schema: a path, or a strategy by name. Nothing is known about a kind here.
package struct TableConverter: Sendable {
    /// What a row carries besides its cells (`includeObject`).
    package enum Include: String, Sendable { case metadata = "Metadata", object = "Object", none = "None" }

    package struct ListHead: Sendable {
        package var resourceVersion = ""
        package var `continue` = ""
        package var remainingItemCount: Int64?
        package init() {}
    }

    package let kind: Kind
    private let shown: Kind
    /// The columns of a custom kind.
    private let defined: DefinedCells?
    private let columns: [Kind.Column]
    private let hasOwnColumns: Bool

    package init(kind: Kind) {
        self.kind = kind
        // A version without columns of its own is shown as the one that it is stored as.
        let shown = kind.columns.isEmpty ? Versions.storage(of: kind) : kind
        self.shown = shown
        defined = shown.protobufPackage.isEmpty && !shown.columns.isEmpty ? DefinedCells(shown.columns) : nil
        hasOwnColumns = !shown.columns.isEmpty
        columns =
            hasOwnColumns
            ? shown.columns
            : [
                Kind.Column(name: "Name", type: "string", source: ".metadata.name", format: "name"),
                Kind.Column(name: "Created At", type: "date", source: ".metadata.creationTimestamp"),
            ]
    }

    /// A `Table` object of the given objects, all of this kind.
    ///
    /// - Parameters:
    ///   - now: what ages are counted from.
    ///   - withColumns: only the first table of a watch says what its columns are.
    package func table(
        _ objects: some Sequence<Object>, head: ListHead = ListHead(), include: Include = .metadata, now: Timestamp,
        withColumns: Bool = true
    ) -> Object? {
        guard let type = Schema.builtin.type(named: "meta/v1.Table"),
            let rowType = type.field(named: "rows")?.type, let columnType = type.field(named: "columnDefinitions")?.type
        else { return nil }
        var table = Object(type: type)
        if let metaType = type.field(named: "metadata")?.type {
            var meta = Object(type: metaType)
            meta.set("resourceVersion", head.resourceVersion.isEmpty ? nil : .string(head.resourceVersion))
            meta.set("continue", head.continue.isEmpty ? nil : .string(head.continue))
            meta.set("remainingItemCount", head.remainingItemCount.map(Value.int))
            if !meta.isEmpty { table.set("metadata", .object(meta)) }
        }
        if withColumns {
            table.set("columnDefinitions", .list(columns.map { .object(TableConverter.definition($0, columnType)) }))
        }
        table.set("rows", .list(objects.map { .object(row($0, rowType, include, now)) }))
        return table
    }

    private static func definition(_ column: Kind.Column, _ type: ObjectType) -> Object {
        var definition = Object(type: type)
        definition.set("name", .string(column.name))
        definition.set("type", .string(column.type))
        definition.set("format", column.format.isEmpty ? nil : .string(column.format))
        definition.set("description", column.description.isEmpty ? nil : .string(column.description))
        definition.set("priority", column.priority == 0 ? nil : .int(Int64(column.priority)))
        return definition
    }

    private func row(_ object: Object, _ type: ObjectType, _ include: Include, _ now: Timestamp) -> Object {
        var row = Object(type: type)
        row.set("cells", .list(cells(object, now: now).map { .raw(RawJSON(text: TableConverter.json($0))) }))
        if let conditionType = type.field(named: "conditions")?.type, let condition = completion(object, conditionType)
        {
            row.set("conditions", .list([.object(condition)]))
        }
        switch include {
        case .none: break
        case .object: row.set("object", .raw(RawJSON(text: TableConverter.text(JSONEncoder.encode(object)))))
        case .metadata:
            guard let partial = PartialMetadata.object(object) else { break }
            row.set("object", .raw(RawJSON(text: TableConverter.text(JSONEncoder.encode(partial)))))
        }
        return row
    }

    /// The cells of one object, in the order of the columns.
    package func cells(_ object: Object, now: Timestamp) -> [Value] {
        // The server always shows all columns, so nothing is cut for lack of room.
        if let defined { return defined.cells(object, now: now) }
        let object = shown == kind ? object : Versions.convert(object, to: shown)
        let context = CellContext(object: object, now: now, wide: true)
        return columns.map { cell($0, context) }
    }

    private func cell(_ column: Kind.Column, _ context: CellContext) -> Value {
        if column.source.hasPrefix("@") {
            return ColumnStrategies.strategy(String(column.source.dropFirst()))?(context) ?? .null
        }
        let path = String(column.source.dropFirst())
        let value = context.object.at(path)
        if column.type == "date" {
            let time: Timestamp? =
                switch value {
                case .int(let seconds): Timestamp(seconds: seconds)
                case .string(let text): Timestamp(rfc3339: text)
                default: nil
                }
            // Only where a kind has no columns of its own is the date itself shown.
            if !hasOwnColumns { return time.map { .string($0.rfc3339) } ?? .null }
            return time.map { .string(CellText.age($0, context.now)) } ?? .string(CellText.unknown)
        }
        return value ?? TableConverter.zero(path, of: context.object.type)
    }

    /// What an absent field shows: the zero value of its type where it has one on the wire, else nothing.
    private static func zero(_ path: String, of type: ObjectType) -> Value {
        var type: ObjectType? = type
        var field: Field?
        for name in path.split(separator: ".") {
            field = type?.field(named: String(name))
            type = field?.type
        }
        guard let field, field.number != 0, field.container == .single else { return .null }
        switch field.scalar {
        case .string: return .string("")
        case .bool: return .bool(false)
        case .int32, .int64, .uint32, .uint64: return .int(0)
        default: return .string("")
        }
    }

    /// A finished pod's row says so, so that a client can leave it out.
    private func completion(_ object: Object, _ type: ObjectType) -> Object? {
        let phase = object.text("status.phase")
        guard kind.columns.contains(where: { $0.source == "@podStatus" }), phase == "Succeeded" || phase == "Failed"
        else { return nil }
        var condition = Object(type: type)
        condition.set("type", .string("Completed"))
        condition.set("status", .string("True"))
        condition.set("reason", .string(phase))
        condition.set("message", .string(phase == "Failed" ? "the pod failed" : "the pod ran to its end"))
        return condition
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func json(_ value: Value) -> String { text(JSONEncoder.encode(value)) }
}

extension Object {
    /// Sets a field by name; a type without it is left alone.
    mutating func set(_ name: String, _ value: Value?) {
        if let field = type.field(named: name) { self[field.slot] = value }
    }
}
