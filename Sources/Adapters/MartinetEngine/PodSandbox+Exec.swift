import Glibc
import MartinetAPI
import MartinetBase
package import MartinetContainers
import MartinetOCI
import Synchronization

extension PodSandbox {
    /// The newest container of a name that runs.
    package func runningID(of container: String) -> String? {
        state.withLock { state in
            state.containers.values.first { $0.name == container && state.pids[$0.id] != nil }?.id
        }
    }

    /// Runs one more process in a container. Its end comes as `.execEnded` with the id that this returns.
    ///
    /// - Parameter descriptors: standard input, output and error; with `terminal` one socket that gets the master.
    package func exec(
        _ command: [String], in id: String, execID: String, terminal: Bool, descriptors: [Descriptor]
    ) throws {
        let (connection, file, pid) = state.withLock { ($0.connection, $0.containers[id], $0.pids[id]) }
        guard let connection, let file, let pid, var process = file.spec.process else {
            throw EngineError("NotFound", "the container \(id) does not run")
        }
        process.args = command
        process.terminal = terminal
        if terminal { process.env = (process.env ?? []).filter { !$0.hasPrefix("TERM=") } + ["TERM=xterm"] }
        _ = try engine.containers.exec(
            execID, process, in: file.spec, id: id, pid: pid, descriptors: descriptors, on: connection)
    }

    package func connection() -> MonitorConnection? { state.withLock { $0.connection } }
}
