import Glibc
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetOCI

/// What a container does now, by its monitor.
struct ContainerState {
    enum Phase: Sendable { case created, running, exited, unknown }

    let phase: Phase
    let pid: Int32
    let exitCode: Int32?
    let isOOMKilled: Bool
    let started: Timestamp?
    let finished: Timestamp?

    var isRunning: Bool { phase == .running }

    init(of record: ContainerRecord, _ configuration: DockerConfiguration) throws {
        guard let task = record.task else {
            self.init(.created)
            return
        }
        let folder = "\(configuration.pods)/\(record.id)"
        // After the machine's start nothing of it is there, and nobody knows how it ended.
        guard Files.exists(folder) else {
            self.init(.unknown)
            return
        }
        let (connection, recovered) = try ContainerRuntime().reconnect(folder: folder) { _ in }
        var status = try connection.status().first { $0.id == task }
        switch recovered[task] {
        case .exited(let end): status = end
        case .lost:
            self.init(.unknown)
            return
        case .adopted, nil: break
        }
        guard let status else {
            self.init(.unknown)
            return
        }
        switch status.state {
        case .exited: self.init(.exited, status)
        case .running: self.init(.running, status)
        case .creating, .created, .starting: self.init(.created, status)
        }
    }

    private init(_ phase: Phase, _ status: TaskStatus? = nil) {
        self.phase = phase
        pid = status?.pid ?? 0
        exitCode = status?.exitCode ?? (phase == .unknown ? 137 : nil)
        isOOMKilled = status?.isOOMKilled ?? false
        started = status?.started
        finished = status?.finished
    }

    /// docker's word.
    var word: String {
        switch phase {
        case .created: "created"
        case .running: "running"
        case .exited, .unknown: "exited"
        }
    }

    /// `Up 5 minutes`, `Exited (0) 2 hours ago`.
    func status(_ now: Timestamp) -> String {
        switch phase {
        case .created: return "Created"
        case .running: return "Up " + Formatting.words(now.duration(since: started ?? now))
        case .exited: return "Exited (\(exitCode ?? 137)) " + Formatting.ago(finished ?? now, now)
        case .unknown: return "Exited (unknown)"
        }
    }
}
