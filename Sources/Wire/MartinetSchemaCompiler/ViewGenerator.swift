package import MartinetSchema

/// Writes the typed views: a struct per type, a computed property per field, a file per kind.
package struct ViewGenerator {
    /// The kinds that Martinet's own components work with. Others are served without a view.
    package static let kindsWithViews = [
        "meta/v1.ListMeta", "v1.Namespace", "v1.Node", "v1.Pod", "v1.Binding", "v1.Service", "v1.Endpoints",
        "v1.ConfigMap", "v1.Secret",
        "v1.ServiceAccount", "v1.Event", "discovery.k8s.io/v1.EndpointSlice", "coordination.k8s.io/v1.Lease",
        "apps/v1.Deployment", "apps/v1.ReplicaSet", "apiextensions.k8s.io/v1.CustomResourceDefinition",
        "autoscaling/v1.Scale", "authentication.k8s.io/v1.TokenRequest", "policy/v1.Eviction", "meta/v1.Status",
        "meta/v1.DeleteOptions", "meta/v1.Table", "meta/v1.PartialObjectMetadata", "meta/v1.APIResourceList",
        "meta/v1.APIGroupList", "meta/v1.APIVersions", "meta/v1.LabelSelector",
        "v1.PersistentVolumeClaim", "v1.PersistentVolume", "storage.k8s.io/v1.VolumeAttributesClass",
    ]

    private let byName: [String: TypeDefinition]
    private var swiftNames: [String: String] = [:]

    package init(_ definitions: [TypeDefinition]) {
        byName = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, $0) })
    }

    /// The files' names and texts. A type that several kinds use stands with the first of them.
    package func generate(kinds: [String]) -> [String: String] {
        var generator = self
        var order: [String: [String]] = [:]
        for kind in kinds {
            var queue = [kind]
            while !queue.isEmpty {
                let name = queue.removeFirst()
                guard generator.swiftNames[name] == nil, let type = byName[name] else { continue }
                generator.assignName(name)
                order[kind, default: []].append(name)
                queue += type.fields.filter { $0.scalar == .object }.map(\.reference)
            }
        }
        var files: [String: String] = [:]
        for (kind, types) in order {
            let views = types.map { "\n" + generator.view($0) }.joined()
            let imports =
                (views.contains("Timestamp?") ? "package import MartinetBase\n" : "")
                + "package import MartinetSchema\n"
            files[generator.swiftName(kind) + ".swift"] =
                "// Made by `make generate` from API/. Do not edit.\n\n" + imports + views
        }
        return files
    }

    /// `v1.PodSpec` → `PodSpec`. Where two groups have a type of one name, the later one carries its group:
    /// `DiscoveryEndpointPort`.
    private mutating func assignName(_ full: String) {
        let parts = full.split(separator: ".")
        var name = String(parts.last ?? "")
        if name == "Table" { name = "ResultTable" }
        if swiftNames.values.contains(name) {
            name = full.prefix(1).uppercased() + (parts.first ?? "").dropFirst() + name
        }
        swiftNames[full] = name
    }

    private func swiftName(_ full: String) -> String { swiftNames[full] ?? full }

    private func view(_ full: String) -> String {
        guard let type = byName[full] else { return "" }
        let name = swiftName(full)
        var text = "package struct \(name): View {\n"
        text += "    package static let type = Schema.builtin.type(named: \"\(full)\")!\n"
        text += "    package var object: Object\n    package init(object: Object) { self.object = object }\n"
        for (slot, field) in type.fields.enumerated() { text += property(field, slot) }
        return text + "}\n"
    }

    private func property(_ field: FieldDefinition, _ slot: Int) -> String {
        let name = escaped(field.name)
        let (type, label, isCoroutine) = accessor(field)
        let place = "object[\(label): \(slot)]"
        let write = isCoroutine ? "_modify { yield &\(place) }" : "set { \(place) = newValue }"
        return "    package var \(name): \(type) { get { \(place) } \(write) }\n"
    }

    private typealias Accessor = (type: String, label: String, isCoroutine: Bool)

    private func accessor(_ field: FieldDefinition) -> Accessor {
        let pointer = field.flags.contains(.pointer)
        switch field.container {
        case .list: return listAccessor(field)
        case .map:
            switch field.scalar {
            case .string, .quantity: return ("StringMap", "stringMap", true)
            case .object: return ("[String: \(swiftName(field.reference))]", "viewMap", false)
            default: return ("Map", "map", false)
            }
        case .nested: return ("[Value]", "values", false)
        case .single: break
        }
        switch field.scalar {
        case .object:
            let type = swiftName(field.reference)
            return pointer ? (type + "?", "optionalView", true) : (type, "view", true)
        case .string: return pointer ? ("String?", "optionalString", false) : ("String", "string", false)
        case .quantity: return ("String?", "optionalString", false)
        case .bytes: return ("[UInt8]", "bytes", false)
        case .bool: return pointer ? ("Bool?", "optionalBool", false) : ("Bool", "bool", false)
        case .int64, .uint64, .duration: return pointer ? ("Int64?", "optionalInt", false) : ("Int64", "int", false)
        case .int32, .uint32:
            return pointer ? ("Int32?", "optionalInt32", false) : ("Int32", "int32", false)
        case .double, .float: return pointer ? ("Double?", "optionalDouble", false) : ("Double", "double", false)
        case .time: return ("Timestamp?", "time", false)
        case .microtime: return ("Timestamp?", "microtime", false)
        case .intorstring: return ("IntOrString?", "intOrString", false)
        case .raw, .json, .fieldsv1: return ("RawJSON?", "raw", false)
        case .strings: return ("[String]", "strings", false)
        case .any: return ("Value?", "any", false)
        }
    }

    private func listAccessor(_ field: FieldDefinition) -> Accessor {
        switch field.scalar {
        case .object: ("ViewList<\(swiftName(field.reference))>", "list", true)
        case .string: ("[String]", "strings", false)
        case .int32, .int64, .uint32, .uint64: ("[Int64]", "ints", false)
        default: ("[Value]", "values", false)
        }
    }

    private static let keywords: Set<String> = [
        "as", "case", "class", "continue", "default", "defer", "do", "else", "enum", "extension", "false", "for",
        "func",
        "if", "import", "in", "init", "internal", "is", "let", "nil", "operator", "private", "protocol", "public",
        "repeat",
        "return", "self", "static", "struct", "switch", "throw", "true", "try", "var", "where", "while",
    ]

    private func escaped(_ name: String) -> String {
        var name = name
        if name.hasPrefix("$") { name = "dollar" + name.dropFirst().prefix(1).uppercased() + name.dropFirst(2) }
        name = name.replacing("-", with: "_")
        if name == "object" { return "objectField" }
        return ViewGenerator.keywords.contains(name) ? "`\(name)`" : name
    }
}
