import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl history`: what became of one object, who did it and when. A Martinet server's alone.
struct HistoryCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    /// More of them would push everything else off the screen; `-o wide` has all.
    private static let fieldsShown = 4

    func run() async throws {
        let printer = try ObjectPrinter(context)
        let target = try await context.oneTarget()
        let history = try await ObjectHistory(context, target)
        if var printer { return context.out(try printer.text(history.list)) }
        var writer = TabWriter()
        if !context.flags.bool("no-headers") { writer.line(["WHEN", "REVISION", "CHANGE", "BY", "FIELDS"]) }
        let shown = context.flags.string("output") == "wide" ? Int.max : Self.fieldsShown
        for version in history.versions {
            var fields = version.fields.prefix(shown).joined(separator: ",")
            if version.fields.count > shown { fields += " + \(version.fields.count - shown) more" }
            writer.line([
                Timestamp(rfc3339: version.time)?.rfc3339 ?? "<unknown>", version.revision.map(String.init) ?? "",
                version.change, version.by.isEmpty ? "<none>" : version.by, fields.isEmpty ? "<none>" : fields,
            ])
        }
        context.out(writer.flush())
    }
}

extension CommandContext {
    /// The one object that the words of the command line name.
    func oneTarget() async throws -> Target {
        let targets = try await targets(of: arguments)
        guard targets.count == 1, targets[0].name != nil else {
            throw KubectlError("one object is expected, as TYPE NAME or TYPE/NAME")
        }
        return targets[0]
    }
}
