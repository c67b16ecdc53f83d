import Glibc
package import MartinetAPI
package import MartinetBase
import MartinetContainers
import MartinetImageSpec
package import MartinetImages
import MartinetNetwork
import MartinetOCI
package import MartinetPodLifecycle
import Synchronization

extension PodSandbox {
    /// Creates and starts a container; returns once its program has been executed.
    ///
    /// - Parameter target: of an ephemeral container, whose processes it sees, empty for none; nil of all others.
    /// - Parameter created: called between the two, for the Event.
    /// - Throws: `EngineError` where there is no process, with Kubernetes' word for why; its reason is `StartError`
    ///   where the program could not be executed.
    package func start(
        _ container: Container, attempt: Int32, image: Image, pod: Pod, content: PodContent,
        target: String? = nil, created: (String) -> Void
    ) throws -> ContainerRun {
        guard let connection = state.withLock({ $0.connection }) else {
            throw EngineError("CreateContainerError", "the pod's monitor is gone")
        }
        for file in state.withLock({ $0.containers.values.filter { $0.name == container.name } }) {
            try removeContainer(file)
        }
        let id = newID()
        let folder = "\(dataFolder)/containers/\(id)"
        let rootfs = folder + "/rootfs"
        for name in ["upper", "work", "rootfs"] { try Files.makeFolders("\(folder)/\(name)") }
        try Mounts.overlay(
            try engine.images.unpack(image), upper: folder + "/upper", work: folder + "/work", target: rootfs)
        if !container.terminationMessagePath.isEmpty {
            let message = try MartinetContainers.Descriptor.open(
                folder + "/termination-log", O_WRONLY | O_CREAT, mode: 0o666)
            _ = fchmod(message.number, 0o666)
        }
        var file = ContainerFile(
            id: id, name: container.name, attempt: attempt, image: container.image,
            imageID: image.id.description, logPath: "\(logFolder)/\(container.name)/\(attempt).log", folder: folder,
            stopSignal: try PodSandbox.stopSignal(container, image), messagePolicy: container.terminationMessagePolicy,
            spec: OCISpec())
        do {
            var builder = try builder(container, pod, image, content, folder: folder, id: id)
            builder.processIDs = try sharedProcessIDs(pod, connection) ?? processIDs(of: target, container, pod)
            file.spec = try builder.build()
            try prepareLog(file)
            try save(file)
            let made = try create(file, container, connection)
            created(id)
            file.started = engine.runtime.now().nanoseconds
            state.withLock {
                $0.containers[id] = file
                $0.pids[id] = made.pid
            }
            try run(made, &file, connection)
        } catch {
            try removeContainer(file)
            throw error
        }
        return ContainerRun(
            id: id, image: file.image, imageID: file.imageID,
            startedAt: Timestamp(nanoseconds: file.started ?? 0))
    }

    /// An ephemeral container sees the processes of its target, if it has one.
    private func processIDs(
        of target: String?, _ container: Container, _ pod: Pod
    ) throws(EngineError) -> String? {
        guard let target else { return nil }
        if let field = Unsupported.field(ofEphemeral: container, in: pod) {
            throw EngineError.config("the node does not support \(field)")
        }
        guard !target.isEmpty else { return nil }
        guard let id = runningID(of: target), let pid = state.withLock({ $0.pids[id] }) else {
            throw EngineError.config("unable to find target container \(target.debugDescription)")
        }
        return "/proc/\(pid)/ns/pid"
    }

    private func create(
        _ file: ContainerFile, _ container: Container, _ connection: MonitorConnection
    ) throws -> ContainerRuntime.Container {
        do {
            return try engine.containers.create(
                ContainerRuntime.ContainerRequest(
                    id: file.id, spec: file.spec, bundle: file.folder, logPath: file.logPath, stdin: container.stdin),
                on: connection)
        } catch {
            throw EngineError("CreateContainerError", "failed to create container \(file.id): \(error)")
        }
    }

    private func run(
        _ made: ContainerRuntime.Container, _ file: inout ContainerFile, _ connection: MonitorConnection
    ) throws {
        do {
            try engine.containers.start(made, on: connection)
            try save(file)
        } catch {
            throw EngineError("StartError", "failed to start container \(file.id.debugDescription): \(error)")
        }
    }

    private func builder(
        _ container: Container, _ pod: Pod, _ image: Image, _ content: PodContent, folder: String, id: String
    ) throws -> SpecBuilder {
        let network = pod.spec.hostNetwork ? nil : try engine.network.attach(owner: uid).namespace.path
        return SpecBuilder(
            pod: pod, container: container, image: image, content: content, configuration: engine.configuration,
            volumes: volumes(pod), addresses: addresses, networkPath: network, runFolder: runFolder,
            dataFolder: dataFolder, containerFolder: folder, rootfs: folder + "/rootfs",
            cgroupPath: ResourceLimits.cgroup(of: pod, parent: engine.configuration.cgroupParent) + "/" + id)
    }

    /// 256 random bits, as engines name containers.
    private func newID() -> String {
        (0..<4).map { _ in
            let word = String(engine.runtime.random(), radix: 16)
            return String(repeating: "0", count: 16 - word.utf8.count) + word
        }.joined()
    }

    private func prepareLog(_ file: ContainerFile) throws {
        let folder = "\(logFolder)/\(file.name)"
        try Files.makeFolders(folder)
        // The last run's log stays for `logs --previous`; older ones go.
        for name in try Files.names(in: folder) {
            if let number = Int32(name.prefix { $0 != "." }), number < file.attempt - 1 { unlink("\(folder)/\(name)") }
        }
        let link =
            "\(engine.configuration.containerLogFolder)/\(name)_\(namespace)_\(file.name)-\(file.id).log"
        guard symlink(file.logPath, link) == 0 || errno == EEXIST else { throw SystemError.last("symlink", link) }
    }

    private func save(_ file: ContainerFile) throws {
        try Files.replace("\(runFolder)/\(file.id).container", try OCICodec.encode(file))
    }

    /// Ends a container if it still runs and removes all of it but its log.
    func removeContainer(_ file: ContainerFile) throws {
        let cgroup = try engine.containers.cgroup(of: file.spec, id: file.id)
        if file.spec.linux?.cgroupsPath != nil {
            cgroup.signalAll(SIGKILL)
            try cgroup.remove()
        }
        if let connection = state.withLock({ $0.connection }) { try forget(file.id, connection) }
        state.withLock {
            $0.containers[file.id] = nil
            $0.pids[file.id] = nil
        }
        let link =
            "\(engine.configuration.containerLogFolder)/\(name)_\(namespace)_\(file.name)-\(file.id).log"
        unlink(link)
        try Mounts.removeTree(file.folder)
        unlink("\(runFolder)/\(file.id).container")
    }

    /// The monitor learns of an end a moment after the process is gone.
    func forget(_ id: String, _ connection: MonitorConnection) throws(SystemError) {
        for _ in 0..<400 {
            do throws(SystemError) {
                return try connection.remove(id)
            } catch {
                guard error.errno == EBUSY else {
                    if error.errno == ENOENT || error.errno == ESRCH || error.errno == ECONNRESET { return }
                    throw error
                }
                poll(nil, 0, 5)
            }
        }
        throw SystemError(call: "remove", operand: id, errno: EBUSY)
    }

    /// Sends a signal to a container's first process; one that has ended already is no error.
    package func signal(_ id: String, _ signal: PodAction.Signal) throws(SystemError) {
        let (connection, file) = state.withLock { ($0.connection, $0.containers[id]) }
        guard let file else { return }
        // Between a monitor and the next one there is nobody to send it: the caller tries again.
        guard let connection else { throw SystemError(call: "signal", operand: id, errno: EAGAIN) }
        do throws(SystemError) {
            try connection.signal(id, signal == .kill ? SIGKILL : file.stopSignal)
        } catch {
            guard [ESRCH, ENOENT].contains(error.errno) else { throw error }
        }
    }

    static func stopSignal(_ container: Container, _ image: Image) throws(EngineError) -> Int32 {
        let text = container.lifecycle?.stopSignal ?? image.defaults.stopSignal ?? "SIGTERM"
        if let number = Int32(text), number > 0, number < 65 { return number }
        let name = text.uppercased().hasPrefix("SIG") ? String(text.uppercased().dropFirst(3)) : text.uppercased()
        let known: [String: Int32] = [
            "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
            "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
            "WINCH": 28, "IO": 29, "PWR": 30,
        ]
        if let number = known[name] { return number }
        // Real-time signals by their distance from either end.
        if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
            return 34 + offset
        }
        if name.hasPrefix("RTMAX-"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) {
            return 64 - offset
        }
        throw EngineError.config("the stop signal \(text) is not known")
    }
}
