import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// `kubectl api-resources` and `kubectl api-versions`.
struct APIResourcesCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func resources() async throws {
        let flags = context.flags
        let verbs = Set(flags.strings("verbs"))
        let categories = Set(flags.strings("categories"))
        var seen: Set<String> = []
        var found = try await context.discovery.all().filter { info in
            !info.plural.contains("/") && verbs.isSubset(of: info.verbs) && categories.isSubset(of: info.categories)
                && (!flags.isSet("api-group") || info.group == flags.string("api-group"))
                && (!flags.isSet("namespaced") || info.isNamespaced == flags.bool("namespaced"))
                && seen.insert(info.fullName).inserted
        }
        switch flags.string("sort-by") {
        case "name": found.sort { ($0.plural, $0.group) < ($1.plural, $1.group) }
        case "kind": found.sort { ($0.kind, $0.group) < ($1.kind, $1.group) }
        default: found.sort { ($0.group, $0.plural) < ($1.group, $1.plural) }
        }
        let format = flags.string("output")
        guard format != "name" else {
            for info in found { context.out("\(info.fullName)\n") }
            return try complain()
        }
        guard format.isEmpty || format == "wide" else { throw KubectlError("--output \(format) is not available") }
        var writer = TabWriter()
        var head = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
        if format == "wide" { head += ["VERBS", "CATEGORIES"] }
        if !flags.bool("no-headers") { writer.line(head) }
        for info in found {
            var cells = [
                info.plural, info.shortNames.joined(separator: ","), info.apiVersion, String(info.isNamespaced),
                info.kind,
            ]
            if format == "wide" {
                cells += [info.verbs.joined(separator: ","), info.categories.joined(separator: ",")]
            }
            writer.line(cells)
        }
        context.out(writer.flush())
        try complain()
    }

    private func complain() throws {
        guard !context.discovery.broken.isEmpty else { return }
        throw KubectlError(
            "unable to retrieve the complete list of server APIs: \(context.discovery.broken.joined(separator: ", "))")
    }

    func versions() async throws {
        let core = try await context.json(SessionRequest("GET", "/api"))
        let groups = try await context.json(SessionRequest("GET", "/apis"))
        let versions =
            core.items("versions").compactMap(\.string)
            + groups.items("groups").flatMap { $0.items("versions").map { $0.text("groupVersion") } }
        for version in versions.sorted() { context.out("\(version)\n") }
    }
}
