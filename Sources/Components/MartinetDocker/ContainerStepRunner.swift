import Dispatch
import Glibc
import MartinetBase
import MartinetBuilder
import MartinetContainers
import MartinetEngine
import MartinetImages
import MartinetNetwork
import MartinetOCI
import MartinetStagePlan

/// Does the RUNs of a build in containers of their own, with docker's usual rights.
struct ContainerStepRunner: StepRunner {
    enum Network: Sendable { case own, host, none }

    let configuration: DockerConfiguration
    let runtime: any Runtime
    let network: Network
    let log: Log

    func run(_ step: BuildStep, output: @Sendable ([UInt8]) -> Void) throws -> Int32 {
        let id = "build-" + String(runtime.random(), radix: 16)
        let folder = "\(configuration.run)/builds/\(id)"
        try Files.makeFolders(folder, mode: 0o711)
        let engine = network == .own ? try DockerEngine(configuration, runtime: runtime, log: log) : nil
        let points = MountPoints(root: step.rootfs)
        defer {
            points.restore()
            if let engine {
                do { try engine.detach(owner: id) } catch {
                    log.warning("a step's network stays", [("owner", id), ("error", "\(error)")])
                }
            }
            removeFolder(id)
        }
        let spec = try spec(step, id, folder: folder, network: try engine?.attach(owner: id))
        return try runToItsEnd(spec, id, folder, output)
    }

    private func runToItsEnd(
        _ spec: OCISpec, _ id: String, _ folder: String, _ output: @Sendable ([UInt8]) -> Void
    ) throws -> Int32 {
        let containers = try ContainerRuntime()
        let events = EventQueue()
        let monitor = try containers.startMonitor(folder: folder) { events.add($0) }
        defer { try? monitor.shutdown() }  // it has nothing left to watch
        let container = try containers.create(
            ContainerRuntime.ContainerRequest(id: id, spec: spec, bundle: folder, logPath: nil), on: monitor)
        defer {
            container.cgroup.signalAll(SIGKILL)
            try? container.cgroup.remove()  // an empty folder in memory
        }
        try monitor.attach(id)
        try containers.start(container, on: monitor)
        while true {
            switch events.next() {
            case .output(_, _, let bytes): output(bytes)
            case .exited(let status) where status.id == id:
                let code = status.exitCode ?? 137
                try? monitor.remove(id)  // the monitor ends with it
                return code
            case .lost: throw BuildError(nil, "the step's monitor is gone")
            default: break
            }
        }
    }

    private func spec(_ step: BuildStep, _ id: String, folder: String, network path: String?) throws -> OCISpec {
        let account = try Account(step.user, in: try OpenFile.folder(step.rootfs))
        var process = OCIProcess(args: step.arguments, env: step.environment, cwd: step.workingDirectory)
        process.user = OCIUser(uid: account.uid, gid: account.gid)
        process.user?.additionalGids = [account.gid] + account.groups.filter { $0 != account.gid }
        if !step.environment.contains(where: { $0.hasPrefix("HOME=") }) {
            let home = account.home ?? ""
            process.env = step.environment + ["HOME=\(home.isEmpty ? "/" : home)"]
        }
        process.capabilities = OCICapabilities(
            bounding: UsualRights.capabilities, effective: UsualRights.capabilities,
            permitted: UsualRights.capabilities)
        var spec = OCISpec(process: process, root: OCIRoot(path: step.rootfs))
        spec.mounts = OCISpec.standardMounts
        if network != .none {
            let resolver = folder + "/resolv.conf"
            try Files.replace(resolver, try Files.read("/etc/resolv.conf"), mode: 0o644)
            spec.mounts?.append(
                OCIMount(
                    destination: "/etc/resolv.conf", type: "bind", source: resolver,
                    options: ["bind", "rprivate", "ro"]))
        }
        var namespaces = ["mount", "uts", "ipc", "pid"].map { OCINamespace(type: $0) }
        switch network {
        case .own: namespaces.append(OCINamespace(type: "network", path: path))
        case .none: namespaces.append(OCINamespace(type: "network"))
        case .host: break
        }
        var linux = OCILinux(namespaces: namespaces, cgroupsPath: "\(configuration.cgroupParent)/\(id)")
        linux.resources = OCIResources()
        linux.resources?.devices = [OCIDeviceRule(allow: false, access: "rwm")]
        linux.maskedPaths = OCISpec.standardMaskedPaths
        linux.readonlyPaths = OCISpec.standardReadonlyPaths
        spec.linux = linux
        return spec
    }

    private func removeFolder(_ id: String) {
        guard let parent = try? OpenFile.folder(configuration.run + "/builds") else { return }
        try? FileTree.remove(id, in: parent)  // on a tmpfs, and named after this step
    }
}

/// The places that a container's mounts need: made for a step where they are not there, and taken away after it, so that
/// the layer holds what the step did and nothing else.
private struct MountPoints {
    private let root: String
    private var made: [(path: String, isFolder: Bool)] = []

    init(root: String) {
        self.root = root
        for path in ["proc", "dev", "sys", "etc", "etc/resolv.conf"] where !MountPoints.exists("\(root)/\(path)") {
            let isFolder = path != "etc/resolv.conf"
            // Made here, as a step may add to `/etc` and its mode then stays.
            if isFolder { mkdir("\(root)/\(path)", 0o755) }
            made.append((path, isFolder))
        }
    }

    /// What a step has put something into stays.
    func restore() {
        for point in made.reversed() {
            let path = "\(root)/\(point.path)"
            if point.isFolder {
                rmdir(path)
            } else {
                var facts = stat()
                if lstat(path, &facts) == 0, facts.st_size == 0 { unlink(path) }
            }
        }
    }

    private static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }
}
