import MartinetBase
import MartinetSchema
import MartinetYAML

extension YAMLNode {
    /// The value under a path of keys.
    func at(_ path: String...) -> YAMLNode? {
        path.reduce(Optional(self)) { node, key in node?[key] }
    }

    func text(_ path: String...) -> String {
        path.reduce(Optional(self)) { node, key in node?[key] }?.scalarText ?? ""
    }

    func number(_ path: String...) -> Int64? { path.reduce(Optional(self)) { node, key in node?[key] }?.int }

    func items(_ path: String...) -> [YAMLNode] { path.reduce(Optional(self)) { node, key in node?[key] }?.list ?? [] }

    func entries(_ path: String...) -> [Entry] { path.reduce(Optional(self)) { node, key in node?[key] }?.map ?? [] }

    var metaName: String { text("metadata", "name") }
    var metaNamespace: String { text("metadata", "namespace") }

    /// A scalar as a string shows it; nil for lists, maps and null.
    var scalarText: String? {
        switch value {
        case .string(let text): text
        case .int(let number): String(number)
        case .uint(let number): String(number)
        case .double(let number): GoFloat.format(number)
        case .bool(let flag): String(flag)
        case .null, .list, .map: nil
        }
    }

    /// The same tree with a value set under a path; maps on the way are made. Nil removes it.
    func setting(_ path: [String], _ node: YAMLNode?) -> YAMLNode {
        guard let key = path.first else { return node ?? self }
        var copy = self
        if path.count == 1 {
            copy[key] = node
        } else {
            copy[key] = (self[key]?.map == nil ? YAMLNode(.map([])) : self[key] ?? YAMLNode(.map([])))
                .setting(Array(path.dropFirst()), node)
        }
        return copy
    }

    /// A map of strings.
    static func strings(_ pairs: [(String, String)]) -> YAMLNode {
        YAMLNode(.map(pairs.map { Entry(key: $0.0, node: YAMLNode(.string($0.1))) }))
    }

    static func texts(_ texts: [String]) -> YAMLNode { YAMLNode(.list(texts.map { YAMLNode(.string($0)) })) }

    // MARK: To and from the schema's values

    /// The same tree as the patch engine has it.
    var schemaValue: MartinetSchema.Value {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .uint(let number): .double(Double(number))
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .list(let items): .list(items.map(\.schemaValue))
        case .map(let entries):
            .map(MartinetSchema.Map(unsorted: entries.map { .init(key: $0.key, value: $0.node.schemaValue) }))
        }
    }

    var schemaMap: MartinetSchema.Map {
        if case .map(let map) = schemaValue { return map }
        return MartinetSchema.Map()
    }

    init(schema value: MartinetSchema.Value) {
        switch value {
        case .bool(let flag): self.init(.bool(flag))
        case .int(let number): self.init(.int(number))
        case .double(let number): self.init(.double(number))
        case .string(let text): self.init(.string(text))
        case .bytes(let bytes): self.init(.string(Base64.encode(bytes)))
        case .list(let items): self.init(.list(items.map { YAMLNode(schema: $0) }))
        case .map(let map): self.init(.map(map.entries.map { Entry(key: $0.key, node: YAMLNode(schema: $0.value)) }))
        case .null, .object, .raw: self.init(.null)
        }
    }
}
