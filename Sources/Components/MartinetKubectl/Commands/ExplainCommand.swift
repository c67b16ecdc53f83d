import MartinetCommandLine
import MartinetNearMiss
import MartinetToolPorts
import MartinetYAML

/// `kubectl explain`, from the server's OpenAPI v3.
struct ExplainCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        var parts = context.arguments[0].split(separator: ".").map(String.init)
        guard let first = parts.first else { throw KubectlError("you must specify the type of resource to explain") }
        let resource = try await resource(first, &parts)
        let root = resource.group.isEmpty ? "api/\(resource.version)" : "apis/\(resource.group)/\(resource.version)"
        let index = try await context.json(SessionRequest("GET", "/openapi/v3"))
        guard let link = index.at("paths", root)?["serverRelativeURL"]?.string else {
            throw KubectlError("couldn't find resource for \"\(resource.apiVersion), Resource=\(resource.plural)\"")
        }
        let sides = link.split(separator: "?", maxSplits: 1).map(String.init)
        let query =
            sides.count > 1
            ? sides[1].split(separator: "&").compactMap { pair -> (name: String, value: String)? in
                let words = pair.split(separator: "=", maxSplits: 1).map(String.init)
                return words.count == 2 ? (name: words[0], value: words[1]) : nil
            } : []
        let document = try await context.json(SessionRequest("GET", sides[0], query: query))
        let schemas = Schemas(document)
        guard var schema = schemas.kind(resource) else {
            throw KubectlError("GVR (\(resource.apiVersion), \(resource.plural)) not found in OpenAPI schema")
        }
        var output = resource.group.isEmpty ? "" : "GROUP:      \(resource.group)\n"
        output += "KIND:       \(resource.kind)\nVERSION:    \(resource.version)\n\n"
        var field: (name: String, type: String, choices: [String])?
        var description = schema.text("description")
        for name in parts.dropFirst() {
            let fields = schemas.fields(of: schema)
            guard let found = fields.first(where: { $0.key == name }) else {
                throw KubectlError(
                    "field \"\(name)\" does not exist" + NearMiss.question(for: name, among: fields.map(\.key)))
            }
            field = (name, schemas.type(found.node), found.node.items("enum").compactMap(\.scalarText))
            description = found.node.text("description")
            schema = schemas.target(found.node)
            if description.isEmpty { description = schema.text("description") }
        }
        if let field {
            output += "FIELD: \(field.name) <\(field.type)>\n"
            output += field.choices.isEmpty ? "\n" : "ENUM:\n" + field.choices.map { "    \($0)\n" }.joined()
            output += "\n"
        }
        output += "DESCRIPTION:\n"
        output += description.isEmpty ? "    <empty>\n" : Self.wrapped(description, indent: 4) + "    \n"
        let fields = schemas.fields(of: schema)
        if !fields.isEmpty {
            output += "FIELDS:\n"
            if context.flags.bool("recursive") {
                tree(schema, schemas, 1, &output, [])
            } else {
                list(schema, fields, schemas, &output)
            }
        }
        context.out(output + "\n")
    }

    private func resource(_ word: String, _ parts: inout [String]) async throws -> ResourceInfo {
        let version = context.flags.string("api-version")
        let found = try await context.discovery.resource(word)
        guard !version.isEmpty, version != found.apiVersion else { return found }
        guard
            let other = try await context.discovery.all().first(where: {
                $0.apiVersion == version && $0.plural == found.plural
            })
        else { throw KubectlError("couldn't find resource for \"\(version), Resource=\(found.plural)\"") }
        return other
    }

    private func list(_ schema: YAMLNode, _ fields: [YAMLNode.Entry], _ schemas: Schemas, _ output: inout String) {
        let required = Set(schema.items("required").compactMap(\.string))
        for field in fields {
            output += "  \(field.key)\t<\(schemas.type(field.node))>"
            output += required.contains(field.key) ? " -required-\n" : "\n"
            output += Self.choices(field.node, "  ")
            var text = field.node.text("description")
            if text.isEmpty { text = schemas.target(field.node).text("description") }
            output += Self.wrapped(text.isEmpty ? "<no description>" : text, indent: 4) + "\n"
        }
    }

    private func tree(_ schema: YAMLNode, _ schemas: Schemas, _ level: Int, _ output: inout String, _ above: [String]) {
        let required = Set(schema.items("required").compactMap(\.string))
        for field in schemas.fields(of: schema) {
            let note = required.contains(field.key) ? " -required-" : ""
            output += String(repeating: "  ", count: level) + "\(field.key)\t<\(schemas.type(field.node))>\(note)\n"
            output += Self.choices(field.node, String(repeating: "  ", count: level))
            let reference = schemas.reference(field.node) ?? ""
            // Schemas refer to themselves (JSONSchemaProps): each is shown once on a path.
            guard level < 32, reference.isEmpty || !above.contains(reference) else { continue }
            tree(schemas.target(field.node), schemas, level + 1, &output, above + [reference])
        }
    }

    /// The values to choose from, the first four of them.
    private static func choices(_ field: YAMLNode, _ margin: String) -> String {
        let choices = field.items("enum").compactMap(\.scalarText)
        guard !choices.isEmpty else { return "" }
        return "\(margin)enum: \(choices.prefix(4).joined(separator: ", "))\(choices.count > 4 ? ", ...." : "")\n"
    }

    /// Lines of at most 80 columns.
    static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > 80 - indent {
                    lines.append(margin + line)
                    line = ""
                }
                line += line.isEmpty ? String(word) : " \(word)"
            }
            lines.append(line.isEmpty ? "" : margin + line)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// The schemas of one OpenAPI v3 document.
struct Schemas {
    private let schemas: [String: YAMLNode]

    init(_ document: YAMLNode) {
        schemas = Dictionary(
            document.entries("components", "schemas").map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first }
        )
    }

    func kind(_ resource: ResourceInfo) -> YAMLNode? {
        schemas.sorted { $0.key < $1.key }.map(\.value).first { schema in
            schema.items("x-kubernetes-group-version-kind").contains {
                $0.text("group") == resource.group && $0.text("version") == resource.version
                    && $0.text("kind") == resource.kind
            }
        }
    }

    func reference(_ node: YAMLNode) -> String? {
        let prefix = "#/components/schemas/"
        let candidates = [node] + node.items("allOf") + node.items("oneOf")
        let inner = node["items"].map { [$0] + $0.items("allOf") } ?? []
        let values = node["additionalProperties"].map { [$0] + $0.items("allOf") } ?? []
        for candidate in candidates + inner + values {
            if let link = candidate["$ref"]?.string, link.hasPrefix(prefix) {
                return String(link.dropFirst(prefix.count))
            }
        }
        return nil
    }

    /// The schema of what a field holds: itself, or that of its items or values.
    func target(_ node: YAMLNode) -> YAMLNode {
        if let reference = reference(node) { return schemas[reference] ?? YAMLNode(.map([])) }
        if let items = node["items"] { return target(items) }
        if let values = node["additionalProperties"], values.map != nil { return target(values) }
        return node
    }

    func fields(of schema: YAMLNode) -> [YAMLNode.Entry] { schema.entries("properties").sorted { $0.key < $1.key } }

    func type(_ node: YAMLNode) -> String {
        switch node.text("type") {
        case "array": return "[]\(node["items"].map(type) ?? "Object")"
        case "object":
            if let values = node["additionalProperties"], values.map != nil { return "map[string]\(type(values))" }
            return "Object"
        case "":
            guard let reference = reference(node) else { return "Object" }
            // A scalar under a name of its own (Quantity, Time) is shown as what it is.
            let schema = schemas[reference]
            let name = reference.split(separator: ".").last.map(String.init) ?? reference
            if ["Quantity", "IntOrString", "Time", "MicroTime"].contains(name) {
                return name == "Time" || name == "MicroTime" ? "string" : name
            }
            return schema?.text("type") == "object" || schema?.text("type").isEmpty != false
                ? name : schema?.text("type") ?? name
        case let plain: return plain
        }
    }
}
