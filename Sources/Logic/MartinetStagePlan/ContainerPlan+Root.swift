import CMartinetStage
import MartinetOCI

extension StagePlan {
    /// The new mount namespace's root: nothing mounted from here on reaches the host, unless the container asks for it.
    mutating func addRoot(_ inputs: ContainerPlanInputs, _ root: OCIRoot) throws(OCIError) {
        let path = root.path.utf8.first == 47 ? root.path : inputs.bundle + "/" + root.path
        let wanted = inputs.spec.linux?.rootfsPropagation ?? ""
        let isShared = wanted == "shared" || wanted == "rshared"
        if isShared {
            guard let parent = inputs.rootfsParentMount else {
                throw OCIError(
                    code: .unsupported, message: "linux.rootfsPropagation: \(wanted) needs the rootfs' parent mount")
            }
            add(
                StageOperation(
                    MARTINET_OP_PROPAGATION, "mount(private \(parent))", texts: [parent], a: LinuxNumbers.private))
        } else {
            // pivot_root(2) refuses a shared parent, and the host must not see the container's mounts.
            add(
                StageOperation(
                    MARTINET_OP_PROPAGATION, "mount(rslave /)", texts: ["/"],
                    a: LinuxNumbers.slave | LinuxNumbers.recursive))
        }
        add(
            StageOperation(
                MARTINET_OP_MOUNT, "mount(\(path))", texts: [path, path, "", ""],
                a: LinuxNumbers.bind | LinuxNumbers.recursive))
        add(StageOperation(MARTINET_OP_ROOT, "open(\(path))", texts: [path]))
    }

    /// The devices and links that every container has (`config-linux.md`, Default Devices), then its own.
    mutating func addDevices(_ inputs: ContainerPlanInputs) throws(OCIError) {
        let ownDev = (inputs.spec.mounts ?? []).first { $0.destination == "/dev" || $0.destination == "/dev/" }
        // A /dev from the host has them all; what a container shares is not to be changed.
        if let ownDev,
            ownDev.type == "bind" || (ownDev.options ?? []).contains(where: { $0 == "bind" || $0 == "rbind" })
        {
            return
        }
        let defaults: [(String, UInt64, UInt64)] = [
            ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
        ]
        for (name, major, minor) in defaults {
            addDevice("/dev/\(name)", 0o020666, major, minor, owner: 0, inputs)
        }
        for device in inputs.spec.linux?.devices ?? [] {
            guard let type = ["c": 0o020000, "u": 0o020000, "b": 0o060000, "p": 0o010000][device.type] as UInt64? else {
                throw OCIError(code: .invalid, message: "linux.devices: \(device.path) has the type \(device.type)")
            }
            guard let major = UInt64(exactly: device.major ?? 0), let minor = UInt64(exactly: device.minor ?? 0),
                major < 1 << 12, minor < 1 << 20, device.path.utf8.first == 47
            else {
                throw OCIError(code: .invalid, message: "linux.devices: \(device.path) has no usable path or number")
            }
            let owner = UInt64(device.uid ?? 0) | UInt64(device.gid ?? 0) << 32
            addDevice(
                device.path, type | UInt64((device.fileMode ?? 0o666) & 0o7777), major, minor, owner: owner, inputs)
        }
        for (target, name) in [
            ("/proc/self/fd", "/dev/fd"), ("/proc/self/fd/0", "/dev/stdin"), ("/proc/self/fd/1", "/dev/stdout"),
            ("/proc/self/fd/2", "/dev/stderr"), ("pts/ptmx", "/dev/ptmx"),
        ] {
            add(StageOperation(MARTINET_OP_SYMLINK, "symlink(\(name))", texts: [target, name], flags: .inRoot))
        }
    }

    private mutating func addDevice(
        _ path: String, _ mode: UInt64, _ major: UInt64, _ minor: UInt64, owner: UInt64, _ inputs: ContainerPlanInputs
    ) {
        if inputs.hasUserNamespace {
            // mknod(2) is the host's alone; the host's own node is bound instead.
            add(
                StageOperation(
                    MARTINET_OP_MOUNT, "mount(\(path))", texts: [path, path, "", ""], a: LinuxNumbers.bind,
                    flags: [.inRoot, .make, .file]))
            return
        }
        add(
            StageOperation(
                MARTINET_OP_MKNOD, "mknod(\(path))", texts: [path], a: mode,
                b: LinuxNumbers.device(major: major, minor: minor), c: owner, flags: .inRoot))
    }
}
