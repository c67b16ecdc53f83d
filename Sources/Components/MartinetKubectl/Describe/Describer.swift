import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// What is common to the descriptions of all kinds.
struct Describer {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func text(_ object: YAMLNode, _ resource: ResourceInfo) async throws -> String {
        var writer = DescribeWriter()
        switch (resource.group, resource.kind) {
        case ("", "Pod"): PodDescriber(context).describe(object, &writer)
        case ("", "Node"): try await NodeDescriber(context).describe(object, &writer)
        case ("", "Service"): try await ServiceDescriber(context).describe(object, &writer)
        case ("apps", "Deployment"): try await WorkloadDescriber(context).deployment(object, &writer)
        case ("apps", "ReplicaSet"): try await WorkloadDescriber(context).replicaSet(object, &writer)
        case ("", "ConfigMap"): configMap(object, &writer)
        case ("", "Secret"): secret(object, &writer)
        case ("", "Namespace"): try await namespace(object, &writer)
        case ("", "ServiceAccount"): try await account(object, &writer)
        default: GenericDescriber().describe(object, &writer)
        }
        if context.flags.bool("show-events"), resource.kind != "Secret", resource.kind != "Namespace",
            resource.kind != "Event"
        {
            try await events(of: object, resource, &writer)
        }
        return writer.text()
    }

    // MARK: Pieces

    func head(_ object: YAMLNode, _ writer: inout DescribeWriter, namespaced: Bool = true) {
        writer.line(0, "Name:", object.metaName)
        if namespaced { writer.line(0, "Namespace:", object.metaNamespace) }
    }

    func pairs(_ title: String, _ entries: [YAMLNode.Entry], _ writer: inout DescribeWriter, level: Int = 0) {
        let shown = entries.filter { $0.key != LastApplied.key }.sorted { $0.key < $1.key }
        guard !shown.isEmpty else { return writer.line(level, "\(title):", "<none>") }
        for (index, entry) in shown.enumerated() {
            let separator = title == "Annotations" ? ": " : "="
            writer.add(
                level, [index == 0 ? "\(title):" : "", "\(entry.key)\(separator)\(entry.node.scalarText ?? "")"])
        }
    }

    static func selector(_ entries: [YAMLNode.Entry]) -> String {
        entries.isEmpty
            ? "<none>"
            : entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.node.scalarText ?? "")" }.joined(separator: ",")
    }

    static func labelSelector(_ node: YAMLNode?) -> String {
        var terms = (node?.entries("matchLabels") ?? []).sorted { $0.key < $1.key }.map {
            "\($0.key)=\($0.node.scalarText ?? "")"
        }
        for expression in node?.items("matchExpressions") ?? [] {
            let (key, values) = (
                expression.text("key"), expression.items("values").compactMap(\.string).joined(separator: ",")
            )
            switch expression.text("operator") {
            case "In": terms.append("\(key) in (\(values))")
            case "NotIn": terms.append("\(key) notin (\(values))")
            case "Exists": terms.append(key)
            default: terms.append("!\(key)")
            }
        }
        return terms.isEmpty ? "<none>" : terms.joined(separator: ",")
    }

    /// `Mon, 02 Jan 2006 15:04:05 +0000`, as Go's RFC1123Z.
    static func time(_ text: String) -> String {
        guard let time = Timestamp(rfc3339: text) else { return text.isEmpty ? "<unset>" : text }
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let seconds = time.seconds
        var day = seconds / 86400
        if seconds % 86400 < 0 { day -= 1 }
        let parts = time.rfc3339.split(whereSeparator: { $0 == "-" || $0 == "T" || $0 == "Z" }).map(String.init)
        guard parts.count >= 4, let month = Int(parts[1]), (1...12).contains(month) else { return text }
        let weekday = days[Int(((day % 7) + 7) % 7)]
        return "\(weekday), \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) +0000"
    }

    func conditions(_ object: YAMLNode, _ writer: inout DescribeWriter) {
        let conditions = object.items("status", "conditions")
        guard !conditions.isEmpty else { return }
        writer.line(0, "Conditions:")
        writer.line(1, "Type", "Status", "Reason")
        writer.line(1, "----", "------", "------")
        for condition in conditions {
            writer.add(1, [condition.text("type"), condition.text("status"), condition.text("reason")])
        }
    }

    // MARK: Events

    private func events(of object: YAMLNode, _ resource: ResourceInfo, _ writer: inout DescribeWriter) async throws {
        let events = try await context.discovery.resource("events")
        let isNode = resource.kind == "Node"
        var fields = "involvedObject.name=\(object.metaName)"
        if resource.isNamespaced { fields += ",involvedObject.namespace=\(object.metaNamespace)" }
        // A node's agent knows the node by its name alone.
        if !isNode { fields += ",involvedObject.uid=\(object.text("metadata", "uid"))" }
        let found: [YAMLNode]
        do {
            found = try await context.list(events, resource.isNamespaced ? object.metaNamespace : nil, fields: fields)
        } catch let error as StatusError {
            return writer.line(0, "Events:", "<unknown: \(error.message)>")
        }
        let now = context.runtime.now()
        let mine = found.filter { $0.text("involvedObject", "kind") == resource.kind }
        guard !mine.isEmpty else { return writer.line(0, "Events:", "<none>") }
        writer.line(0, "Events:")
        writer.line(1, "Type", "Reason", "Age", "From", "Message")
        writer.line(1, "----", "------", "----", "----", "-------")
        for event in mine.sorted(by: { EventsCommand.lastSeen($0) < EventsCommand.lastSeen($1) }) {
            let source = event.text("source", "component")
            writer.add(
                1,
                [
                    event.text("type"), event.text("reason"), EventsCommand.age(event, now),
                    source.isEmpty ? event.text("reportingComponent") : source, event.text("message").trimmed,
                ])
        }
    }

    // MARK: Small kinds

    private func configMap(_ object: YAMLNode, _ writer: inout DescribeWriter) {
        head(object, &writer)
        pairs("Labels", object.entries("metadata", "labels"), &writer)
        pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        var text = "\nData\n====\n"
        for entry in object.entries("data").sorted(by: { $0.key < $1.key }) {
            text += "\(entry.key):\n----\n\(entry.node.scalarText ?? "")\n\n"
        }
        text += "\nBinaryData\n====\n"
        for entry in object.entries("binaryData").sorted(by: { $0.key < $1.key }) {
            text += "\(entry.key): \(Self.size(entry.node.string ?? "")) bytes\n"
        }
        writer.raw(text + "\n")
    }

    private func secret(_ object: YAMLNode, _ writer: inout DescribeWriter) {
        head(object, &writer)
        pairs("Labels", object.entries("metadata", "labels"), &writer)
        pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        writer.line(0, "")
        writer.line(0, "Type:", object.text("type"))
        var text = "\nData\n====\n"
        var lines = TabWriter(minimum: 0, padding: 2)
        for entry in object.entries("data").sorted(by: { $0.key < $1.key }) {
            lines.line(["\(entry.key):", "\(Self.size(entry.node.string ?? "")) bytes"])
        }
        text += lines.flush()
        writer.raw(text)
    }

    /// How many bytes a base64 text stands for.
    static func size(_ text: String) -> Int {
        let count = text.utf8.filter { $0 != 10 && $0 != 13 && $0 != 61 }.count
        return count * 3 / 4
    }

    private func namespace(_ object: YAMLNode, _ writer: inout DescribeWriter) async throws {
        head(object, &writer, namespaced: false)
        pairs("Labels", object.entries("metadata", "labels"), &writer)
        pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        writer.line(0, "Status:", object.text("status", "phase"))
        conditions(object, &writer)
        for (word, title, none) in [
            ("resourcequotas", "Resource Quotas", "No resource quota."),
            ("limitranges", "Resource Limits", "No LimitRange resource."),
        ] {
            let found: [YAMLNode]
            do {
                found = try await context.list(try await context.discovery.resource(word), object.metaName)
            } catch let error as StatusError where error.isNotFound {
                continue
            }
            guard !found.isEmpty else {
                writer.raw("\n\(none)\n")
                continue
            }
            writer.raw("\n\(title)\n" + found.map { "  Name:  \($0.metaName)\n" }.joined())
        }
    }

    private func account(_ object: YAMLNode, _ writer: inout DescribeWriter) async throws {
        head(object, &writer)
        pairs("Labels", object.entries("metadata", "labels"), &writer)
        pairs("Annotations", object.entries("metadata", "annotations"), &writer)
        func list(_ title: String, _ names: [String]) {
            guard !names.isEmpty else { return writer.line(0, title, "<none>") }
            for (index, name) in names.enumerated() { writer.add(0, [index == 0 ? title : "", name]) }
        }
        list("Image pull secrets:", object.items("imagePullSecrets").map { $0.text("name") })
        list("Mountable secrets:", object.items("secrets").map { $0.text("name") })
        let secrets = try await context.discovery.resource("secrets")
        let tokens =
            (try? await context.list(secrets, object.metaNamespace, fields: "type=kubernetes.io/service-account-token"))
            ?? []
        list(
            "Tokens:",
            tokens.filter {
                $0.at("metadata", "annotations", "kubernetes.io/service-account.name")?.string == object.metaName
            }
            .map(\.metaName))
    }
}
