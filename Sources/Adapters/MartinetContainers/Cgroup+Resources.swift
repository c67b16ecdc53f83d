import MartinetBase
import MartinetStagePlan
package import MartinetOCI

extension Cgroup {
    /// Sets limits; what is nil stays as it is.
    ///
    /// Throws `OCIError` for what this machine or this runtime cannot limit, `SystemError` for what the kernel refuses.
    package func apply(_ resources: OCIResources) throws {
        try refuseUnsupported(resources)
        if layout.isUnified { try applyUnified(resources) } else { try applySeparate(resources) }
    }

    private func refuseUnsupported(_ resources: OCIResources) throws {
        for (present, name) in [
            (resources.blockIO != nil, "blockIO"), (!(resources.hugepageLimits ?? []).isEmpty, "hugepageLimits"),
            (resources.network != nil, "network"), (!(resources.rdma ?? [:]).isEmpty, "rdma"),
            (resources.memory?.kernelTCP != nil, "memory.kernelTCP"),
            (resources.cpu?.realtimeRuntime != nil, "cpu.realtimeRuntime"),
            (resources.cpu?.realtimePeriod != nil, "cpu.realtimePeriod"),
            (!layout.isUnified && !(resources.unified ?? [:]).isEmpty, "unified (this machine has cgroup version 1)"),
            (layout.isUnified && resources.memory?.swappiness != nil, "memory.swappiness (cgroup version 2)"),
            (layout.isUnified && resources.memory?.disableOOMKiller == true, "memory.disableOOMKiller (version 2)"),
        ] where present {
            throw OCIError(code: .unsupported, message: "linux.resources.\(name) is not supported")
        }
    }

    private func set(_ controller: String, _ name: String, _ value: some CustomStringConvertible) throws {
        guard let path = file(controller, name), Files.exists(path) else {
            throw OCIError(
                code: .unsupported, message: "linux.resources: this machine has no \(name) for the cgroup \(self.path)")
        }
        try Files.control(path, value.description)
    }

    private func applySeparate(_ resources: OCIResources) throws {
        if let memory = resources.memory { try applySeparateMemory(memory) }
        if let cpu = resources.cpu {
            if let shares = cpu.shares, shares > 0 { try set("cpu", "cpu.shares", shares) }
            // A smaller period first could exceed the parent's quota for a moment; the kernel checks each write.
            if let period = cpu.period, period > 0 { try set("cpu", "cpu.cfs_period_us", period) }
            if let quota = cpu.quota, quota != 0 { try set("cpu", "cpu.cfs_quota_us", quota) }
            if let burst = cpu.burst { try set("cpu", "cpu.cfs_burst_us", burst) }
            if let idle = cpu.idle { try set("cpu", "cpu.idle", idle) }
            if let cpus = cpu.cpus, !cpus.isEmpty { try set("cpuset", "cpuset.cpus", cpus) }
            if let mems = cpu.mems, !mems.isEmpty { try set("cpuset", "cpuset.mems", mems) }
        }
        if let pids = resources.pids, pids.limit != 0 {
            try set("pids", "pids.max", pids.limit < 0 ? "max" : String(pids.limit))
        }
        if let devices = resources.devices, file("devices", "devices.deny") != nil {
            for line in DeviceRules(devices).lines {
                try set("devices", line.allow ? "devices.allow" : "devices.deny", line.text)
            }
        }
    }

    private func applySeparateMemory(_ memory: OCIMemory) throws {
        // Memory may never exceed memory-and-swap, so growing needs the second first (memory.rst).
        let swapFile = file("memory", "memory.memsw.limit_in_bytes").map(Files.exists) ?? false
        if memory.limit != nil, let swap = memory.swap, swapFile {
            let current =
                file("memory", "memory.limit_in_bytes").flatMap { try? Files.text($0) }
                .flatMap { UInt64($0.filter(\.isNumber)) } ?? .max
            let limit = memory.limit.map { $0 < 0 ? UInt64.max : UInt64($0) } ?? .max
            if limit > current {
                try set("memory", "memory.memsw.limit_in_bytes", swap)
                try set("memory", "memory.limit_in_bytes", memory.limit ?? -1)
            } else {
                try set("memory", "memory.limit_in_bytes", memory.limit ?? -1)
                try set("memory", "memory.memsw.limit_in_bytes", swap)
            }
        } else {
            if let limit = memory.limit, limit != 0 { try set("memory", "memory.limit_in_bytes", limit) }
            if let swap = memory.swap, swap != 0 { try set("memory", "memory.memsw.limit_in_bytes", swap) }
        }
        if let reservation = memory.reservation { try set("memory", "memory.soft_limit_in_bytes", reservation) }
        if let swappiness = memory.swappiness { try set("memory", "memory.swappiness", swappiness) }
        if memory.disableOOMKiller == true { try set("memory", "memory.oom_control", 1) }
    }

    private func applyUnified(_ resources: OCIResources) throws {
        if let memory = resources.memory {
            if let limit = memory.limit, limit != 0 {
                try set("memory", "memory.max", limit < 0 ? "max" : String(limit))
            }
            if let swap = memory.swap, swap != 0 {
                // The specification's value is memory and swap together, version 2's is swap alone.
                let alone =
                    swap < 0
                    ? "max" : String(max(0, swap.subtractingReportingOverflow(max(0, memory.limit ?? 0)).partialValue))
                if swap >= 0, memory.limit == nil {
                    throw OCIError(
                        code: .unsupported, message: "linux.resources.memory.swap without a limit is not supported")
                }
                if file("memory", "memory.swap.max").map(Files.exists) == true {
                    try set("memory", "memory.swap.max", alone)
                }
            }
            if let reservation = memory.reservation { try set("memory", "memory.low", reservation) }
        }
        if let cpu = resources.cpu {
            if let shares = cpu.shares, shares > 0 {
                // KEP-2254's straight line from 2…262144 to 1…10000.
                let weight = 1 + (max(2, min(262_144, shares)) - 2) * 9999 / 262_142
                try set("cpu", "cpu.weight", weight)
            }
            if cpu.quota != nil || cpu.period != nil {
                let quota = (cpu.quota ?? -1) > 0 ? String(cpu.quota ?? 0) : "max"
                try set("cpu", "cpu.max", "\(quota) \(cpu.period ?? 100_000)")
            }
            if let burst = cpu.burst { try set("cpu", "cpu.max.burst", burst) }
            if let idle = cpu.idle { try set("cpu", "cpu.idle", idle) }
            if let cpus = cpu.cpus, !cpus.isEmpty { try set("cpuset", "cpuset.cpus", cpus) }
            if let mems = cpu.mems, !mems.isEmpty { try set("cpuset", "cpuset.mems", mems) }
        }
        if let pids = resources.pids, pids.limit != 0 {
            try set("pids", "pids.max", pids.limit < 0 ? "max" : String(pids.limit))
        }
        for (name, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard !name.contains("/"), name.contains(".") else {
                throw OCIError(code: .invalid, message: "linux.resources.unified: \(name) is no file of a cgroup")
            }
            try set(String(name.prefix { $0 != "." }), name, value)
        }
        if let devices = resources.devices { try attachDeviceProgram(DeviceRules(devices)) }
    }
}
