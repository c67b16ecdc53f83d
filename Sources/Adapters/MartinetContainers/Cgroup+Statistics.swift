import MartinetBase
import MartinetStagePlan

/// What a cgroup has used so far.
package struct CgroupStatistics: Hashable, Sendable {
    /// Bytes, with the page cache.
    package var memoryUsage: UInt64 = 0
    /// Bytes that the kernel could not easily take back: usage without inactive file pages, as the kubelet counts it.
    package var memoryWorkingSet: UInt64 = 0
    package var memoryRSS: UInt64 = 0
    /// Bytes; nil without a limit.
    package var memoryLimit: UInt64?
    /// Nanoseconds.
    package var cpuUsage: UInt64 = 0
    package var periods: UInt64 = 0
    package var throttledPeriods: UInt64 = 0
    /// Nanoseconds.
    package var throttledTime: UInt64 = 0
    package var oomKills: UInt64 = 0
    package var processes: UInt64 = 0
    package init() {}
}

extension Cgroup {
    /// Reads the kernel's counters; one that is not there counts as 0.
    package func statistics() -> CgroupStatistics {
        var out = CgroupStatistics()
        let memory = table("memory", "memory.stat")
        let cpu = table("cpu", "cpu.stat")
        out.oomKills = oomFile.flatMap { Cgroup.table($0)["oom_kill"] } ?? 0
        out.processes = number("pids", "pids.current") ?? 0
        out.periods = cpu["nr_periods"] ?? 0
        out.throttledPeriods = cpu["nr_throttled"] ?? 0
        let inactive: UInt64
        if layout.isUnified {
            out.memoryUsage = number("memory", "memory.current") ?? 0
            out.memoryLimit = number("memory", "memory.max")
            out.memoryRSS = memory["anon"] ?? 0
            out.cpuUsage = (cpu["usage_usec"] ?? 0) &* 1000
            out.throttledTime = (cpu["throttled_usec"] ?? 0) &* 1000
            inactive = memory["inactive_file"] ?? 0
        } else {
            out.memoryUsage = number("memory", "memory.usage_in_bytes") ?? 0
            let limit = number("memory", "memory.limit_in_bytes")
            // "No limit" is the largest number of whole pages that a signed word holds.
            out.memoryLimit = limit.flatMap { $0 > 1 << 62 ? nil : $0 }
            out.memoryRSS = memory["total_rss"] ?? 0
            out.cpuUsage = number("cpuacct", "cpuacct.usage") ?? 0
            out.throttledTime = cpu["throttled_time"] ?? 0
            inactive = memory["total_inactive_file"] ?? 0
        }
        out.memoryWorkingSet = out.memoryUsage > inactive ? out.memoryUsage - inactive : 0
        return out
    }

    private func number(_ controller: String, _ name: String) -> UInt64? {
        file(controller, name).flatMap { try? Files.text($0) }.flatMap { UInt64($0.filter { !$0.isWhitespace }) }
    }

    private func table(_ controller: String, _ name: String) -> [String: UInt64] {
        file(controller, name).map(Cgroup.table) ?? [:]
    }

    /// A file of lines with a name and a number each.
    static func table(_ path: String) -> [String: UInt64] {
        var out: [String: UInt64] = [:]
        for line in ((try? Files.text(path)) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = UInt64(words[1]) { out[String(words[0])] = value }
        }
        return out
    }
}
