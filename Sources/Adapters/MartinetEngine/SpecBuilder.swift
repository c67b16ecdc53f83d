import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetImageSpec
import MartinetImages
import MartinetOCI
import MartinetPodLifecycle
import MartinetSchema

/// Turns a container of a pod, and what its image says, into an OCI specification.
struct SpecBuilder {
    let pod: Pod
    let container: Container
    let image: Image
    let content: PodContent
    let configuration: EngineConfiguration
    let volumes: VolumeSet
    let addresses: [String]
    /// Where the pod's network namespace is bound; nil on the host's.
    let networkPath: String?
    /// The pod's run folder, which binds its namespaces.
    let runFolder: String
    let dataFolder: String
    let containerFolder: String
    let rootfs: String
    let cgroupPath: String
    /// The namespace of process ids that it shares with others; nil for one of its own.
    var processIDs: String?

    var isPrivileged: Bool { container.securityContext?.privileged == true }

    func build() throws -> OCISpec {
        let environment = try environment()
        var process = OCIProcess(args: try arguments(environment), terminal: container.tty)
        let account = try account()
        process.user = account.user
        var complete = environment.over(image.defaults.environment ?? [])
        if complete.values["PATH"] == nil {
            complete.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        }
        if complete.values["HOSTNAME"] == nil { complete.set("HOSTNAME", hostname) }
        if complete.values["HOME"] == nil { complete.set("HOME", account.home) }
        if container.tty, complete.values["TERM"] == nil { complete.set("TERM", "xterm") }
        process.env = complete.list
        let folder = container.workingDir.isEmpty ? image.defaults.workingDirectory ?? "" : container.workingDir
        process.cwd = folder.isEmpty ? "/" : folder
        process.oomScoreAdj = ResourceLimits.oomScore(
            container, QOSClass(of: pod.spec), capacity: configuration.memoryCapacity)
        applySecurity(to: &process)
        var spec = OCISpec(process: process, root: OCIRoot(path: rootfs))
        spec.root?.readonly = container.securityContext?.readOnlyRootFilesystem == true
        spec.mounts = try mounts()
        spec.annotations = [
            "io.kubernetes.pod.name": pod.metadata.name, "io.kubernetes.pod.namespace": pod.metadata.namespace,
            "io.kubernetes.pod.uid": pod.metadata.uid, "io.kubernetes.container.name": container.name,
        ]
        spec.linux = linux()
        return spec
    }

    var hostname: String {
        pod.spec.hostNetwork ? configuration.nodeName : PodFiles(pod: pod, configuration: configuration).hostname
    }

    private func environment() throws(EngineError) -> Environment {
        try Environment(
            container, content: content,
            downward: DownwardAPI(pod: pod, addresses: addresses, configuration: configuration))
    }

    /// `command` stands for the image's entrypoint and takes away its command; `args` stands for its command.
    private func arguments(_ environment: Environment) throws -> [String] {
        let command = container.command.map { Environment.expand($0, with: environment.values) }
        let args = container.args.map { Environment.expand($0, with: environment.values) }
        var words = command.isEmpty ? image.defaults.entrypoint ?? [] : command
        words += args.isEmpty && command.isEmpty ? image.defaults.command ?? [] : args
        guard !words.isEmpty else {
            throw EngineError("RunContainerError", "no command specified, neither by the container nor by its image")
        }
        return words
    }

    // MARK: - who

    private func account() throws -> (user: OCIUser, home: String) {
        let own = container.securityContext
        let shared = pod.spec.securityContext
        let number = own?.runAsUser ?? shared?.runAsUser
        let root = try OpenFile.folder(rootfs)
        let found = try Account(number.map(String.init) ?? image.defaults.user ?? "", in: root)
        var user = OCIUser(uid: found.uid, gid: found.gid)
        if let group = own?.runAsGroup ?? shared?.runAsGroup {
            guard let gid = UInt32(exactly: group) else { throw EngineError.config("runAsGroup \(group) is no group") }
            user.gid = gid
        }
        if own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false, found.uid == 0 {
            let image = number == nil
            throw EngineError.config(
                image
                    ? "container has runAsNonRoot and image will run as root"
                    : "container's runAsUser breaks non-root policy")
        }
        var groups: [UInt32] = [user.gid ?? 0]
        if shared?.supplementalGroupsPolicy != "Strict" { groups += found.groups }
        for group in (shared?.supplementalGroups ?? []) + (shared?.fsGroup.map { [$0] } ?? []) {
            guard let gid = UInt32(exactly: group) else {
                throw EngineError.config("supplementalGroups: \(group) is no group")
            }
            if !groups.contains(gid) { groups.append(gid) }
        }
        user.additionalGids = groups
        let home = found.home ?? ""
        return (user, home.isEmpty ? "/" : home)
    }

    // MARK: - where

    private func linux() -> OCILinux {
        var namespaces = [OCINamespace(type: "mount")]
        if let networkPath { namespaces.append(OCINamespace(type: "network", path: networkPath)) }
        if !pod.spec.hostNetwork { namespaces.append(OCINamespace(type: "uts", path: runFolder + "/uts")) }
        if !pod.spec.hostIPC { namespaces.append(OCINamespace(type: "ipc", path: runFolder + "/ipc")) }
        if !pod.spec.hostPID { namespaces.append(OCINamespace(type: "pid", path: processIDs)) }
        var linux = OCILinux(namespaces: namespaces, cgroupsPath: cgroupPath)
        var resources = ResourceLimits.container(container)
        var sysctls: [String: String] = [:]
        // Ports below 1024 are the pod's own to give, as it has all of them for itself.
        if networkPath != nil { sysctls["net.ipv4.ip_unprivileged_port_start"] = "0" }
        for sysctl in pod.spec.securityContext?.sysctls ?? [] { sysctls[sysctl.name] = sysctl.value }
        linux.sysctl = sysctls
        if isPrivileged {
            resources.devices = [OCIDeviceRule(allow: true, access: "rwm")]
            linux.devices = SpecBuilder.hostDevices()
        } else {
            resources.devices = [OCIDeviceRule(allow: false, access: "rwm")]
            if container.securityContext?.procMount != "Unmasked" {
                linux.maskedPaths = OCISpec.standardMaskedPaths
                linux.readonlyPaths = OCISpec.standardReadonlyPaths
            }
        }
        linux.resources = resources
        linux.seccomp = seccomp
        return linux
    }

    /// The nodes of the host's `/dev`, for a privileged container.
    private static func hostDevices() -> [OCIDevice] {
        let skipped: Set<String> = ["pts", "shm", "fd", "mqueue", "console", "ptmx", "stdin", "stdout", "stderr"]
        let known: Set<String> = ["null", "zero", "full", "random", "urandom", "tty"]
        var devices: [OCIDevice] = []
        for name in (try? Files.names(in: "/dev")) ?? [] where !skipped.contains(name) && !known.contains(name) {
            var info = stat()
            guard lstat("/dev/\(name)", &info) == 0 else { continue }
            let kind = info.st_mode & S_IFMT
            guard kind == S_IFCHR || kind == S_IFBLK else { continue }
            let number = UInt64(info.st_rdev)
            let major = Int64((number >> 8) & 0xFFF)
            let minor = Int64((number & 0xFF) | ((number >> 12) & 0xFFF00))
            devices.append(
                OCIDevice(
                    type: kind == S_IFCHR ? "c" : "b", path: "/dev/\(name)", major: major, minor: minor,
                    fileMode: UInt32(info.st_mode & 0o7777)))
        }
        return devices
    }

    // MARK: - what it sees

    private func mounts() throws -> [OCIMount] {
        var mounts = OCISpec.standardMounts
        for index in mounts.indices {
            switch mounts[index].destination {
            case "/dev/shm":
                let source = pod.spec.hostIPC ? "/dev/shm" : dataFolder + "/shm"
                mounts[index] = OCIMount(
                    destination: "/dev/shm", type: "bind", source: source, options: ["rbind", "rw"])
            case "/sys", "/sys/fs/cgroup":
                if isPrivileged { mounts[index].options?.removeAll { $0 == "ro" } }
            default: break
            }
        }
        var own: [OCIMount] = []
        for (index, mount) in container.volumeMounts.enumerated() {
            own.append(try self.mount(mount, number: index))
        }
        let taken = Set(own.map(\.destination))
        for (name, destination) in [
            ("hosts", "/etc/hosts"), ("hostname", "/etc/hostname"), ("resolv.conf", "/etc/resolv.conf"),
        ]
        where !taken.contains(destination) {
            let source = "\(dataFolder)/etc/\(name)"
            mounts.append(
                OCIMount(destination: destination, type: "bind", source: source, options: ["bind", "rprivate", "rw"]))
        }
        let message = container.terminationMessagePath
        if !message.isEmpty, message.hasPrefix("/"), !taken.contains(message) {
            mounts.append(
                OCIMount(
                    destination: message, type: "bind", source: containerFolder + "/termination-log",
                    options: ["bind", "rprivate", "rw"]))
        }
        // What is deeper comes later, whatever the order in the pod: else it would be covered.
        let depth = { (mount: OCIMount) in mount.destination.split(separator: "/").count }
        let sorted = own.enumerated().sorted { (depth($0.element), $0.offset) < (depth($1.element), $1.offset) }
        return mounts + sorted.map(\.element)
    }

    private func mount(_ mount: VolumeMount, number: Int) throws -> OCIMount {
        guard let volume = pod.spec.volumes.first(where: { $0.name == mount.name }) else {
            throw EngineError.config("volumeMounts: there is no volume \(mount.name)")
        }
        var source = volumes.path(of: volume)
        var part = mount.subPath
        if !mount.subPathExpr.isEmpty {
            part = Environment.expand(mount.subPathExpr, with: try environment().values)
        }
        if !part.isEmpty {
            let target = "\(containerFolder)/parts/\(number)"
            try volumes.bindPart(part, of: volume, to: target)
            source = target
        }
        let destination = mount.mountPath.hasPrefix("/") ? mount.mountPath : "/" + mount.mountPath
        let propagation = ["HostToContainer": "rslave", "Bidirectional": "rshared"][mount.mountPropagation ?? ""]
        return OCIMount(
            destination: destination, type: "bind", source: source,
            options: ["rbind", propagation ?? "rprivate", mount.readOnly ? "ro" : "rw"])
    }
}
