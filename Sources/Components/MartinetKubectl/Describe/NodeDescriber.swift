import MartinetBase
import MartinetSchema
import MartinetYAML

/// Nodes, with what their pods ask for.
struct NodeDescriber {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func describe(_ node: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let common = Describer(context)
        common.head(node, &writer, namespaced: false)
        let prefix = "node-role.kubernetes.io/"
        let roles = node.entries("metadata", "labels").filter { $0.key.hasPrefix(prefix) }.map {
            String($0.key.dropFirst(prefix.count))
        }
        writer.line(0, "Roles:", roles.isEmpty ? "<none>" : roles.sorted().joined(separator: ","))
        common.pairs("Labels", node.entries("metadata", "labels"), &writer)
        common.pairs("Annotations", node.entries("metadata", "annotations"), &writer)
        writer.line(0, "CreationTimestamp:", Describer.time(node.text("metadata", "creationTimestamp")))
        let taints = node.items("spec", "taints").map { taint in
            let value = taint.text("value").isEmpty ? "" : "=\(taint.text("value"))"
            return "\(taint.text("key"))\(value):\(taint.text("effect"))"
        }.sorted()
        if taints.isEmpty { writer.line(0, "Taints:", "<none>") }
        for (index, taint) in taints.enumerated() { writer.line(0, index == 0 ? "Taints:" : "", taint) }
        writer.line(0, "Unschedulable:", String(node.at("spec", "unschedulable")?.bool ?? false))
        try await lease(node, &writer)
        conditions(node, &writer)
        writer.line(0, "Addresses:")
        for address in node.items("status", "addresses") {
            writer.line(1, "\(address.text("type")):", address.text("address"))
        }
        for (key, title) in [("capacity", "Capacity:"), ("allocatable", "Allocatable:")] {
            writer.line(0, title)
            for entry in node.entries("status", key).sorted(by: { $0.key < $1.key }) {
                writer.line(1, "\(entry.key):", entry.node.scalarText ?? "")
            }
        }
        writer.line(0, "System Info:")
        let info: [(String, String)] = [
            ("machineID", "Machine ID"), ("systemUUID", "System UUID"), ("bootID", "Boot ID"),
            ("kernelVersion", "Kernel Version"), ("osImage", "OS Image"), ("operatingSystem", "Operating System"),
            ("architecture", "Architecture"), ("containerRuntimeVersion", "Container Runtime Version"),
            ("kubeletVersion", "Kubelet Version"), ("kubeProxyVersion", "Kube-Proxy Version"),
        ]
        for (key, title) in info { writer.line(1, "\(title):", node.text("status", "nodeInfo", key)) }
        if !node.text("spec", "podCIDR").isEmpty { writer.line(0, "PodCIDR:", node.text("spec", "podCIDR")) }
        let ranges = node.items("spec", "podCIDRs").compactMap(\.string)
        if !ranges.isEmpty { writer.line(0, "PodCIDRs:", ranges.joined(separator: ",")) }
        if !node.text("spec", "providerID").isEmpty { writer.line(0, "ProviderID:", node.text("spec", "providerID")) }
        try await pods(node, &writer)
    }

    private func lease(_ node: YAMLNode, _ writer: inout DescribeWriter) async throws {
        writer.line(0, "Lease:")
        let lease: YAMLNode
        do {
            let leases = try await context.discovery.resource("leases.coordination.k8s.io")
            lease = try await context.get(leases, "kube-node-lease", node.metaName)
        } catch is StatusError, is KubectlError {
            return writer.line(1, "<unknown>")
        }
        writer.line(1, "HolderIdentity:", lease.text("spec", "holderIdentity"))
        writer.line(1, "AcquireTime:", Describer.time(lease.text("spec", "acquireTime")))
        writer.line(1, "RenewTime:", Describer.time(lease.text("spec", "renewTime")))
    }

    private func conditions(_ node: YAMLNode, _ writer: inout DescribeWriter) {
        guard !node.items("status", "conditions").isEmpty else { return }
        writer.line(0, "Conditions:")
        writer.line(1, "Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
        writer.line(1, "----", "------", "-----------------", "------------------", "------", "-------")
        for condition in node.items("status", "conditions") {
            writer.line(
                1, condition.text("type"), condition.text("status"),
                Describer.time(condition.text("lastHeartbeatTime")),
                Describer.time(condition.text("lastTransitionTime")), condition.text("reason"),
                condition.text("message"))
        }
    }

    private func pods(_ node: YAMLNode, _ writer: inout DescribeWriter) async throws {
        let resource = try await context.discovery.resource("pods")
        let all = try await context.list(
            resource, nil, fields: "spec.nodeName=\(node.metaName),status.phase!=Failed,status.phase!=Succeeded")
        let (cpu, memory) = (
            Quantity(node.text("status", "allocatable", "cpu")), Quantity(node.text("status", "allocatable", "memory"))
        )
        writer.line(0, "Non-terminated Pods:", "(\(all.count) in total)")
        writer.line(1, "Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age")
        writer.line(1, "---------", "----", "", "------------", "----------", "---------------", "-------------", "---")
        var totals: [String: Quantity] = [:]
        for pod in all {
            var cells: [String] = []
            for (resource, whole) in [("cpu", cpu), ("memory", memory)] {
                for kind in ["requests", "limits"] {
                    let sum = Quantities.sum(
                        pod.items("spec", "containers").map { $0.text("resources", kind, resource) })
                    cells.append(Self.share(sum, whole))
                    let key = "\(resource) \(kind)"
                    totals[key] = totals[key].map { $0.nanos == 0 ? sum : $0 + sum } ?? sum
                }
            }
            writer.add(
                1,
                [pod.metaNamespace, pod.metaName, ""] + cells
                    + [TableDecoder.age(pod.text("metadata", "creationTimestamp"), context.runtime.now())])
        }
        writer.line(0, "Allocated resources:")
        writer.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)")
        writer.line(1, "Resource", "Requests", "Limits")
        writer.line(1, "--------", "--------", "------")
        for (resource, whole) in [("cpu", cpu), ("memory", memory)] {
            writer.line(
                1, resource, Self.share(totals["\(resource) requests"] ?? Quantity(0), whole),
                Self.share(totals["\(resource) limits"] ?? Quantity(0), whole))
        }
    }

    private static func share(_ part: Quantity, _ whole: Quantity?) -> String {
        guard let whole, whole.nanos > 0 else { return "\(part) (0%)" }
        let percent = Double(part.nanos) / Double(whole.nanos) * 100
        return "\(part) (\(percent.isFinite && abs(percent) < 1e9 ? Int(percent) : 0)%)"
    }
}
