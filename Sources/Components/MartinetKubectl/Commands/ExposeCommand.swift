import MartinetCommandLine
import MartinetYAML

/// `kubectl expose`: a Service in front of what an object selects.
struct ExposeCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    private var flags: FlagValues { context.flags }

    func run() async throws {
        var printer = try ObjectPrinter(context)
        for target in try await context.selected(context.arguments, requireSelection: true) {
            guard let object = target.object else { continue }
            var service = try service(object, target)
            service = service.setting(
                ["metadata", "namespace"], YAMLNode(.string(target.namespace ?? context.namespace)))
            let services = try await context.discovery.resource("services")
            var made = Target(services, namespace: target.namespace, name: service.metaName, object: service)
            if context.dryRun == .client, !context.isNamespaceGiven {
                made.object = service.setting(["metadata", "namespace"], nil)
            }
            do {
                if context.dryRun == .client {
                    try context.report(made.object ?? service, "exposed", &printer)
                } else {
                    let answer = try await context.create(services, made.namespace, service, manager: "kubectl-expose")
                    try context.report(answer, "exposed", &printer)
                }
            }
        }
    }

    private func service(_ object: YAMLNode, _ target: Target) throws -> YAMLNode {
        let name = flags.string("name").isEmpty ? object.metaName : flags.string("name")
        var spec: YAMLNode = .map([
            "ports": YAMLNode(.list(try ports(object, target))), "selector": try selector(object, target),
        ])
        for (flag, key) in [
            ("type", "type"), ("cluster-ip", "clusterIP"), ("load-balancer-ip", "loadBalancerIP"),
            ("session-affinity", "sessionAffinity"),
        ] where !flags.string(flag).isEmpty {
            spec[key] = YAMLNode(.string(flags.string(flag)))
        }
        if !flags.string("external-ip").isEmpty { spec["externalIPs"] = .texts([flags.string("external-ip")]) }
        var metadata = Generators.metadata([("name", YAMLNode(.string(name)))])
        if !flags.string("labels").isEmpty {
            metadata["labels"] = .strings(try Generators.labels(flags.string("labels")))
        } else if let labels = object.at("metadata", "labels") {
            metadata["labels"] = labels
        }
        return .map([
            "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec,
            "status": .map(["loadBalancer": .map([:])]),
        ])
    }

    private func selector(_ object: YAMLNode, _ target: Target) throws -> YAMLNode {
        if !flags.string("selector").isEmpty { return .strings(try Generators.labels(flags.string("selector"))) }
        let found: YAMLNode?
        switch target.resource.kind {
        case "Pod": found = object.at("metadata", "labels")
        case "Service", "ReplicationController": found = object.at("spec", "selector")
        case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
            guard object.items("spec", "selector", "matchExpressions").isEmpty else {
                throw KubectlError("couldn't convert expressions of the selector of \(target.shown): give --selector")
            }
            found = object.at("spec", "selector", "matchLabels")
        default: throw KubectlError("cannot expose a \(target.resource.kind)")
        }
        guard let found, found.map?.isEmpty == false else {
            throw KubectlError(
                "couldn't retrieve selectors via --selector flag or introspection: \(target.shown) has none")
        }
        return found
    }

    private func ports(_ object: YAMLNode, _ target: Target) throws -> [YAMLNode] {
        var declared: [(port: Int64, kind: String)] = []
        let containers =
            target.resource.kind == "Pod"
            ? object.items("spec", "containers")
            : object.items("spec", "template", "spec", "containers")
        for container in containers {
            for port in container.items("ports") {
                guard let number = port.number("containerPort") else { continue }
                declared.append((number, port.text("protocol").isEmpty ? "TCP" : port.text("protocol")))
            }
        }
        if target.resource.kind == "Service" {
            declared = object.items("spec", "ports").compactMap { port in
                port.number("port").map { ($0, port.text("protocol")) }
            }
        }
        let given = flags.string("port").split(separator: ",").map(String.init)
        var numbers: [(port: Int64, kind: String)] = []
        for text in given {
            guard let number = Int64(text), (1...65535).contains(number) else {
                throw KubectlError("\"\(text)\" is no port: expected 1 to 65535")
            }
            numbers.append((number, declared.first { $0.port == number }?.kind ?? "TCP"))
        }
        if numbers.isEmpty { numbers = declared }
        guard !numbers.isEmpty else {
            throw KubectlError(
                "couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples")
        }
        let kind = flags.string("protocol")
        return numbers.enumerated().map { index, entry in
            var port: YAMLNode = .map([
                "port": YAMLNode(.int(entry.port)),
                "protocol": YAMLNode(.string(kind.isEmpty ? entry.kind : kind.uppercased())),
            ])
            if numbers.count > 1 { port["name"] = YAMLNode(.string("port-\(index + 1)")) }
            let to = flags.string("target-port")
            port["targetPort"] = to.isEmpty ? YAMLNode(.int(entry.port)) : Generators.intOrString(to)
            return port
        }
    }
}
