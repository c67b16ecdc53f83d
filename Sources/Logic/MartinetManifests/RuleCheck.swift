import MartinetAPI
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import MartinetYAML

/// What the server's own rules say of a document, told at the place of the text that each fault is about.
///
/// The same strategies that judge on the server, so that nothing is refused here that would be accepted there. What only
/// the server can know (addresses that it gives out, what is stored already) is not asked.
enum RuleCheck {
    /// - Parameter told: where faults are known already; what is said there and below is not said twice.
    static func problems(_ node: YAMLNode, _ kind: Kind, file: String, told: [ManifestProblem]) -> [ManifestProblem] {
        // What came from a server is changed, not made: there the rules of changes hold.
        guard kind.verbs.contains("create"), node["metadata"]?["uid"] == nil,
            node["metadata"]?["resourceVersion"] == nil, let object = object(node, kind)
        else { return [] }
        var seen: Set<String> = []
        var problems: [(problem: ManifestProblem, isDerived: Bool)] = []
        for error in strategy(for: kind).validate(object) where error.reason != .internalError {
            let found = FieldPath.walk(FieldPath.steps(asWritten(error.field, kind, node)), node).entry(
                in: error.message)
            guard !isServers(found, kind), !isConsequence(error, found, of: told + problems.map(\.problem)),
                seen.insert(found.path).inserted
            else { continue }
            let problem = ManifestProblem(
                code(error.reason), file: file, mark: found.mark, path: found.path, message: message(error, found))
            problems.append((problem, isDerived: !found.isWhole && error.reason != .required))
        }
        // What a default made of something wrong is told only where nothing else is.
        let own = problems.filter { !$0.isDerived }
        return (own.isEmpty && told.isEmpty ? problems : own).map(\.problem)
    }

    private static func message(_ error: FieldError, _ found: FieldPath.Found) -> String {
        if error.reason == .required, !found.isWhole {
            return error.message == "must be set"
                ? "this field is required" : "this field is required: \(error.message)"
        }
        // Zero is not kept where it means the same as nothing; the text has it all the same.
        if let node = found.node, error.message.hasSuffix(", not nothing") {
            return error.message.dropLast("nothing".count) + ScalarCheck.shown(node)
        }
        if error.message.hasSuffix(", not nothing") { return String(error.message.dropLast(", not nothing".count)) }
        return error.message
    }

    /// Whether a fault is only what another one makes of the object.
    private static func isConsequence(
        _ error: FieldError, _ found: FieldPath.Found, of told: [ManifestProblem]
    ) -> Bool {
        told.contains { problem in
            if found.path.isAtOrBelow(problem.path) || problem.path.isAtOrBelow(found.path) { return true }
            switch problem.code {
            case .unknownField:
                // A field under another name seems to be missing.
                return error.reason == .required || !found.isWhole && found.parent == problem.path.parentPath
            case .missing:
                return error.reason == .required || error.message.contains(problem.path)
                    || !found.isWhole && found.parent == problem.path.parentPath
            default: return false
            }
        }
    }

    /// A fault's place as the document has it: upstream names some by other forms of the object.
    private static func asWritten(_ field: String, _ kind: Kind, _ node: YAMLNode) -> String {
        switch kind.name {
        case "Ingress" where field.hasPrefix("annotations."):
            return "metadata.annotations[\(field.dropFirst("annotations.".count))]"
        case "Secret" where field.hasPrefix("data["):
            let key = String(field.dropFirst("data[".count).dropLast())
            let isText = node["data"]?.entry(key) == nil && node["stringData"]?.entry(key) != nil
            return isText ? "stringData[\(key)]" : field
        case "Service" where field == "spec.clusterIPs[0]":
            return node["spec"]?.entry("clusterIPs") == nil ? "spec.clusterIP" : field
        case "CustomResourceDefinition": return inVersions(field)
        default: return field
        }
    }

    /// What versions share, in the first of them.
    private static func inVersions(_ field: String) -> String {
        let names = [
            ("spec.validation", "spec.versions[0].schema"), ("spec.subresources", "spec.versions[0].subresources"),
            ("spec.additionalPrinterColumns", "spec.versions[0].additionalPrinterColumns"),
            ("spec.selectableFields", "spec.versions[0].selectableFields"),
            ("spec.conversion.webhookClientConfig", "spec.conversion.webhook.clientConfig"),
            ("spec.conversion.conversionReviewVersions", "spec.conversion.webhook.conversionReviewVersions"),
        ]
        guard let (name, own) = names.first(where: { field.isAtOrBelow($0.0) }) else { return field }
        return own + field.dropFirst(name.count)
    }

    private static func strategy(for kind: Kind) -> any Strategy {
        kind.name == "CustomResourceDefinition"
            ? CustomResourceDefinitionStrategy.strategy(for: kind) : Strategies.strategy(for: kind)
    }

    /// The object as the server would have it before it judges; nil where it cannot be decoded.
    private static func object(_ node: YAMLNode, _ kind: Kind) -> Object? {
        let text = JSONEncoder.encode(value(node))
        guard var object = try? JSONDecoder.decode(text, as: kind.type).object else { return nil }
        if let slot = kind.type.field(named: "metadata")?.slot {
            var metadata = ObjectMeta()
            if case .object(let sent) = object[slot] { metadata = ObjectMeta(object: sent) }
            if metadata.name.isEmpty, !metadata.generateName.isEmpty { metadata.name = metadata.generateName + "xxxxx" }
            metadata.namespace = kind.isNamespaced ? (metadata.namespace.isEmpty ? "default" : metadata.namespace) : ""
            metadata.uid = "0"
            object[slot] = .object(metadata.object)
        }
        let strategy = strategy(for: kind)
        admit(&object)
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        strategy.prepareForCreate(&object)
        return object
    }

    /// What admission gives an object that does not say it.
    private static func admit(_ object: inout Object) {
        if object.type == Pod.type {
            var pod = Pod(object: object)
            if pod.spec.serviceAccountName.isEmpty { pod.spec.serviceAccountName = "default" }
            object = pod.object
        } else if object.type == Service.type {
            var service = Service(object: object)
            if service.spec.clusterIPs.isEmpty, !service.spec.clusterIP.isEmpty {
                service.spec.clusterIPs = [service.spec.clusterIP]
            }
            object = service.object
        }
    }

    /// What the server fills in: the status, and addresses, families and ports of services that do not say their own.
    private static func isServers(_ found: FieldPath.Found, _ kind: Kind) -> Bool {
        if found.path.isAtOrBelow("status") { return true }
        // Of the namespace, which is the command's.
        if kind.name == "Event", found.path.hasSuffix(".namespace") || found.path == "involvedObject" { return true }
        guard kind.name == "Service", kind.group.isEmpty, !found.isWhole else { return false }
        return ["spec.clusterIP", "spec.ipFamil", "spec.healthCheckNodePort"].contains { found.path.hasPrefix($0) }
            || found.path.hasSuffix(".targetPort")
    }

    private static func value(_ node: YAMLNode) -> Value {
        switch node.value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .uint(let number): .double(Double(number))
        case .double(let number): .double(number)
        case .string(let text): .string(text)
        case .list(let items): .list(items.map(value))
        case .map(let entries): .map(Map(unsorted: entries.map { .init(key: $0.key, value: value($0.node)) }))
        }
    }

    private static func code(_ reason: FieldError.Reason) -> ManifestProblem.Code {
        switch reason {
        case .required: .missing
        case .duplicate: .duplicate
        default: .badValue
        }
    }
}

extension String {
    func isAtOrBelow(_ other: String) -> Bool {
        guard !other.isEmpty, hasPrefix(other) else { return false }
        let rest = dropFirst(other.count)
        return rest.isEmpty || rest.first == "." || rest.first == "["
    }

    /// The path of what holds the thing at this path.
    var parentPath: String { lastIndex { $0 == "." || $0 == "[" }.map { String(self[..<$0]) } ?? "" }
}
