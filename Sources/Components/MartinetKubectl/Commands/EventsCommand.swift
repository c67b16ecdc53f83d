import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl events`.
struct EventsCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        if context.flags.bool("watch") {
            throw KubectlError("events --watch is not there yet in this kubectl: use get events --watch")
        }
        let resource = try await context.discovery.resource("events")
        var fields = ""
        let subject = context.flags.string("for")
        if !subject.isEmpty {
            guard let target = try await context.targets(of: [subject]).first, let name = target.name else {
                throw KubectlError("--for must be in resource/name form")
            }
            fields = "involvedObject.kind=\(target.resource.kind),involvedObject.name=\(name)"
        }
        let types = Set(context.flags.strings("types").map { $0.lowercased() })
        let found = try await context.list(resource, context.allNamespaces ? nil : context.namespace, fields: fields)
            .filter { types.isEmpty || types.contains($0.text("type").lowercased()) }
            .sorted { Self.lastSeen($0) < Self.lastSeen($1) }
        if var printer = try ObjectPrinter(context) {
            return context.out(
                try printer.text(
                    .map(["apiVersion": "v1", "items": YAMLNode(.list(found)), "kind": "List", "metadata": .map([:])])))
        }
        guard !found.isEmpty else {
            return context.say(
                context.allNamespaces ? "No events found." : "No events found in \(context.namespace) namespace.")
        }
        let now = context.runtime.now()
        var writer = TabWriter()
        let head = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
        if !context.flags.bool("no-headers") { writer.line(context.allNamespaces ? ["NAMESPACE"] + head : head) }
        for event in found {
            let cells = [
                Self.age(event, now), event.text("type"), event.text("reason"),
                "\(event.text("involvedObject", "kind"))/\(event.text("involvedObject", "name"))",
                event.text("message").trimmed,
            ]
            writer.line(context.allNamespaces ? [event.metaNamespace] + cells : cells)
        }
        context.out(writer.flush())
    }

    static func lastSeen(_ event: YAMLNode) -> Timestamp {
        let texts = [
            event.text("series", "lastObservedTime"), event.text("lastTimestamp"), event.text("eventTime"),
            event.text("metadata", "creationTimestamp"),
        ]
        return texts.lazy.compactMap { Timestamp(rfc3339: $0) }.first ?? Timestamp(seconds: 0)
    }

    /// `5s`, or `5s (x3 over 2m)`.
    static func age(_ event: YAMLNode, _ now: Timestamp) -> String {
        let age = HumanDuration.text(now.duration(since: lastSeen(event)))
        let count = event.number("series", "count") ?? event.number("count") ?? 1
        guard count > 1 else { return age }
        let first = event.text("firstTimestamp").isEmpty ? event.text("eventTime") : event.text("firstTimestamp")
        return "\(age) (x\(count) over \(TableDecoder.age(first, now)))"
    }
}
