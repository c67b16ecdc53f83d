import MartinetBase
import MartinetYAML

/// Pods, and the templates of pods.
struct PodDescriber {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func describe(_ pod: YAMLNode, _ writer: inout DescribeWriter) {
        let common = Describer(context)
        common.head(pod, &writer)
        if let priority = pod.number("spec", "priority") { writer.line(0, "Priority:", String(priority)) }
        if !pod.text("spec", "priorityClassName").isEmpty {
            writer.line(0, "Priority Class Name:", pod.text("spec", "priorityClassName"))
        }
        if !pod.text("spec", "runtimeClassName").isEmpty {
            writer.line(0, "Runtime Class Name:", pod.text("spec", "runtimeClassName"))
        }
        if !pod.text("spec", "serviceAccountName").isEmpty {
            writer.line(0, "Service Account:", pod.text("spec", "serviceAccountName"))
        }
        let node = pod.text("spec", "nodeName")
        writer.line(0, "Node:", node.isEmpty ? "<none>" : "\(node)/\(pod.text("status", "hostIP"))")
        if !pod.text("status", "startTime").isEmpty {
            writer.line(0, "Start Time:", Describer.time(pod.text("status", "startTime")))
        }
        common.pairs("Labels", pod.entries("metadata", "labels"), &writer)
        common.pairs("Annotations", pod.entries("metadata", "annotations"), &writer)
        if !pod.text("metadata", "deletionTimestamp").isEmpty {
            writer.line(
                0, "Status:",
                "Terminating (lasts \(TableDecoder.age(pod.text("metadata", "deletionTimestamp"), context.runtime.now())))"
            )
            writer.line(0, "Termination Grace Period:", "\(pod.number("metadata", "deletionGracePeriodSeconds") ?? 0)s")
        } else {
            writer.line(0, "Status:", pod.text("status", "phase"))
        }
        for key in ["reason", "message"] where !pod.text("status", key).isEmpty {
            writer.line(0, key == "reason" ? "Reason:" : "Message:", pod.text("status", key))
        }
        writer.line(0, "IP:", pod.text("status", "podIP"))
        let ips = pod.items("status", "podIPs").map { $0.text("ip") }
        if ips.isEmpty { writer.line(0, "IPs:", "<none>") } else { writer.line(0, "IPs:") }
        for ip in ips { writer.line(1, "IP:", ip) }
        if let owner = pod.items("metadata", "ownerReferences").first(where: { $0["controller"]?.bool == true }) {
            writer.line(0, "Controlled By:", "\(owner.text("kind"))/\(owner.text("name"))")
        }
        containers(
            "Init Containers", pod.items("spec", "initContainers"), pod.items("status", "initContainerStatuses"),
            &writer)
        containers("Containers", pod.items("spec", "containers"), pod.items("status", "containerStatuses"), &writer)
        containers(
            "Ephemeral Containers", pod.items("spec", "ephemeralContainers"),
            pod.items("status", "ephemeralContainerStatuses"), &writer)
        if !pod.items("status", "conditions").isEmpty {
            writer.line(0, "Conditions:")
            writer.line(1, "Type", "Status")
            for condition in pod.items("status", "conditions") {
                writer.line(1, condition.text("type"), condition.text("status"))
            }
        }
        volumes(pod.items("spec", "volumes"), &writer)
        writer.line(0, "QoS Class:", pod.text("status", "qosClass"))
        placement(pod.at("spec"), &writer)
    }

    private func placement(_ spec: YAMLNode?, _ writer: inout DescribeWriter) {
        Describer(context).pairs("Node-Selectors", spec?.entries("nodeSelector") ?? [], &writer)
        let tolerations = (spec?.items("tolerations") ?? []).map(Self.toleration).sorted()
        if tolerations.isEmpty { writer.line(0, "Tolerations:", "<none>") }
        for (index, toleration) in tolerations.enumerated() {
            writer.line(0, index == 0 ? "Tolerations:" : "", toleration)
        }
    }

    static func toleration(_ node: YAMLNode) -> String {
        var text = node.text("key")
        if !node.text("value").isEmpty { text += "=\(node.text("value"))" }
        if !node.text("effect").isEmpty { text += ":\(node.text("effect"))" }
        if node.text("operator") == "Exists", node.text("value").isEmpty {
            text += node.text("key").isEmpty && node.text("effect").isEmpty ? "op=Exists" : " op=Exists"
        }
        if let seconds = node.number("tolerationSeconds") { text += " for \(seconds)s" }
        return text
    }

    /// The part of a description that pods and their templates share.
    func template(_ template: YAMLNode, _ writer: inout DescribeWriter) {
        let common = Describer(context)
        writer.line(0, "Pod Template:")
        common.pairs("Labels", template.entries("metadata", "labels"), &writer, level: 1)
        if !template.entries("metadata", "annotations").isEmpty {
            common.pairs("Annotations", template.entries("metadata", "annotations"), &writer, level: 1)
        }
        if !template.text("spec", "serviceAccountName").isEmpty {
            writer.line(1, "Service Account:", template.text("spec", "serviceAccountName"))
        }
        containers("Init Containers", template.items("spec", "initContainers"), [], &writer, level: 1)
        containers("Containers", template.items("spec", "containers"), [], &writer, level: 1)
        volumes(template.items("spec", "volumes"), &writer, level: 1)
        common.pairs("Node-Selectors", template.entries("spec", "nodeSelector"), &writer, level: 1)
        let tolerations = template.items("spec", "tolerations").map(Self.toleration).sorted()
        if tolerations.isEmpty { writer.line(1, "Tolerations:", "<none>") }
        for (index, toleration) in tolerations.enumerated() {
            writer.line(1, index == 0 ? "Tolerations:" : "", toleration)
        }
    }

    // MARK: Containers

    private func containers(
        _ title: String, _ containers: [YAMLNode], _ statuses: [YAMLNode], _ writer: inout DescribeWriter,
        level: Int = 0
    ) {
        guard !containers.isEmpty else { return }
        writer.line(level, "\(title):")
        for container in containers {
            let status = statuses.first { $0.text("name") == container.text("name") }
            // Upstream's templates have their names one blank further in than their heading, its fields where a pod has them.
            writer.add(0, [(level == 0 ? "  " : "   ") + "\(container.text("name")):"])
            self.container(container, status, &writer)
        }
    }

    private func container(_ container: YAMLNode, _ status: YAMLNode?, _ writer: inout DescribeWriter) {
        let inner = 2
        if let status {
            writer.line(inner, "Container ID:", status.text("containerID"))
        }
        writer.line(inner, "Image:", container.text("image"))
        if let status { writer.line(inner, "Image ID:", status.text("imageID")) }
        let ports = container.items("ports")
        func list(_ key: String) -> String {
            ports.map { "\($0.number(key) ?? 0)/\($0.text("protocol").isEmpty ? "TCP" : $0.text("protocol"))" }.joined(
                separator: ", ")
        }
        writer.line(inner, ports.count > 1 ? "Ports:" : "Port:", ports.isEmpty ? "<none>" : list("containerPort"))
        writer.line(inner, ports.count > 1 ? "Host Ports:" : "Host Port:", ports.isEmpty ? "<none>" : list("hostPort"))
        for (key, title) in [("command", "Command:"), ("args", "Args:")] {
            let words = container.items(key)
            if !words.isEmpty { writer.line(inner, title) }
            for word in words { writer.line(inner + 1, word.scalarText ?? "") }
        }
        if let status {
            state("State:", status.at("state"), &writer, inner)
            if status.at("lastState")?.map?.isEmpty == false {
                state("Last State:", status.at("lastState"), &writer, inner)
            }
            writer.line(inner, "Ready:", status["ready"]?.bool == true ? "True" : "False")
            writer.line(inner, "Restart Count:", String(status.number("restartCount") ?? 0))
        }
        for (key, title) in [("limits", "Limits:"), ("requests", "Requests:")] {
            let entries = container.entries("resources", key).sorted { $0.key < $1.key }
            if !entries.isEmpty { writer.line(inner, title) }
            for entry in entries { writer.line(inner + 1, "\(entry.key):", entry.node.scalarText ?? "") }
        }
        for (key, title) in [
            ("livenessProbe", "Liveness:"), ("readinessProbe", "Readiness:"), ("startupProbe", "Startup:"),
        ] {
            if let probe = container[key] { writer.line(inner, title, Self.probe(probe)) }
        }
        environment(container, &writer, inner)
        let mounts = container.items("volumeMounts").sorted { $0.text("mountPath") < $1.text("mountPath") }
        writer.add(inner, mounts.isEmpty ? ["Mounts:", "<none>"] : ["Mounts:"])
        for mount in mounts {
            var notes = mount["readOnly"]?.bool == true ? "ro" : "rw"
            if !mount.text("subPath").isEmpty { notes += ",path=\"\(mount.text("subPath"))\"" }
            writer.line(inner + 1, "\(mount.text("mountPath")) from \(mount.text("name")) (\(notes))")
        }
    }

    private func state(_ title: String, _ state: YAMLNode?, _ writer: inout DescribeWriter, _ level: Int) {
        if let running = state?["running"] {
            writer.line(level, title, "Running")
            writer.line(level + 1, "Started:", Describer.time(running.text("startedAt")))
        } else if let waiting = state?["waiting"] {
            writer.line(level, title, "Waiting")
            if !waiting.text("reason").isEmpty { writer.line(level + 1, "Reason:", waiting.text("reason")) }
        } else if let ended = state?["terminated"] {
            writer.line(level, title, "Terminated")
            if !ended.text("reason").isEmpty { writer.line(level + 1, "Reason:", ended.text("reason")) }
            if !ended.text("message").isEmpty { writer.line(level + 1, "Message:", ended.text("message")) }
            writer.line(level + 1, "Exit Code:", String(ended.number("exitCode") ?? 0))
            if let signal = ended.number("signal"), signal > 0 { writer.line(level + 1, "Signal:", String(signal)) }
            writer.line(level + 1, "Started:", Describer.time(ended.text("startedAt")))
            writer.line(level + 1, "Finished:", Describer.time(ended.text("finishedAt")))
        } else {
            writer.line(level, title, "Waiting")
        }
    }

    static func probe(_ probe: YAMLNode) -> String {
        let times =
            "delay=\(probe.number("initialDelaySeconds") ?? 0)s timeout=\(probe.number("timeoutSeconds") ?? 1)s "
            + "period=\(probe.number("periodSeconds") ?? 10)s #success=\(probe.number("successThreshold") ?? 1) "
            + "#failure=\(probe.number("failureThreshold") ?? 3)"
        if let exec = probe["exec"] {
            return "exec [\(exec.items("command").compactMap(\.scalarText).joined(separator: " "))] \(times)"
        }
        if let get = probe["httpGet"] {
            let scheme = get.text("scheme").isEmpty ? "http" : get.text("scheme").lowercased()
            return "http-get \(scheme)://\(get.text("host")):\(get.text("port"))\(get.text("path")) \(times)"
        }
        if let tcp = probe["tcpSocket"] { return "tcp-socket \(tcp.text("host")):\(tcp.text("port")) \(times)" }
        if let grpc = probe["grpc"] { return "grpc <pod>:\(grpc.text("port")) \(grpc.text("service")) \(times)" }
        return "unknown \(times)"
    }

    private func environment(_ container: YAMLNode, _ writer: inout DescribeWriter, _ level: Int) {
        let sources = container.items("envFrom")
        if !sources.isEmpty { writer.line(level, "Environment Variables from:") }
        for source in sources {
            for (key, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                guard let reference = source[key] else { continue }
                let prefix = source.text("prefix").isEmpty ? "" : " with prefix '\(source.text("prefix"))'"
                writer.line(
                    level + 1, reference.text("name"),
                    "\(kind)\(prefix)  Optional: \(reference["optional"]?.bool ?? false)")
            }
        }
        let variables = container.items("env")
        if variables.isEmpty {
            return writer.line(level, "Environment:", "<none>")
        }
        writer.line(level, "Environment:")
        for variable in variables {
            writer.line(level + 1, "\(variable.text("name")):", Self.source(of: variable))
        }
    }

    private static func source(of variable: YAMLNode) -> String {
        guard let from = variable["valueFrom"] else { return variable.text("value") }
        if let field = from["fieldRef"] {
            return " (\(field.text("apiVersion").isEmpty ? "v1" : field.text("apiVersion")):\(field.text("fieldPath")))"
        }
        if let resource = from["resourceFieldRef"] {
            return "\(resource.text("containerName")) (\(resource.text("resource")))"
        }
        for (key, kind) in [("secretKeyRef", "secret"), ("configMapKeyRef", "config map")] {
            guard let reference = from[key] else { continue }
            return "<set to the key '\(reference.text("key"))' of \(kind) '\(reference.text("name"))'>  "
                + "Optional: \(reference["optional"]?.bool ?? false)"
        }
        return "<unknown>"
    }

    // MARK: Volumes

    private static let volumeTitles: [(key: String, title: String)] = [
        ("hostPath", "HostPath (bare host directory volume)"),
        ("emptyDir", "EmptyDir (a temporary directory that shares a pod's lifetime)"),
        ("secret", "Secret (a volume populated by a Secret)"),
        ("configMap", "ConfigMap (a volume populated by a ConfigMap)"),
        (
            "persistentVolumeClaim",
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)"
        ),
        ("projected", "Projected (a volume that contains injected data from multiple sources)"),
        ("downwardAPI", "DownwardAPI (a volume populated by information about the pod)"),
        ("nfs", "NFS (an NFS mount that lasts the lifetime of a pod)"),
    ]

    private func volumes(_ volumes: [YAMLNode], _ writer: inout DescribeWriter, level: Int = 0) {
        guard !volumes.isEmpty else {
            return writer.line(level, "Volumes:", "<none>")
        }
        writer.line(level, "Volumes:")
        for volume in volumes {
            writer.add(0, [(level == 0 ? "  " : "   ") + "\(volume.text("name")):"])
            let known = Self.volumeTitles.first { volume[$0.key] != nil }
            guard let known, let source = volume[known.key] else {
                writer.line(2, "Type:", volume.map?.first { $0.key != "name" }?.key ?? "<unknown>")
                continue
            }
            writer.line(2, "Type:", known.title)
            details(known.key, source, &writer, 2)
        }
    }

    private func details(_ key: String, _ source: YAMLNode, _ writer: inout DescribeWriter, _ level: Int) {
        switch key {
        case "hostPath":
            writer.line(level, "Path:", source.text("path"))
            writer.line(level, "HostPathType:", source.text("type"))
        case "emptyDir":
            writer.line(level, "Medium:", source.text("medium"))
            writer.line(level, "SizeLimit:", source.text("sizeLimit").isEmpty ? "<unset>" : source.text("sizeLimit"))
        case "secret":
            writer.line(level, "SecretName:", source.text("secretName"))
            writer.line(level, "Optional:", String(source["optional"]?.bool ?? false))
        case "configMap":
            writer.line(level, "Name:", source.text("name"))
            writer.line(level, "Optional:", String(source["optional"]?.bool ?? false))
        case "persistentVolumeClaim":
            writer.line(level, "ClaimName:", source.text("claimName"))
            writer.line(level, "ReadOnly:", String(source["readOnly"]?.bool ?? false))
        case "nfs":
            writer.line(level, "Server:", source.text("server"))
            writer.line(level, "Path:", source.text("path"))
            writer.line(level, "ReadOnly:", String(source["readOnly"]?.bool ?? false))
        case "projected":
            for part in source.items("sources") {
                if let token = part["serviceAccountToken"] {
                    writer.line(level, "TokenExpirationSeconds:", String(token.number("expirationSeconds") ?? 3600))
                }
                if let map = part["configMap"] {
                    writer.line(level, "ConfigMapName:", map.text("name"))
                    writer.line(level, "ConfigMapOptional:", map["optional"]?.scalarText ?? "<nil>")
                }
                if let secret = part["secret"] {
                    writer.line(level, "SecretName:", secret.text("name"))
                    writer.line(level, "SecretOptionalName:", secret["optional"]?.scalarText ?? "<nil>")
                }
                if part["downwardAPI"] != nil { writer.line(level, "DownwardAPI:", "true") }
            }
        default: break
        }
    }
}
