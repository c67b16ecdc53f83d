extension OCISpec {
    /// A shell in namespaces of its own with few capabilities: what `spec` writes as a start.
    package static func example() -> OCISpec {
        let kept = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
        var process = OCIProcess(
            args: ["sh"], env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            terminal: true)
        process.capabilities = OCICapabilities(bounding: kept, effective: kept, permitted: kept)
        process.rlimits = [OCIRlimit(type: "RLIMIT_NOFILE", hard: 1024, soft: 1024)]
        process.noNewPrivileges = true
        var spec = OCISpec(
            process: process, root: OCIRoot(path: "rootfs", readonly: true), hostname: "martinet",
            mounts: standardMounts)
        spec.linux = OCILinux(
            namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map { OCINamespace(type: $0) })
        spec.linux?.resources = OCIResources()
        spec.linux?.resources?.devices = [OCIDeviceRule(allow: false, access: "rwm")]
        spec.linux?.maskedPaths = standardMaskedPaths
        spec.linux?.readonlyPaths = standardReadonlyPaths
        return spec
    }

    /// The file systems that programs expect (`config-linux.md`, Default Filesystems).
    package static var standardMounts: [OCIMount] {
        let closed = ["nosuid", "noexec", "nodev"]
        return [
            OCIMount(destination: "/proc", type: "proc", source: "proc", options: closed),
            OCIMount(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            OCIMount(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            OCIMount(
                destination: "/dev/shm", type: "tmpfs", source: "shm", options: closed + ["mode=1777", "size=65536k"]),
            OCIMount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: closed),
            OCIMount(destination: "/sys", type: "sysfs", source: "sysfs", options: closed + ["ro"]),
            OCIMount(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: closed + ["relatime", "ro"]),
        ]
    }

    /// What tells of, or reaches, the host.
    package static var standardMaskedPaths: [String] {
        [
            "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
            "/sys/devices/virtual/powercap",
        ]
    }

    /// What may be read and not changed.
    package static var standardReadonlyPaths: [String] {
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    }
}
