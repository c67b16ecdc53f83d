import MartinetAPI
import MartinetOCI
import MartinetPodLifecycle
import MartinetSchema

/// What requests and limits are to the kernel. Source: the kubelet's documented conversions, and cpu(7) bandwidth.
enum ResourceLimits {
    /// Microseconds.
    static let period: UInt64 = 100_000

    static func shares(milliCPU: Int64) -> UInt64 {
        guard milliCPU > 0 else { return 2 }
        return UInt64(max(2, min(262_144, milliCPU.multipliedReportingOverflow(by: 1024).partialValue / 1000)))
    }

    /// At least a hundredth of a processor, which is the least that the kernel takes.
    static func quota(milliCPU: Int64) -> Int64 {
        max(1000, milliCPU.multipliedReportingOverflow(by: 100).partialValue)
    }

    static func container(_ container: Container) -> OCIResources {
        let limits = container.resources.limits
        let requests = container.resources.requests
        let limitCPU = limits["cpu"].flatMap { Quantity($0) }?.milliValue
        // What is limited and not asked for is asked for up to its limit.
        let request = requests["cpu"].flatMap { Quantity($0) }?.milliValue ?? limitCPU ?? 0
        var resources = OCIResources(cpu: OCICPU(shares: shares(milliCPU: request)))
        if let limitCPU, limitCPU > 0 {
            resources.cpu?.quota = quota(milliCPU: limitCPU)
            resources.cpu?.period = period
        }
        if let memory = limits["memory"].flatMap({ Quantity($0) })?.value, memory > 0 {
            resources.memory = OCIMemory(limit: memory)
        }
        return resources
    }

    /// The pod's own cgroup: the sum of what its containers ask for, and of their limits where each has one.
    static func pod(_ spec: PodSpec) -> OCIResources {
        let all = Array(spec.containers)
        let initial = Array(spec.initContainers)
        func sum(_ name: String, limit: Bool) -> Int64? {
            var total: Int64 = 0
            func amount(_ container: Container) -> Int64? {
                let found = container.resources
                let text = limit ? found.limits[name] : found.requests[name] ?? found.limits[name]
                return text.flatMap { Quantity($0) }.map { name == "cpu" ? $0.milliValue : $0.value }
            }
            for container in all + initial.filter({ $0.restartPolicy == "Always" }) {
                guard let value = amount(container) ?? (limit ? nil : 0) else { return nil }
                total = total.addingReportingOverflow(value).partialValue
            }
            for container in initial where container.restartPolicy != "Always" {
                guard let value = amount(container) ?? (limit ? nil : 0) else { return nil }
                total = max(total, value)
            }
            return total
        }
        var resources = OCIResources(cpu: OCICPU(shares: shares(milliCPU: sum("cpu", limit: false) ?? 0)))
        if let limit = sum("cpu", limit: true), limit > 0 {
            resources.cpu?.quota = quota(milliCPU: limit)
            resources.cpu?.period = period
        }
        if let limit = sum("memory", limit: true), limit > 0 { resources.memory = OCIMemory(limit: limit) }
        return resources
    }

    /// How readily the kernel kills it when memory runs out (KEP-127's table of the kubelet).
    static func oomScore(_ container: Container, _ quality: QOSClass, capacity: Int64) -> Int {
        switch quality {
        case .guaranteed: return -997
        case .bestEffort: return 1000
        case .burstable:
            let request = container.resources.requests["memory"].flatMap { Quantity($0) }?.value ?? 0
            guard capacity > 0, request > 0 else { return 999 }
            let share = Int(clamping: (Int128(request) * 1000) / Int128(capacity))
            return max(3, min(999, 1000 - share))
        }
    }

    static func cgroup(of pod: Pod, parent: String) -> String {
        switch QOSClass(of: pod.spec) {
        case .guaranteed: "\(parent)/pod\(pod.metadata.uid)"
        case .burstable: "\(parent)/burstable/pod\(pod.metadata.uid)"
        case .bestEffort: "\(parent)/besteffort/pod\(pod.metadata.uid)"
        }
    }
}
