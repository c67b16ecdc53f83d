/// What only Linux has (`config-linux.md`).
package struct OCILinux: Codable, Hashable, Sendable {
    package var namespaces: [OCINamespace]?
    package var uidMappings: [OCIIDMapping]?
    package var gidMappings: [OCIIDMapping]?
    package var timeOffsets: [String: OCITimeOffset]?
    package var devices: [OCIDevice]?
    package var cgroupsPath: String?
    package var resources: OCIResources?
    package var rootfsPropagation: String?
    package var seccomp: OCISeccomp?
    package var sysctl: [String: String]?
    package var maskedPaths: [String]?
    package var readonlyPaths: [String]?
    package var mountLabel: String?
    package var intelRdt: OCIPresence?
    package var personality: OCIPersonality?

    package init(namespaces: [OCINamespace]? = nil, cgroupsPath: String? = nil, resources: OCIResources? = nil) {
        self.namespaces = namespaces
        self.cgroupsPath = cgroupsPath
        self.resources = resources
    }
}

/// A namespace: a new one, or the one that `path` names.
package struct OCINamespace: Codable, Hashable, Sendable {
    package var type: String
    package var path: String?
    package init(type: String, path: String? = nil) {
        self.type = type
        self.path = path
    }
}

package struct OCIIDMapping: Codable, Hashable, Sendable {
    package var containerID: UInt32
    package var hostID: UInt32
    package var size: UInt32
    package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
        self.containerID = containerID
        self.hostID = hostID
        self.size = size
    }
}

package struct OCITimeOffset: Codable, Hashable, Sendable {
    package var secs: Int64?
    package var nanosecs: UInt32?
}

package struct OCIPersonality: Codable, Hashable, Sendable {
    package var domain: String
    package var flags: [String]?
}

package struct OCIDevice: Codable, Hashable, Sendable {
    package var type: String
    package var path: String
    package var major: Int64?
    package var minor: Int64?
    package var fileMode: UInt32?
    package var uid: UInt32?
    package var gid: UInt32?
    package init(type: String, path: String, major: Int64, minor: Int64, fileMode: UInt32? = nil) {
        self.type = type
        self.path = path
        self.major = major
        self.minor = minor
        self.fileMode = fileMode
    }
}

/// The limits that the container's cgroup gets; `update` reads the same object.
package struct OCIResources: Codable, Hashable, Sendable {
    package var devices: [OCIDeviceRule]?
    package var memory: OCIMemory?
    package var cpu: OCICPU?
    package var pids: OCIPids?
    package var blockIO: OCIPresence?
    package var hugepageLimits: [OCIPresence]?
    package var network: OCIPresence?
    package var rdma: [String: OCIPresence]?
    /// Cgroup v2 files by name.
    package var unified: [String: String]?
    package init(memory: OCIMemory? = nil, cpu: OCICPU? = nil, pids: OCIPids? = nil) {
        self.memory = memory
        self.cpu = cpu
        self.pids = pids
    }
}

/// `devices.allow` or `devices.deny`.
package struct OCIDeviceRule: Codable, Hashable, Sendable {
    package var allow: Bool
    package var type: String?
    package var major: Int64?
    package var minor: Int64?
    package var access: String?
    package init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil) {
        self.allow = allow
        self.type = type
        self.major = major
        self.minor = minor
        self.access = access
    }
}

/// Bytes; −1 is no limit.
package struct OCIMemory: Codable, Hashable, Sendable {
    package var limit: Int64?
    package var reservation: Int64?
    /// Memory and swap together.
    package var swap: Int64?
    package var kernel: Int64?
    package var kernelTCP: Int64?
    package var swappiness: UInt64?
    package var disableOOMKiller: Bool?
    package var useHierarchy: Bool?
    package var checkBeforeUpdate: Bool?
    package init(limit: Int64? = nil, swap: Int64? = nil) {
        self.limit = limit
        self.swap = swap
    }
}

/// Periods and quotas are microseconds.
package struct OCICPU: Codable, Hashable, Sendable {
    /// Cgroup v1's weight, 2…262144.
    package var shares: UInt64?
    package var quota: Int64?
    package var burst: UInt64?
    package var period: UInt64?
    package var realtimeRuntime: Int64?
    package var realtimePeriod: UInt64?
    package var cpus: String?
    package var mems: String?
    package var idle: Int64?
    package init(shares: UInt64? = nil, quota: Int64? = nil, period: UInt64? = nil) {
        self.shares = shares
        self.quota = quota
        self.period = period
    }
}

package struct OCIPids: Codable, Hashable, Sendable {
    package var limit: Int64
    package init(limit: Int64) { self.limit = limit }
}

/// A filter over system calls (`config-linux.md`, Seccomp).
package struct OCISeccomp: Codable, Hashable, Sendable {
    package var defaultAction: String
    package var defaultErrnoRet: UInt32?
    package var architectures: [String]?
    package var flags: [String]?
    package var listenerPath: String?
    package var listenerMetadata: String?
    package var syscalls: [Rule]?

    package struct Rule: Codable, Hashable, Sendable {
        package var names: [String]
        package var action: String
        package var errnoRet: UInt32?
        package var args: [Argument]?
        package init(names: [String], action: String, errnoRet: UInt32? = nil, args: [Argument]? = nil) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    package struct Argument: Codable, Hashable, Sendable {
        package var index: UInt32
        package var value: UInt64
        package var valueTwo: UInt64?
        package var op: String
        package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }

    package init(defaultAction: String, syscalls: [Rule] = []) {
        self.defaultAction = defaultAction
        self.syscalls = syscalls
    }
}
