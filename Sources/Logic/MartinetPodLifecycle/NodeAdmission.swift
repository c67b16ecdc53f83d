package import MartinetAPI
package import MartinetScheduling
import MartinetSchema

/// Whether a pod that is bound to this node finds room on it. The scheduler has looked before; a pod that names its node
/// itself, or was bound while another was, has not been looked at.
package struct NodeAdmission: Sendable {
    package struct Refusal: Hashable, Sendable {
        package let reason: String
        package let message: String
        package init(reason: String, message: String) {
            self.reason = reason
            self.message = message
        }
    }

    /// What the node has for pods.
    package let allocatable: ResourceVector
    package let isMemoryLow: Bool
    package let isDiskLow: Bool

    package init(allocatable: ResourceVector, isMemoryLow: Bool = false, isDiskLow: Bool = false) {
        self.allocatable = allocatable
        self.isMemoryLow = isMemoryLow
        self.isDiskLow = isDiskLow
    }

    /// Static pods, their mirrors, and priorities from the system's own classes up.
    package static func isCritical(_ pod: Pod) -> Bool {
        let annotations = pod.metadata.annotations
        if let source = annotations["kubernetes.io/config.source"], source != "api" { return true }
        return annotations["kubernetes.io/config.mirror"] != nil || (pod.spec.priority ?? 0) >= 2_000_000_000
    }

    /// nil where it fits beside the others. The order and the words are the kubelet's (`lifecycle/predicate.go`).
    package func refusal(of pod: Pod, beside others: [Pod]) -> Refusal? {
        if let refusal = pressureRefusal(of: pod) ?? NodeAdmission.sysctlRefusal(of: pod) { return refusal }
        let wanted = ResourceVector.requests(of: pod)
        let used = others.reduce(ResourceVector()) { $0 + ResourceVector.requests(of: $1) }
        for name in ["pods", "cpu", "memory", "ephemeral-storage"] where wanted[name] > 0 {
            let (left, overflow) = allocatable[name].subtractingReportingOverflow(used[name])
            guard overflow || wanted[name] > left else { continue }
            return NodeAdmission.rejected(
                "OutOf\(name)",
                "Node didn't have enough resource: \(name), requested: \(wanted[name]), used: \(used[name]), "
                    + "capacity: \(allocatable[name])")
        }
        let taken = others.flatMap(NodeAdmission.ports)
        guard !NodeAdmission.ports(of: pod).contains(where: { port in taken.contains { $0.collides(with: port) } })
        else {
            return NodeAdmission.rejected(
                "NodePorts",
                "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
        }
        return nil
    }

    private func pressureRefusal(of pod: Pod) -> Refusal? {
        guard isMemoryLow || isDiskLow, !NodeAdmission.isCritical(pod) else { return nil }
        if !isDiskLow {
            if QOSClass(of: pod.spec) != .bestEffort { return nil }
            let key = "node.kubernetes.io/memory-pressure"
            let isTolerated = pod.spec.tolerations.contains { toleration in
                ["", "NoSchedule"].contains(toleration.effect)
                    && (toleration.key == key || toleration.key.isEmpty && toleration.operator == "Exists")
            }
            if isTolerated { return nil }
        }
        let conditions = (isMemoryLow ? ["MemoryPressure"] : []) + (isDiskLow ? ["DiskPressure"] : [])
        return NodeAdmission.rejected("Evicted", "The node had condition: [\(conditions.joined(separator: " "))]. ")
    }

    /// Settings of a namespace of the pod's own, which cannot harm others.
    package static let safeSysctls: Set<String> = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]

    package static func sysctlRefusal(of pod: Pod) -> Refusal? {
        for sysctl in pod.spec.securityContext?.sysctls ?? [] {
            // The older way of writing them has slashes.
            let name =
                sysctl.name.contains("/") ? sysctl.name.split(separator: "/").joined(separator: ".") : sysctl.name
            let isOfHost =
                name.hasPrefix("net.") && pod.spec.hostNetwork || name.hasPrefix("kernel.shm") && pod.spec.hostIPC
            if isOfHost {
                let part = name.hasPrefix("net.") ? "net" : "ipc"
                return NodeAdmission.rejected(
                    "SysctlForbidden",
                    "forbidden sysctl: \(name.debugDescription) not allowed with host \(part) enabled")
            }
            guard NodeAdmission.safeSysctls.contains(name) else {
                return NodeAdmission.rejected(
                    "SysctlForbidden", "forbidden sysctl: \(name.debugDescription) not allowlisted")
            }
        }
        return nil
    }

    private static func rejected(_ reason: String, _ message: String) -> Refusal {
        Refusal(reason: reason, message: "Pod was rejected: " + message)
    }

    private struct HostPort {
        let number: Int32
        let scheme: String
        let address: String

        func collides(with other: HostPort) -> Bool {
            number == other.number && scheme == other.scheme
                && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
        }
    }

    private static func ports(of pod: Pod) -> [HostPort] {
        let sidecars = pod.spec.initContainers.filter { $0.restartPolicy == "Always" }
        return (Array(pod.spec.containers) + sidecars).flatMap { Array($0.ports) }.filter { $0.hostPort > 0 }.map {
            HostPort(
                number: $0.hostPort, scheme: $0.protocol.isEmpty ? "TCP" : $0.protocol,
                address: $0.hostIP.isEmpty ? "0.0.0.0" : $0.hostIP)
        }
    }
}
