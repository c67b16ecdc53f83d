import CMartinetStage
import Glibc
package import MartinetBase

/// What a monitor knows of a container, or of a process executed in one.
package struct TaskStatus: Hashable, Sendable {
    package enum State: Int, Sendable { case creating = 1, created, starting, running, exited }

    package var id: String
    package var isExec = false
    package var state: State
    /// 0 while it is being created.
    package var pid: Int32
    /// Once exited: the program's code, or 128 + signal; nil where nobody can know it (its monitor was killed, and the
    /// kernel is older than 6.15).
    package var exitCode: Int32?
    /// The signal that ended it, 0 for none.
    package var signal: Int32
    /// Processes of its cgroup that the kernel killed for memory since it was created.
    package var oomKills: UInt64
    package var started: Timestamp?
    package var finished: Timestamp?

    /// Killed because its cgroup ran out of memory.
    package var isOOMKilled: Bool { state == .exited && oomKills > 0 && (exitCode == 137 || signal == 9) }

    init(id: String, state: State, pid: Int32 = 0) {
        self.id = id
        self.state = state
        self.pid = pid
        signal = 0
        oomKills = 0
    }

    init?(id: String, _ raw: martinet_status) {
        guard let state = State(rawValue: Int(raw.state)) else { return nil }
        self.id = id
        self.state = state
        isExec = raw.flags & 1 << 31 != 0
        pid = raw.pid
        exitCode = state == .exited && raw.code >= 0 ? raw.code : nil
        signal = raw.signal
        oomKills = raw.oomKills
        started = raw.started > 0 ? Timestamp(nanoseconds: raw.started) : nil
        finished = raw.finished > 0 ? Timestamp(nanoseconds: raw.finished) : nil
    }
}

/// The lines of a monitor's `.task` and `.exit` files: a name and a value each.
struct MonitorRecord {
    private var fields: [String: String] = [:]

    /// nil where there is no such file or it is of another version.
    init?(path: String) throws(SystemError) {
        do {
            for line in try Files.text(path).split(separator: "\n") {
                let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                if words.count == 2 { fields[String(words[0])] = String(words[1]) }
            }
        } catch  where error.errno == ENOENT {
            return nil
        }
        guard fields["version"] == "1" else { return nil }
    }

    func text(_ name: String) -> String { fields[name] ?? "" }
    func number(_ name: String) -> Int64 { fields[name].flatMap { Int64($0) } ?? 0 }
}
