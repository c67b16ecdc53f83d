import MartinetAPI
import MartinetOCI

extension SpecBuilder {
    func applySecurity(to process: inout OCIProcess) {
        let security = container.securityContext
        let names = isPrivileged ? SpecBuilder.allCapabilities : capabilities(security?.capabilities)
        process.capabilities = OCICapabilities(bounding: names, effective: names, permitted: names)
        process.noNewPrivileges = security?.allowPrivilegeEscalation == false
    }

    /// The usual ones of container engines, less `drop`, and `add`.
    private func capabilities(_ changes: Capabilities?) -> [String] {
        let normal = { (name: String) in name.hasPrefix("CAP_") ? name : "CAP_" + name }
        let add = Set((changes?.add ?? []).map { normal($0.uppercased()) })
        let drop = Set((changes?.drop ?? []).map { normal($0.uppercased()) })
        return SpecBuilder.allCapabilities.filter { name in
            if add.contains(name) { return true }
            if add.contains("CAP_ALL") { return !drop.contains(name) }
            if drop.contains("CAP_ALL") || drop.contains(name) { return false }
            return SpecBuilder.usualCapabilities.contains(name)
        }
    }

    private static let usualCapabilities: Set<String> = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ]

    /// In the order of capabilities(7)'s numbers.
    private static let allCapabilities = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    /// The filter of `RuntimeDefault`: what reaches the kernel itself, other namespaces or other processes is refused
    /// with EPERM, all else allowed. (Not a list of what is allowed, as other engines have it.)
    var seccomp: OCISeccomp? {
        let profile = container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile
        guard profile?.type == "RuntimeDefault", !isPrivileged else { return nil }
        let refused = [
            "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "delete_module", "finit_module", "fsconfig",
            "fsmount", "fsopen", "fspick", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup",
            "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "mount", "mount_setattr",
            "move_mount", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "process_vm_readv",
            "process_vm_writev", "quotactl", "quotactl_fd", "reboot", "request_key", "setns", "settimeofday",
            "swapoff", "swapon", "sysfs", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup",
        ]
        return OCISeccomp(
            defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [OCISeccomp.Rule(names: refused, action: "SCMP_ACT_ERRNO", errnoRet: 1)])
    }
}
