import CMartinetContainers
import CMartinetStage
import Glibc
import MartinetBase
package import MartinetOCI
import MartinetStagePlan

extension OCIRuntime {
    /// Starts one more process in a running container; it is a child of this process. Returns once it was executed.
    ///
    /// - Parameters:
    ///   - descriptors: what becomes 0, 1, 2 and so on; ignored for 0 to 2 where `console` takes a terminal.
    ///   - console: a connected unix socket that gets the terminal's master.
    package func exec(
        _ id: String, _ process: OCIProcess, descriptors: [Descriptor?], console: Descriptor? = nil,
        ignoresPause: Bool = false
    ) throws -> Int32 {
        let record = try record(id)
        let status = try status(record)
        guard status == .running || status == .created || (status == .paused && ignoresPause) else {
            throw OCIError(
                code: .state,
                message: status == .paused
                    ? "cannot exec in a paused container (use --ignore-paused to override)"
                    : "cannot exec in a stopped container")
        }
        let cgroup = try cgroup(record)
        let plan = try StagePlan.exec(
            process: process, in: record.spec, pid: record.pid, facts: try Host.facts(), cgroupProcs: cgroup.procs,
            preservedDescriptors: descriptors.count - 3)
        let run = try stage.run(plan, Stage.Streams(descriptors: descriptors, console: console))
        guard case .running(let pid) = try run.wait() else {
            throw SystemError(call: "stage", operand: "no process", errno: EPIPE)
        }
        return pid
    }

    /// The terminal's master that arrives on a console socket's other end.
    static func receiveTerminal(_ socket: Descriptor) throws(SystemError) -> Descriptor {
        var byte: UInt8 = 0
        var fd: Int32 = -1
        var count: Int32 = 0
        let got = martinet_receive(socket.number, &byte, 1, &fd, 1, &count)
        guard got >= 0 else { throw SystemError(call: "recvmsg", operand: "console", errno: Int32(clamping: -got)) }
        guard count == 1 else { throw SystemError(call: "recvmsg", operand: "console", errno: EPROTO) }
        return Descriptor(owning: fd)
    }
}
