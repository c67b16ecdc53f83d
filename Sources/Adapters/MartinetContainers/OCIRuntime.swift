import CMartinetContainers
import Glibc
package import MartinetBase
package import MartinetOCI
import MartinetStagePlan

/// What the runtime keeps of a container, in `state.json` of its folder.
struct ContainerRecord: Codable {
    var version = 1
    var id: String
    var bundle: String
    var pid: Int32
    var startTime: UInt64
    var created: String
    var cgroupPath: String
    var spec: OCISpec
}

/// `martinet oci` without its command line: containers by OCI bundle, each with a folder below `root`.
///
/// Between two calls nothing runs: the container's process waits on a socket of its own folder until it is started.
package struct OCIRuntime: Sendable {
    package let root: String
    let stage: Stage
    let runtime: any Runtime

    package init(root: String, stage: Stage, runtime: any Runtime) {
        self.root = root
        self.stage = stage
        self.runtime = runtime
    }

    /// How a container is created.
    package struct CreateOptions: Sendable {
        package var bundle: String
        package var pidFile: String?
        /// A unix socket that takes the terminal's master.
        package var consoleSocket: String?
        package var noPivot = false
        package var noNewKeyring = false
        package var preservedDescriptors = 0
        package init(bundle: String) { self.bundle = bundle }
    }

    private static let gateName = "start.sock"

    func folder(_ id: String) throws(OCIError) -> String {
        let allowed = id.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [43, 45, 46, 95].contains(byte)
        }
        guard !id.isEmpty, id.utf8.count <= 1024, allowed, id != ".", id != ".." else {
            throw OCIError(code: .invalid, message: "invalid container ID format: \(id)")
        }
        return root + "/" + id
    }

    // MARK: - create, start

    /// Prepares everything up to the program; returns the waiting process' id.
    @discardableResult
    package func create(_ id: String, _ options: CreateOptions) throws -> Int32 {
        let folder = try folder(id)
        let spec = try OCICodec.decode(
            OCISpec.self, from: try Files.read(options.bundle + "/config.json", limit: OCICodec.bytesMax + 1),
            named: options.bundle + "/config.json")
        let facts = try Host.facts()
        let cgroup = try Cgroup(layout: facts.cgroups, path: spec.linux?.cgroupsPath ?? "/martinet/" + id)
        let terminal = spec.process?.terminal == true
        guard terminal == (options.consoleSocket != nil) else {
            throw OCIError(
                code: .invalid,
                message: terminal
                    ? "cannot allocate tty if runc will detach without setting console socket"
                    : "cannot use console socket if runc will not detach or allocate tty")
        }
        var inputs = ContainerPlanInputs(
            spec: spec, bundle: options.bundle, facts: facts, cgroupPath: cgroup.path, cgroupProcs: cgroup.procs,
            noPivot: options.noPivot, noNewKeyring: options.noNewKeyring,
            preservedDescriptors: options.preservedDescriptors)
        inputs.rootfsParentMount = try Host.mountPoint(of: Host.absolute(spec.root?.path ?? "", from: options.bundle))
        for (hooks, name) in [
            (spec.hooks?.prestart, "prestart"), (spec.hooks?.createRuntime, "createRuntime"),
            (spec.hooks?.poststart, "poststart"), (spec.hooks?.poststop, "poststop"),
        ] where !(hooks ?? []).isEmpty {
            throw OCIError(code: .unsupported, message: "hooks.\(name) is not supported")
        }
        let plan = try StagePlan.container(inputs)
        try Files.makeFolders(root, mode: 0o700)
        guard mkdir(folder, 0o700) == 0 else {
            let error = SystemError.last("mkdir", folder)
            if error.errno == EEXIST { throw OCIError(code: .exists, message: "container with id exists: \(id)") }
            throw error
        }
        do {
            let existed = cgroup.exists
            do {
                try cgroup.create()
                try cgroup.apply(spec.linux?.resources ?? OCIResources())
                return try launch(id, folder, spec, options, cgroup, plan)
            } catch {
                if !existed {
                    cgroup.signalAll(SIGKILL)
                    try? cgroup.remove()  // the first error is the one to tell
                }
                throw error
            }
        } catch {
            try? Files.removeFlatFolder(folder)  // as above
            throw error
        }
    }

    private func launch(
        _ id: String, _ folder: String, _ spec: OCISpec, _ options: CreateOptions, _ cgroup: Cgroup, _ plan: StagePlan
    ) throws -> Int32 {
        let place = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
        let gate = Descriptor(
            owning: try check("bind", folder + "/start.sock", martinet_listen_in(place.number, Self.gateName, 0)))
        let console = try options.consoleSocket.map(Host.connect)
        var descriptors: [Descriptor?] = []
        for number in 0..<Int32(clamping: 3 + options.preservedDescriptors) {
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
            descriptors.append(copy < 0 ? nil : Descriptor(owning: copy))
        }
        let run = try stage.run(plan, Stage.Streams(descriptors: descriptors, gate: gate, console: console))
        guard case .created(let pid) = try run.wait() else {
            throw SystemError(call: "stage", operand: "ended before its gate", errno: EPIPE)
        }
        do {
            guard let startTime = Host.startTime(of: pid) else {
                throw SystemError(call: "stage", operand: "the process \(pid) ended at its gate", errno: ESRCH)
            }
            let record = ContainerRecord(
                id: id, bundle: options.bundle, pid: pid, startTime: startTime, created: runtime.now().rfc3339Nano,
                cgroupPath: cgroup.path, spec: spec)
            try Files.replace(folder + "/state.json", try OCICodec.encode(record))
            if let pidFile = options.pidFile { try Files.replace(pidFile, Array("\(pid)".utf8), mode: 0o644) }
        } catch {
            Glibc.kill(pid, SIGKILL)
            throw error
        }
        return pid
    }

    /// Lets a created container's program run; returns once it has been executed.
    package func start(_ id: String) throws {
        let folder = try folder(id)
        let record = try record(id)
        guard try status(record) == .created else {
            throw OCIError(
                code: .state,
                message:
                    "cannot start a container that has \(try status(record) == .stopped ? "stopped" : "been started already")"
            )
        }
        let place = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
        let gate = Descriptor(
            owning: try check("connect", folder + "/start.sock", martinet_connect_in(place.number, Self.gateName, 0)))
        // The process holds the other end until the kernel closes it by exec.
        while try StageResult.read(gate, plan: try plan(of: record)) != nil {}
        guard unlink(folder + "/" + Self.gateName) == 0 else { throw SystemError.last("unlink", folder) }
    }

    /// The plan that the container was made by, for the words of a late failure.
    private func plan(of record: ContainerRecord) throws -> StagePlan {
        let facts = try Host.facts()
        let cgroup = try Cgroup(layout: facts.cgroups, path: record.cgroupPath)
        var inputs = ContainerPlanInputs(
            spec: record.spec, bundle: record.bundle, facts: facts, cgroupPath: cgroup.path,
            cgroupProcs: cgroup.procs)
        inputs.rootfsParentMount = "/"
        return try StagePlan.container(inputs)
    }

    // MARK: - what is there

    func record(_ id: String) throws -> ContainerRecord {
        let path = try folder(id) + "/state.json"
        do {
            return try OCICodec.decode(ContainerRecord.self, from: try Files.read(path, limit: 16 << 20), named: path)
        } catch let error as SystemError where error.errno == ENOENT {
            throw OCIError(code: .notFound, message: "container does not exist")
        }
    }

    func status(_ record: ContainerRecord) throws -> OCIState.Status {
        guard Host.startTime(of: record.pid) == record.startTime else { return .stopped }
        if Files.exists(try folder(record.id) + "/" + Self.gateName) { return .created }
        return try cgroup(record).isFrozen ? .paused : .running
    }

    func cgroup(_ record: ContainerRecord) throws -> Cgroup {
        try Cgroup(layout: try Host.facts().cgroups, path: record.cgroupPath)
    }

    package func state(_ id: String) throws -> OCIState {
        let record = try record(id)
        let status = try status(record)
        let rootfs = Host.absolute(record.spec.root?.path ?? "", from: record.bundle)
        return OCIState(
            id: record.id, status: status, pid: status == .stopped ? 0 : Int(record.pid), bundle: record.bundle,
            rootfs: rootfs, created: record.created, owner: "", annotations: record.spec.annotations)
    }

    package func list() throws -> [OCIState] {
        guard Files.exists(root) else { return [] }
        return try Files.names(in: root).compactMap { name in
            do { return try state(name) } catch let error as OCIError where error.code == .notFound { return nil }
        }
    }

    package func processes(_ id: String) throws -> [Int32] { try cgroup(try record(id)).processes() }
    package func statistics(_ id: String) throws -> CgroupStatistics { try cgroup(try record(id)).statistics() }

    // MARK: - signals and the end

    package func kill(_ id: String, signal: Int32, all: Bool = false) throws {
        let record = try record(id)
        let status = try status(record)
        if all {
            try cgroup(record).signalAll(signal)
            return
        }
        guard status != .stopped else {
            throw OCIError(code: .state, message: "container not running")
        }
        let handle = Descriptor(owning: try check("pidfd_open", "\(record.pid)", martinet_pidfd_open(record.pid)))
        // The number could be another process' by now; with its handle open, the start time settles whose it is.
        guard Host.startTime(of: record.pid) == record.startTime else {
            throw OCIError(code: .state, message: "container not running")
        }
        guard Glibc.kill(record.pid, signal) == 0 else { throw SystemError.last("kill", "\(record.pid) \(signal)") }
        withExtendedLifetime(handle) {}
        // Its own process ids end with its first process; a shared id space does not.
        let isolated = (record.spec.linux?.namespaces ?? []).contains { $0.type == "pid" && ($0.path ?? "").isEmpty }
        if signal == SIGKILL, !isolated { try cgroup(record).signalAll(SIGKILL) }
    }

    package func delete(_ id: String, force: Bool = false) throws {
        let folder = try folder(id)
        let record: ContainerRecord
        do {
            record = try self.record(id)
        } catch let error as OCIError where error.code == .notFound && force {
            try Files.removeFlatFolder(folder)
            return
        }
        let status = try status(record)
        guard status == .stopped || force || status == .created else {
            throw OCIError(
                code: .state,
                message: "cannot delete container \(id) that is not stopped: \(status.rawValue)")
        }
        let cgroup = try cgroup(record)
        if status != .stopped {
            if status == .paused { try cgroup.freeze(false) }
            Glibc.kill(record.pid, SIGKILL)
        }
        cgroup.signalAll(SIGKILL)
        for _ in 0..<1000 where Host.startTime(of: record.pid) == record.startTime { poll(nil, 0, 5) }
        try cgroup.remove()
        try Files.removeFlatFolder(folder)
    }

    package func pause(_ id: String, _ frozen: Bool) throws {
        let record = try record(id)
        let status = try status(record)
        guard status == (frozen ? .running : .paused) || (frozen && status == .created) else {
            throw OCIError(code: .state, message: frozen ? "container not running" : "container not paused")
        }
        try cgroup(record).freeze(frozen)
    }

    package func update(_ id: String, _ resources: OCIResources) throws { try cgroup(try record(id)).apply(resources) }
}
