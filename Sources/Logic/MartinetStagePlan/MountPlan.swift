import CMartinetStage
import MartinetOCI

/// A mount's options, sorted into what mount(2) wants.
struct MountOptions {
    var flags: UInt64 = 0
    var cleared: UInt64 = 0
    var propagation: [UInt64] = []
    var data: [String] = []

    init(_ mount: OCIMount) throws(OCIError) {
        for option in mount.options ?? [] {
            if let (set, flag) = LinuxNumbers.mountOptions[option] {
                flags = set ? flags | flag : flags & ~flag
                cleared = set ? cleared & ~flag : cleared | flag
            } else if let propagation = LinuxNumbers.propagations[option] {
                self.propagation.append(propagation)
            } else if MountOptions.unsupported.contains(option) {
                throw OCIError(
                    code: .unsupported, message: "mount \(mount.destination): the option \(option) is not supported")
            } else {
                data.append(option)
            }
        }
    }

    /// Options that are instructions to a runtime, not the file system's.
    private static let unsupported: Set<String> = [
        "idmap", "ridmap", "tmpcopyup", "rro", "rrw", "rnosuid", "rsuid", "rnodev", "rdev", "rnoexec", "rexec",
        "rnoatime", "ratime", "rrelatime", "rnorelatime", "rstrictatime", "rnostrictatime", "rnosymfollow",
        "rsymfollow", "rdiratime", "rnodiratime",
    ]
}

extension StagePlan {
    /// One mount of the specification, inside the root.
    mutating func add(_ mount: OCIMount, inputs: ContainerPlanInputs) throws(OCIError) {
        guard mount.destination.utf8.first == 47 else {
            throw OCIError(code: .invalid, message: "mount \(mount.destination): the destination is not absolute")
        }
        guard mount.uidMappings == nil, mount.gidMappings == nil else {
            throw OCIError(
                code: .unsupported, message: "mount \(mount.destination): uidMappings and gidMappings are not supported"
            )
        }
        let options = try MountOptions(mount)
        let type = mount.type ?? "none"
        if type == "cgroup" || type == "cgroup2" {
            addCgroupMount(mount, options, inputs)
        } else if type == "bind" || options.flags & LinuxNumbers.bind != 0 {
            try addBind(mount, options, inputs)
        } else {
            let source = mount.source ?? type
            let data = options.data.joined(separator: ",")
            guard data.utf8.count < 4096 else {  // a page: the kernel would cut it
                throw OCIError(code: .invalid, message: "mount \(mount.destination): options over 4095 bytes")
            }
            add(
                StageOperation(
                    MARTINET_OP_MOUNT, "mount(\(source) → \(mount.destination))",
                    texts: [source, mount.destination, type, data], a: options.flags, flags: [.inRoot, .make]))
        }
        for propagation in options.propagation {
            add(
                StageOperation(
                    MARTINET_OP_PROPAGATION, "mount(propagation of \(mount.destination))", texts: [mount.destination],
                    a: propagation, flags: .inRoot))
        }
    }

    private mutating func addBind(
        _ mount: OCIMount, _ options: MountOptions, _ inputs: ContainerPlanInputs
    ) throws(OCIError) {
        guard let given = mount.source, !given.isEmpty else {
            throw OCIError(code: .invalid, message: "mount \(mount.destination): a bind mount without a source")
        }
        guard options.data.isEmpty else {
            throw OCIError(
                code: .unsupported,
                message: "mount \(mount.destination): a bind mount with \(options.data.joined(separator: ","))")
        }
        let source = given.utf8.first == 47 ? given : inputs.bundle + "/" + given
        let how = LinuxNumbers.bind | (options.flags & LinuxNumbers.recursive)
        add(
            StageOperation(
                MARTINET_OP_MOUNT, "mount(\(source) → \(mount.destination))",
                texts: [source, mount.destination, "", ""],
                a: how, flags: [.inRoot, .make, .likeSource]))
        // The kernel ignores other flags on the bind itself (mount(2)), so they come as a change of the mount.
        let rest = options.flags & ~(LinuxNumbers.bind | LinuxNumbers.recursive)
        if rest != 0 || options.cleared != 0 {
            add(
                StageOperation(
                    MARTINET_OP_REMOUNT, "mount(flags of \(mount.destination))", texts: [mount.destination], a: rest,
                    b: options.cleared, flags: .inRoot))
        }
    }

    /// The container's own cgroup: version 2 as one mount; version 1 as a folder of one bind mount per hierarchy.
    private mutating func addCgroupMount(_ mount: OCIMount, _ options: MountOptions, _ inputs: ContainerPlanInputs) {
        let destination = mount.destination
        let label = "mount(cgroup → \(destination))"
        if inputs.facts.cgroups.isUnified {
            if inputs.hasNew("cgroup") {
                add(
                    StageOperation(
                        MARTINET_OP_MOUNT, label, texts: ["cgroup", destination, "cgroup2", ""], a: options.flags,
                        flags: [.inRoot, .make]))
                return
            }
            let source = inputs.facts.cgroups.folders(path: inputs.cgroupPath)[0]
            add(
                StageOperation(
                    MARTINET_OP_MOUNT, label, texts: [source, destination, "", ""],
                    a: LinuxNumbers.bind | LinuxNumbers.recursive, flags: [.inRoot, .make]))
            add(
                StageOperation(
                    MARTINET_OP_REMOUNT, label, texts: [destination], a: options.flags, flags: .inRoot))
            return
        }
        add(
            StageOperation(
                MARTINET_OP_MOUNT, label, texts: ["tmpfs", destination, "tmpfs", "mode=755"],
                a: options.flags & ~LinuxNumbers.readOnly, flags: [.inRoot, .make]))
        for hierarchy in inputs.facts.cgroups.entered {
            let place = destination + "/" + hierarchy.name
            let source = hierarchy.mountPoint + inputs.cgroupPath
            let label = "mount(\(source) → \(place))"
            add(
                StageOperation(
                    MARTINET_OP_MOUNT, label, texts: [source, place, "", ""], a: LinuxNumbers.bind,
                    flags: [.inRoot, .make]))
            add(
                StageOperation(
                    MARTINET_OP_REMOUNT, label, texts: [place], a: options.flags, flags: .inRoot))
            if hierarchy.controllers.count > 1 {
                for controller in hierarchy.controllers {
                    add(
                        StageOperation(
                            MARTINET_OP_SYMLINK, "symlink(\(destination)/\(controller))",
                            texts: [hierarchy.name, destination + "/" + controller], flags: .inRoot))
                }
            }
        }
        if options.flags & LinuxNumbers.readOnly != 0 {
            add(StageOperation(MARTINET_OP_REMOUNT, label, texts: [destination], a: options.flags, flags: .inRoot))
        }
    }
}
