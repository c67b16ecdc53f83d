import CMartinetContainers
import CMartinetStage
import Glibc
package import MartinetBase
package import MartinetOCI
package import MartinetStagePlan

/// What an engine makes containers with: the stage, this machine's facts, and monitors by pod folder.
package struct ContainerRuntime: Sendable {
    package let stage: Stage
    package let facts: HostFacts

    package init(facts: HostFacts? = nil) throws(SystemError) {
        stage = try Stage()
        if let facts { self.facts = facts } else { self.facts = try Host.facts() }
    }

    // MARK: - sandboxes

    /// Makes a pod's namespaces, each held by a file of the folder and by no process.
    package func makeSandbox(_ inputs: SandboxPlanInputs) throws {
        let plan = try StagePlan.sandbox(inputs)
        guard case .done = try stage.run(plan).wait() else {
            throw SystemError(call: "stage", operand: inputs.folder, errno: EPROTO)
        }
    }

    /// Lets a pod's namespaces go; they end with their last process. What is gone already is no error.
    package func removeSandbox(folder: String) throws(SystemError) {
        for file in ["net", "ipc", "uts"] {
            let path = folder + "/" + file
            guard Files.exists(path) else { continue }
            if umount2(path, Int32(MNT_DETACH)) != 0 {
                let code = errno
                guard code == EINVAL || code == ENOENT else {
                    throw SystemError(call: "umount2", operand: path, errno: code)
                }
            }
            guard unlink(path) == 0 || errno == ENOENT else { throw SystemError.last("unlink", path) }
        }
    }

    // MARK: - monitors

    /// Starts a pod's monitor in its folder, which must be there, and connects to it.
    package func startMonitor(
        folder: String, onEvent: @escaping @Sendable (MonitorConnection.Event) -> Void
    ) throws(SystemError) -> MonitorConnection {
        let place = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
        let starter = try stage.spawn(
            ["martinet-monitor", "monitor", "3"], [-1, -1, -1, place.number], newSession: true)
        var code: Int32 = 0
        var signal: Int32 = 0
        try check("waitpid", "\(starter)", martinet_wait(starter, &code, &signal))
        guard code == 0 else { throw SystemError(call: "monitor", operand: folder, errno: code) }
        return try MonitorConnection(folder: folder, onEvent: onEvent)
    }

    /// What became of a container whose monitor was gone.
    package enum Recovered: Sendable {
        /// It runs, and a new monitor watches it; its log goes on without a gap.
        case adopted(pid: Int32)
        /// It had ended before its monitor did; the code is known.
        case exited(TaskStatus)
        /// It has ended and nobody saw how: exit code 137, reason ContainerStatusUnknown.
        case lost
    }

    /// Connects to a pod's monitor; where it was killed, starts another that takes over what still runs.
    package func reconnect(
        folder: String, onEvent: @escaping @Sendable (MonitorConnection.Event) -> Void
    ) throws(SystemError) -> (connection: MonitorConnection, recovered: [String: Recovered]) {
        do {
            return (try MonitorConnection(folder: folder, onEvent: onEvent), [:])
        } catch  where error.errno == ECONNREFUSED || error.errno == ENOENT {
            let connection = try startMonitor(folder: folder, onEvent: onEvent)
            var recovered: [String: Recovered] = [:]
            for name in try Files.names(in: folder) where name.hasSuffix(".task") {
                let id = String(name.dropLast(5))
                recovered[id] = try recover(id, folder, connection)
            }
            return (connection, recovered)
        }
    }

    private func recover(
        _ id: String, _ folder: String, _ connection: MonitorConnection
    ) throws(SystemError) -> Recovered {
        guard let task = try MonitorRecord(path: "\(folder)/\(id).task") else { return .lost }
        let pid = Int32(clamping: task.number("pid"))
        if let exit = try MonitorRecord(path: "\(folder)/\(id).exit") {
            var status = TaskStatus(id: id, state: .exited, pid: pid)
            status.exitCode = exit.number("code") < 0 ? nil : Int32(clamping: exit.number("code"))
            status.signal = Int32(clamping: exit.number("signal"))
            status.oomKills = UInt64(clamping: exit.number("oom"))
            status.started = Timestamp(nanoseconds: exit.number("started"))
            status.finished = Timestamp(nanoseconds: exit.number("finished"))
            return .exited(status)
        }
        let start = UInt64(clamping: task.number("start"))
        guard Host.startTime(of: pid) == start else { return .lost }
        do {
            try connection.adopt(
                id, pid: pid, startTime: start, logPath: task.text("log"), oomFile: task.text("oom"),
                flags: Int(clamping: task.number("flags")))
        } catch  where error.errno == ESRCH {
            return .lost
        }
        return .adopted(pid: pid)
    }

    // MARK: - containers

    /// A container to create.
    package struct ContainerRequest: Sendable {
        package var id: String
        package var spec: OCISpec
        package var bundle: String
        /// Its log in the CRI's format; nil for none.
        package var logPath: String?
        package var stdin: Bool
        package init(id: String, spec: OCISpec, bundle: String, logPath: String?, stdin: Bool = false) {
            self.id = id
            self.spec = spec
            self.bundle = bundle
            self.logPath = logPath
            self.stdin = stdin
        }
    }

    /// A created container, waiting to be started.
    package struct Container: Sendable {
        package let id: String
        package let pid: Int32
        package let spec: OCISpec
        package let cgroup: Cgroup
        package let plan: StagePlan
    }

    /// Makes the cgroup with its limits and the container up to its program.
    package func create(_ request: ContainerRequest, on monitor: MonitorConnection) throws -> Container {
        let cgroup = try cgroup(of: request.spec, id: request.id)
        var inputs = ContainerPlanInputs(
            spec: request.spec, bundle: request.bundle, facts: facts, cgroupPath: cgroup.path,
            cgroupProcs: cgroup.procs)
        inputs.rootfsParentMount = try Host.mountPoint(
            of: Host.absolute(request.spec.root?.path ?? "", from: request.bundle))
        for (hooks, name) in [
            (request.spec.hooks?.prestart, "prestart"), (request.spec.hooks?.createRuntime, "createRuntime"),
            (request.spec.hooks?.poststart, "poststart"), (request.spec.hooks?.poststop, "poststop"),
        ] where !(hooks ?? []).isEmpty {
            throw OCIError(code: .unsupported, message: "hooks.\(name) is not supported")
        }
        let plan = try StagePlan.container(inputs)
        try cgroup.create()
        do {
            try cgroup.apply(request.spec.linux?.resources ?? OCIResources())
            let pid = try monitor.create(
                request.id, plan: plan, logPath: request.logPath, oomFile: cgroup.oomFile,
                terminal: request.spec.process?.terminal == true, stdin: request.stdin)
            return Container(id: request.id, pid: pid, spec: request.spec, cgroup: cgroup, plan: plan)
        } catch {
            cgroup.signalAll(SIGKILL)
            try? cgroup.remove()  // the first error is the one to tell
            throw error
        }
    }

    /// Runs it; returns once its program has been executed. `SystemError` names the failed step, such as
    /// `exec(/bin/nothing): ENOENT`.
    package func start(_ container: Container, on monitor: MonitorConnection) throws(SystemError) {
        try monitor.start(container.id, plan: container.plan)
    }

    /// One more process in a running container; `descriptors` as `MonitorConnection.exec` wants them.
    package func exec(
        _ execID: String, _ process: OCIProcess, in spec: OCISpec, id: String, pid: Int32,
        descriptors: [Descriptor], on monitor: MonitorConnection
    ) throws -> Int32 {
        let cgroup = try cgroup(of: spec, id: id)
        let plan = try StagePlan.exec(process: process, in: spec, pid: pid, facts: facts, cgroupProcs: cgroup.procs)
        return try monitor.exec(execID, plan: plan, terminal: process.terminal == true, descriptors: descriptors)
    }

    /// The cgroup that a specification names; `/martinet/<id>` where it names none.
    package func cgroup(of spec: OCISpec, id: String) throws -> Cgroup {
        try Cgroup(layout: facts.cgroups, path: spec.linux?.cgroupsPath ?? "/martinet/" + id)
    }
}
