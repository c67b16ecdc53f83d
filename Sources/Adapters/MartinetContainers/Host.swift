import CMartinetContainers
package import MartinetBase
package import MartinetStagePlan

/// This machine's facts, read once.
package enum Host {
    package static func facts() throws(SystemError) -> HostFacts {
        let capabilities = martinet_effective_capabilities()
        let own = Int(try Files.text("/proc/self/oom_score_adj").filter { !$0.isWhitespace }) ?? 0
        let resource: UInt64 = 1 << 24
        return HostFacts(
            capabilities: capabilities, oomScoreAdjMin: capabilities & resource != 0 ? -1000 : own,
            cgroups: CgroupLayout(mountinfo: try Files.text("/proc/self/mountinfo")))
    }

    /// A process' start in clock ticks since boot: with its number it is one process for ever (proc_pid_stat(5)).
    /// nil where there is none, or where it has ended and nobody has asked for its code.
    package static func startTime(of pid: Int32) -> UInt64? {
        guard pid > 0, let text = try? Files.text("/proc/\(pid)/stat"), let paren = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: paren)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }
}
