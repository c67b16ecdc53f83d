import MartinetOCI

/// The kernel's numbers that a plan is made of; the same on x86_64 and arm64 (uapi: mount.h, sched.h, capability.h).
package enum LinuxNumbers {
    static let readOnly: UInt64 = 1
    static let noSuid: UInt64 = 2
    static let noDev: UInt64 = 4
    static let noExec: UInt64 = 8
    static let remount: UInt64 = 32
    static let bind: UInt64 = 4096
    static let move: UInt64 = 8192
    static let recursive: UInt64 = 16384
    static let `private`: UInt64 = 1 << 18
    static let slave: UInt64 = 1 << 19
    static let shared: UInt64 = 1 << 20
    static let unbindable: UInt64 = 1 << 17

    /// Mount options that set or clear a flag (mount(8)).
    static let mountOptions: [String: (set: Bool, flag: UInt64)] = [
        "ro": (true, 1), "rw": (false, 1), "nosuid": (true, 2), "suid": (false, 2), "nodev": (true, 4),
        "dev": (false, 4), "noexec": (true, 8), "exec": (false, 8), "sync": (true, 16), "async": (false, 16),
        "remount": (true, 32), "mand": (true, 64), "nomand": (false, 64), "dirsync": (true, 128),
        "nosymfollow": (true, 256), "symfollow": (false, 256), "noatime": (true, 1024), "atime": (false, 1024),
        "nodiratime": (true, 2048), "diratime": (false, 2048), "bind": (true, 4096), "rbind": (true, 4096 | 16384),
        "silent": (true, 32768), "loud": (false, 32768), "relatime": (true, 1 << 21), "norelatime": (false, 1 << 21),
        "iversion": (true, 1 << 23), "noiversion": (false, 1 << 23), "strictatime": (true, 1 << 24),
        "nostrictatime": (false, 1 << 24), "lazytime": (true, 1 << 25), "nolazytime": (false, 1 << 25),
        "defaults": (false, 0),
    ]

    static let propagations: [String: UInt64] = [
        "private": `private`, "rprivate": `private` | recursive, "slave": slave, "rslave": slave | recursive,
        "shared": shared, "rshared": shared | recursive, "unbindable": unbindable,
        "runbindable": unbindable | recursive,
    ]

    /// CLONE_NEW* by the specification's names.
    package static let namespaces: [String: UInt64] = [
        "time": 0x80, "mount": 0x0002_0000, "cgroup": 0x0200_0000, "uts": 0x0400_0000, "ipc": 0x0800_0000,
        "user": 0x1000_0000, "pid": 0x2000_0000, "network": 0x4000_0000,
    ]
    /// The file below /proc/<pid>/ns of each.
    package static let namespaceFiles: [String: String] = [
        "time": "time", "mount": "mnt", "cgroup": "cgroup", "uts": "uts", "ipc": "ipc", "user": "user", "pid": "pid",
        "network": "net",
    ]

    /// In the order of their numbers, from 0.
    package static let capabilities = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ].map { "CAP_" + $0 }

    static let sysAdmin: UInt64 = 1 << 21

    /// RLIMIT_* in the order of their numbers, from 0 (asm-generic/resource.h).
    package static let rlimits = [
        "CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS", "SIGPENDING",
        "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
    ].map { "RLIMIT_" + $0 }

    /// A device number as the kernel's mknod takes it (sysmacros.h).
    static func device(major: UInt64, minor: UInt64) -> UInt64 {
        (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32
    }

    /// The mask of named capabilities.
    static func mask(_ names: [String]?) throws(OCIError) -> UInt64 {
        var mask: UInt64 = 0
        for name in names ?? [] {
            guard let number = capabilities.firstIndex(of: name) else {
                throw OCIError(code: .invalid, message: "process.capabilities: \(name) is no capability known here")
            }
            mask |= 1 << UInt64(number)
        }
        return mask
    }

    /// The names in a mask, by number.
    static func names(_ mask: UInt64) -> String {
        capabilities.indices.filter { mask >> UInt64($0) & 1 == 1 }.map { capabilities[$0] }.joined(separator: ", ")
    }
}
