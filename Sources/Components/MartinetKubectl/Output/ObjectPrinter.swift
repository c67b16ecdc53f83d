import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// The formats of `-o` that print whole objects.
struct ObjectPrinter {
    enum Format {
        case yaml, json, name
        case jsonpath(JSONPath)
        case jsonpathAsJSON(JSONPath)
        case goTemplate(GoTemplate)
        case columns(CustomColumns)
    }

    private var format: Format
    private let keepsManagedFields: Bool
    private var printed = 0

    static let names = [
        "custom-columns", "custom-columns-file", "go-template", "go-template-file", "json", "jsonpath",
        "jsonpath-as-json", "jsonpath-file", "name", "template", "templatefile", "wide", "yaml",
    ]

    /// Nil where `-o` asks for a table, or for nothing.
    init?(_ context: CommandContext) throws {
        let text = context.flags.string("output")
        let template = context.flags.string("template")
        guard !text.isEmpty || !template.isEmpty, text != "wide" else { return nil }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let argument = parts.count > 1 ? parts[1] : template
        let lenient =
            !context.flags.isSet("allow-missing-template-keys") || context.flags.bool("allow-missing-template-keys")
        func needed() throws -> String {
            guard !argument.isEmpty else { throw KubectlError("template format specified but no template given") }
            return argument
        }
        func file() throws -> String { String(decoding: try context.host.readFile(try needed()), as: UTF8.self) }
        switch parts.first ?? "" {
        case "yaml": format = .yaml
        case "json": format = .json
        case "name": format = .name
        case "jsonpath": format = .jsonpath(try JSONPath(try needed(), allowsMissingKeys: lenient))
        case "jsonpath-as-json": format = .jsonpathAsJSON(try JSONPath(try needed(), allowsMissingKeys: lenient))
        case "jsonpath-file": format = .jsonpath(try JSONPath(try file(), allowsMissingKeys: lenient))
        case "go-template", "template", "": format = .goTemplate(try GoTemplate(try needed()))
        case "go-template-file", "templatefile": format = .goTemplate(try GoTemplate(try file()))
        case "custom-columns":
            guard !argument.isEmpty else {
                throw KubectlError("custom-columns format specified but no custom columns given")
            }
            format = .columns(try CustomColumns(argument, headers: !context.flags.bool("no-headers")))
        case "custom-columns-file": format = .columns(try CustomColumns(template: try file()))
        default:
            throw KubectlError(
                "unable to match a printer suitable for the output format \"\(text)\", allowed formats are: "
                    + Self.names.joined(separator: ","))
        }
        keepsManagedFields = context.flags.bool("show-managed-fields")
    }

    var isName: Bool { if case .name = format { true } else { false } }

    /// - Parameter operation: what was done, which `-o name` alone leaves out.
    mutating func text(_ object: YAMLNode) throws -> String {
        let object = keepsManagedFields ? object : Self.withoutManagedFields(object)
        defer { printed += 1 }
        switch format {
        case .yaml: return (printed == 0 ? "" : "---\n") + YAML.text(object.sorted())
        case .json: return JSONText.indented(object) + "\n"
        case .name: return NamePrinter.text(object)
        case .jsonpath(let path): return try path.text(object)
        case .jsonpathAsJSON(let path):
            return JSONText.indented(YAMLNode(.list(try path.results(object).flatMap { $0 }))) + "\n"
        case .goTemplate(let template): return try template.text(object)
        case .columns(var columns):
            defer { format = .columns(columns) }
            return try columns.text(object)
        }
    }

    private static func withoutManagedFields(_ object: YAMLNode) -> YAMLNode {
        var copy = object
        if let items = object["items"]?.list, object["kind"]?.string?.hasSuffix("List") == true {
            copy["items"] = YAMLNode(.list(items.map(withoutManagedFields)))
        } else if object.at("metadata", "managedFields") != nil {
            copy = object.setting(["metadata", "managedFields"], nil)
        }
        return copy
    }
}

extension CommandContext {
    /// Says what was done to an object: a line such as `pod/web created`, or the object in the format of `-o`.
    func report(_ object: YAMLNode, _ operation: String, _ printer: inout ObjectPrinter?) throws {
        if printer != nil, let text = try printer?.text(object) {
            out(text)
        } else {
            out(NamePrinter.text(object, operation: operation + dryRunSuffix))
        }
    }
}
