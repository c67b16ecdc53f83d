import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetPodLifecycle
import MartinetSchema

/// What there is to tell of this machine.
struct NodeFacts {
    let configuration: KubeletConfiguration

    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }

    private var capacity: StringMap {
        [
            "cpu": Quantity(HostMachine.processors).description, "memory": "\(HostMachine.memory / 1024)Ki",
            "ephemeral-storage": "\(NodeFacts.readings(configuration.dataFolder).diskCapacity / 1024)Ki",
            "pods": "\(configuration.podsMax)", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
        ]
    }

    /// What pods may have together.
    var allocatable: StringMap {
        var amounts = capacity
        amounts["memory"] = "\(max(0, HostMachine.memory - configuration.reservedMemory) / 1024)Ki"
        return amounts
    }

    func status(
        before: NodeStatus?, images: [(reference: ImageReference, target: MartinetImageSpec.Descriptor)],
        pressure: (isMemoryLow: Bool, isDiskLow: Bool), now: Timestamp
    ) -> NodeStatus {
        var status = before ?? NodeStatus()
        status.capacity = capacity
        status.allocatable = allocatable
        status.addresses = []
        for address in configuration.nodeAddresses {
            status.addresses.append(
                NodeAddress {
                    $0.type = "InternalIP"
                    $0.address = address
                })
        }
        status.addresses.append(
            NodeAddress {
                $0.type = "Hostname"
                $0.address = configuration.nodeName
            })
        status.daemonEndpoints.kubeletEndpoint.Port = configuration.port
        fillInfo(&status.nodeInfo)
        status.images = []
        for image in images.prefix(50) {
            status.images.append(
                ContainerImage {
                    $0.names = [image.reference.description]
                    $0.sizeBytes = image.target.size
                })
        }
        let (isShort, isFull) = pressure
        set(
            "MemoryPressure", isShort, "KubeletHasSufficientMemory", "KubeletHasInsufficientMemory",
            "kubelet has \(isShort ? "insufficient" : "sufficient") memory available", &status, now)
        set(
            "DiskPressure", isFull, "KubeletHasNoDiskPressure", "KubeletHasDiskPressure",
            "kubelet has \(isFull ? "" : "no ")disk pressure", &status, now)
        set(
            "PIDPressure", false, "KubeletHasSufficientPID", "KubeletHasInsufficientPID",
            "kubelet has sufficient PID available", &status, now)
        set("Ready", true, "KubeletNotReady", "KubeletReady", "kubelet is posting ready status", &status, now)
        return status
    }

    private func set(
        _ type: String, _ isTrue: Bool, _ falseReason: String, _ trueReason: String, _ message: String,
        _ status: inout NodeStatus, _ now: Timestamp
    ) {
        let before = status.conditions.first { $0.type == type }
        let value = isTrue ? "True" : "False"
        let condition = NodeCondition {
            $0.type = type
            $0.status = value
            $0.reason = isTrue ? trueReason : falseReason
            $0.message = message
            $0.lastHeartbeatTime = Timestamp(seconds: now.seconds)
            $0.lastTransitionTime =
                before?.status == value ? before?.lastTransitionTime : Timestamp(seconds: now.seconds)
        }
        if let index = status.conditions.firstIndex(where: { $0.type == type }) {
            status.conditions[index] = condition
        } else {
            status.conditions.append(condition)
        }
    }

    private func fillInfo(_ info: inout NodeSystemInfo) {
        let first = { (path: String) in ((try? Files.text(path)) ?? "").filter { !$0.isWhitespace } }
        info.machineID = first("/etc/machine-id")
        let system = first("/sys/class/dmi/id/product_uuid")
        info.systemUUID = system.isEmpty ? info.machineID : system
        info.bootID = first("/proc/sys/kernel/random/boot_id")
        info.kernelVersion = first("/proc/sys/kernel/osrelease")
        var name = "Linux"
        for line in ((try? Files.text("/etc/os-release")) ?? "").split(separator: "\n")
        where line.hasPrefix("PRETTY_NAME=") {
            name = line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }
        }
        info.osImage = name
        info.containerRuntimeVersion = "martinet://\(configuration.engineVersion)"
        info.kubeletVersion = configuration.version
        info.operatingSystem = "linux"
        info.architecture = NodeFacts.architecture
    }

    /// What there is left of memory, and of the disk that holds a folder.
    static func readings(_ path: String) -> NodeReadings {
        var readings = NodeReadings()
        readings.memoryAvailable = availableMemory
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return readings }
        let bytes = { (blocks: UInt64) in
            Int64(clamping: blocks.multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
        }
        readings.diskCapacity = bytes(UInt64(info.f_blocks))
        readings.diskAvailable = bytes(UInt64(info.f_bavail))
        readings.inodes = Int64(clamping: info.f_files)
        readings.inodesFree = Int64(clamping: info.f_favail)
        return readings
    }

    /// Bytes that could be had without swapping; see proc_meminfo(5).
    private static var availableMemory: Int64 {
        for line in ((try? Files.text("/proc/meminfo")) ?? "").split(separator: "\n")
        where line.hasPrefix("MemAvailable:") {
            return (Int64(line.filter(\.isNumber)) ?? 0).multipliedReportingOverflow(by: 1024).partialValue
        }
        return .max
    }
}
