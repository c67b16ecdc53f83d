import Glibc
package import MartinetAPI
import MartinetAddresses
import MartinetBase
import MartinetContainers
import MartinetImages
import MartinetNetwork
import MartinetOCI
package import MartinetPodLifecycle
import MartinetServiceRules
import MartinetStagePlan
import Synchronization

/// A pod as it is on the node: its network, namespaces, monitor, volumes and containers.
///
/// One worker calls it, from one thread at a time that may block; what ends comes by `onEvent`, on a queue of the
/// monitor's. State that must outlive this process is in the pod's run folder before it is needed.
package final class PodSandbox: Sendable {
    package enum Event: Sendable {
        case exited(container: String, Termination)
        /// A process that `exec` started; nil where its code cannot be known.
        case execEnded(id: String, exitCode: Int32?)
        case output(id: String, stream: Int, bytes: [UInt8])
        /// The monitor was killed: `reconnect` learns what became of the containers.
        case monitorLost
    }

    struct State {
        var connection: MonitorConnection?
        var containers: [String: ContainerFile] = [:]
        var pids: [String: Int32] = [:]
        var addresses: [String] = []
        /// The first process of a pod whose containers share their process ids.
        var podInit: Int32?
    }

    /// The monitor's name for that process; containers' names are longer.
    static let podInitID = "pod-init"

    package let engine: Engine
    package let namespace, name, uid: String
    let onEvent: @Sendable (Event) -> Void
    let state = Mutex(State())

    package init(
        engine: Engine, namespace: String, name: String, uid: String, onEvent: @escaping @Sendable (Event) -> Void
    ) {
        self.engine = engine
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.onEvent = onEvent
    }

    var runFolder: String { "\(engine.configuration.runFolder)/\(uid)" }
    var dataFolder: String { "\(engine.configuration.dataFolder)/\(uid)" }
    package var logFolder: String { engine.logFolder(namespace: namespace, name: name, uid: uid) }
    package var addresses: [String] { state.withLock { $0.addresses } }

    /// Whether there is something of it that could use the node.
    package var isSetUp: Bool { state.withLock { $0.connection != nil } }

    func volumes(_ pod: Pod) -> VolumeSet {
        VolumeSet(
            pod: pod, folder: dataFolder,
            downward: DownwardAPI(pod: pod, addresses: addresses, configuration: engine.configuration))
    }

    // MARK: - setting up

    /// Makes the network, the namespaces, the monitor and the volumes. Called again after a failure it goes on.
    package func setUp(_ pod: Pod, _ content: PodContent) throws -> [String] {
        try Files.makeFolders(runFolder, mode: 0o711)
        try Files.makeFolders(dataFolder + "/etc", mode: 0o711)
        try Files.makeFolders(logFolder)
        var addresses = engine.configuration.nodeAddresses
        if !pod.spec.hostNetwork {
            let attachment = try engine.network.attach(owner: uid)
            addresses = ["\(attachment.address)"]
            try openHostPorts(pod, attachment.address)
        }
        state.withLock { $0.addresses = addresses }
        try save(pod, addresses)
        try volumes(pod).prepare(content, at: engine.runtime.now())
        try makeNamespaces(pod)
        try writeFiles(pod, addresses)
        try makeCgroup(pod)
        if state.withLock({ $0.connection == nil }) {
            let connection = try engine.containers.startMonitor(folder: runFolder, onEvent: handler())
            state.withLock { $0.connection = connection }
        }
        return addresses
    }

    private func save(_ pod: Pod, _ addresses: [String]) throws {
        let ports = pod.spec.containers.reduce(0) { $0 + $1.ports.filter { $0.hostPort > 0 }.count }
        let file = PodFile(
            namespace: namespace, name: name, uid: uid, addresses: addresses,
            cgroup: ResourceLimits.cgroup(of: pod, parent: engine.configuration.cgroupParent), hasHostPorts: ports)
        try Files.replace(runFolder + "/pod.json", try OCICodec.encode(file))
    }

    private func makeNamespaces(_ pod: Pod) throws {
        var wanted: [String] = []
        if !pod.spec.hostIPC, !Files.exists(runFolder + "/ipc") { wanted.append("ipc") }
        if !pod.spec.hostNetwork, !Files.exists(runFolder + "/uts") { wanted.append("uts") }
        if !wanted.isEmpty {
            let files = PodFiles(pod: pod, configuration: engine.configuration)
            if wanted.contains("uts") { try files.checkHostname() }
            try engine.containers.makeSandbox(
                SandboxPlanInputs(
                    namespaces: wanted, folder: runFolder, hostname: wanted.contains("uts") ? files.hostname : nil))
        }
        let memory = dataFolder + "/shm"
        if !pod.spec.hostIPC, !Files.exists(memory) {
            try Files.makeFolders(memory)
            try Mounts.tmpfs(memory, "mode=1777,size=65536k")
        }
    }

    private func writeFiles(_ pod: Pod, _ addresses: [String]) throws {
        let files = PodFiles(pod: pod, configuration: engine.configuration)
        let hostname = pod.spec.hostNetwork ? engine.configuration.nodeName : files.hostname
        for (name, text) in [
            ("hosts", files.hosts(addresses: addresses)), ("resolv.conf", files.resolvConf()),
            ("hostname", hostname + "\n"),
        ] {
            let path = "\(dataFolder)/etc/\(name)"
            let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
            try file.writeAll(Array(text.utf8), named: path)
            _ = fchmod(file.number, 0o644)
        }
    }

    private func makeCgroup(_ pod: Pod) throws {
        let path = ResourceLimits.cgroup(of: pod, parent: engine.configuration.cgroupParent)
        let cgroup = try Cgroup(layout: engine.containers.facts.cgroups, path: path)
        try cgroup.create()
        try cgroup.apply(ResourceLimits.pod(pod.spec))
    }

    /// A firewall that was made anew knows nothing of the ports of pods that run.
    package func reopenHostPorts(_ pod: Pod) throws {
        guard !pod.spec.hostNetwork else { return }
        try openHostPorts(pod, engine.network.attach(owner: uid).address)
    }

    private func openHostPorts(_ pod: Pod, _ address: IPAddress) throws {
        var ports: [(protocol: TransportProtocol, hostPort: UInt16, containerPort: UInt16, address: IPAddress?)] = []
        for port in pod.spec.containers.flatMap({ Array($0.ports) }) where port.hostPort > 0 {
            guard let host = UInt16(exactly: port.hostPort), let inner = UInt16(exactly: port.containerPort) else {
                continue
            }
            let kind: TransportProtocol = ["UDP": .udp, "SCTP": .sctp][port.protocol] ?? .tcp
            let only = port.hostIP.isEmpty || port.hostIP == "0.0.0.0" ? nil : IPAddress(port.hostIP)
            ports.append((kind, host, inner, only))
        }
        guard !ports.isEmpty else { return }
        guard let firewall = engine.firewall else {
            throw EngineError("FailedCreatePodSandBox", "ports.hostPort is not supported: this node has no firewall")
        }
        try firewall.apply(
            ServiceInput.hostPorts(owner: uid, pod: address, ports).map { (name: $0.name, service: $0) })
    }

    /// Brings volumes that are made of other objects up to date.
    package func refreshVolumes(_ pod: Pod, _ content: PodContent) throws {
        guard Files.exists(dataFolder + "/volumes") else { return }
        try volumes(pod).refresh(content, at: engine.runtime.now())
    }

    /// Where the process ids of the pod are, if its containers share them. A first process that has ended took all of
    /// them with it, and there is another for those that come.
    func sharedProcessIDs(_ pod: Pod, _ connection: MonitorConnection) throws -> String? {
        guard pod.spec.shareProcessNamespace == true, !pod.spec.hostPID else { return nil }
        if let pid = state.withLock({ $0.podInit }) { return "/proc/\(pid)/ns/pid" }
        try forget(PodSandbox.podInitID, connection)
        let path = ResourceLimits.cgroup(of: pod, parent: engine.configuration.cgroupParent) + "/init"
        let cgroup = try Cgroup(layout: engine.containers.facts.cgroups, path: path)
        let pid = try engine.containers.startPodInit(PodSandbox.podInitID, cgroup: cgroup, on: connection)
        state.withLock { $0.podInit = pid }
        return "/proc/\(pid)/ns/pid"
    }

    // MARK: - the monitor's events

    func handler() -> @Sendable (MonitorConnection.Event) -> Void {
        { [weak self] event in
            guard let self else { return }
            switch event {
            case .exited(let status):
                if status.isExec {
                    onEvent(.execEnded(id: status.id, exitCode: status.exitCode))
                } else if status.id == PodSandbox.podInitID {
                    state.withLock { $0.podInit = nil }
                } else if let file = state.withLock({ $0.containers[status.id] }) {
                    onEvent(.exited(container: file.name, termination(status, file)))
                }
            case .output(let id, let stream, let bytes): onEvent(.output(id: id, stream: stream, bytes: bytes))
            case .logBlocked(let id, let code):
                engine.log.warning(
                    "a container's log cannot be written",
                    [("container.id", id), ("errno", SystemError.name(of: code))])
            case .lost:
                state.withLock { $0.connection = nil }
                onEvent(.monitorLost)
            }
        }
    }

    /// How a container ended, with what it says about it.
    func termination(_ status: TaskStatus, _ file: ContainerFile) -> Termination {
        let code = status.exitCode ?? 137
        var reason = code == 0 ? "Completed" : "Error"
        if status.isOOMKilled { reason = "OOMKilled" }
        if status.exitCode == nil { reason = "ContainerStatusUnknown" }
        var message = ""
        if let bytes = try? Files.read(file.folder + "/termination-log", limit: 4096) {
            message = String(decoding: bytes.prefix(4096), as: UTF8.self)
        }
        if message.isEmpty, code != 0, file.messagePolicy == "FallbackToLogsOnError" {
            message = ContainerLog.tail(file.logPath, lines: 80, bytes: 2048)
        }
        return Termination(
            id: file.id, exitCode: code, signal: status.exitCode == nil ? 0 : status.signal > 0 ? 0 : status.signal,
            reason: reason, message: message,
            startedAt: status.started ?? file.started.map { Timestamp(nanoseconds: $0) },
            finishedAt: status.finished ?? engine.runtime.now())
    }

    // MARK: - taking down

    /// Removes everything but the logs. Containers that still run are killed. Called again after a failure it goes on.
    package func tearDown() throws {
        let files = state.withLock { Array($0.containers.values) }
        let pod = try PodSandbox.podFile(runFolder)
        for file in files { try removeContainer(file) }
        if let pod {
            let cgroup = try Cgroup(layout: engine.containers.facts.cgroups, path: pod.cgroup)
            cgroup.signalAll(SIGKILL)
            try cgroup.remove()
            if let connection = state.withLock({ $0.connection }) { try forget(PodSandbox.podInitID, connection) }
            if pod.hasHostPorts > 0 {
                try engine.firewall?.apply(
                    (0..<pod.hasHostPorts).map { (name: "hostport:\(uid):\($0)", service: nil) })
            }
        }
        try endMonitor()
        state.withLock { $0 = State() }
        try engine.network.detach(owner: uid)
        try engine.containers.removeSandbox(folder: runFolder)
        try Mounts.removeTree(dataFolder)
        try Mounts.removeTree(runFolder)
    }

    private func endMonitor() throws {
        if let connection = state.withLock({ $0.connection }) {
            do throws(SystemError) {
                try connection.shutdown()
            } catch {
                guard error.errno == ECONNRESET || error.errno == EPIPE else { throw error }
            }
            return
        }
        guard let text = try? Files.text(runFolder + "/monitor.pid"), let pid = Int32(text.filter(\.isNumber)),
            PodSandbox.isMonitor(pid)
        else { return }
        kill(pid, SIGKILL)
    }

    /// A number alone may be another process' by now.
    private static func isMonitor(_ pid: Int32) -> Bool {
        ((try? Files.text("/proc/\(pid)/cmdline")) ?? "").contains("monitor")
    }

    static func podFile(_ folder: String) throws -> PodFile? {
        guard Files.exists(folder + "/pod.json") else { return nil }
        return try OCICodec.decode(PodFile.self, from: Files.read(folder + "/pod.json"), named: folder + "/pod.json")
    }

    /// Removes the logs, too: the pod's object is gone.
    package func removeLogs() throws {
        let prefix = "\(name)_\(namespace)_"
        for link in try Files.names(in: engine.configuration.containerLogFolder) where link.hasPrefix(prefix) {
            let path = "\(engine.configuration.containerLogFolder)/\(link)"
            if let target = try? AtomicFolder.readLink(path), target.hasPrefix(logFolder + "/") { unlink(path) }
        }
        try Mounts.removeTree(logFolder)
    }

    /// Where the pod's object is unknown: everything of a uid, whatever it was.
    package static func removeOrphan(_ uid: String, of engine: Engine) throws {
        let folder = "\(engine.configuration.runFolder)/\(uid)"
        let file = try podFile(folder)
        let sandbox = PodSandbox(
            engine: engine, namespace: file?.namespace ?? "", name: file?.name ?? "", uid: uid, onEvent: { _ in })
        sandbox.loadContainers()
        try sandbox.tearDown()
        if file != nil { try sandbox.removeLogs() }
    }
}
