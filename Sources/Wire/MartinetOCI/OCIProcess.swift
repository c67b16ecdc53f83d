/// The program, and as whom it runs (`config.md`, Process).
package struct OCIProcess: Codable, Hashable, Sendable {
    package var terminal: Bool?
    package var consoleSize: ConsoleSize?
    package var user: OCIUser?
    package var args: [String]?
    package var commandLine: String?
    package var env: [String]?
    package var cwd: String
    package var capabilities: OCICapabilities?
    package var rlimits: [OCIRlimit]?
    package var noNewPrivileges: Bool?
    package var apparmorProfile: String?
    package var oomScoreAdj: Int?
    package var selinuxLabel: String?
    package var scheduler: OCIPresence?
    package var ioPriority: OCIPresence?
    package var execCPUAffinity: OCIPresence?

    /// In characters.
    package struct ConsoleSize: Codable, Hashable, Sendable {
        package var height: UInt16
        package var width: UInt16
        package init(height: UInt16, width: UInt16) {
            self.height = height
            self.width = width
        }
    }

    package init(
        args: [String], env: [String] = [], cwd: String = "/", user: OCIUser = OCIUser(), terminal: Bool = false
    ) {
        self.args = args
        self.env = env
        self.cwd = cwd
        self.user = user
        self.terminal = terminal
    }
}

package struct OCIUser: Codable, Hashable, Sendable {
    package var uid: UInt32?
    package var gid: UInt32?
    package var umask: UInt32?
    package var additionalGids: [UInt32]?

    package init(uid: UInt32 = 0, gid: UInt32 = 0, umask: UInt32? = nil, additionalGids: [UInt32]? = nil) {
        self.uid = uid
        self.gid = gid
        self.umask = umask
        self.additionalGids = additionalGids
    }
}

/// Names as capabilities(7) has them, `CAP_CHOWN`.
package struct OCICapabilities: Codable, Hashable, Sendable {
    package var bounding: [String]?
    package var effective: [String]?
    package var inheritable: [String]?
    package var permitted: [String]?
    package var ambient: [String]?

    package init(
        bounding: [String] = [], effective: [String] = [], inheritable: [String] = [], permitted: [String] = [],
        ambient: [String] = []
    ) {
        self.bounding = bounding
        self.effective = effective
        self.inheritable = inheritable
        self.permitted = permitted
        self.ambient = ambient
    }
}

/// `RLIMIT_NOFILE` and its kin; see getrlimit(2).
package struct OCIRlimit: Codable, Hashable, Sendable {
    package var type: String
    package var hard: UInt64
    package var soft: UInt64

    package init(type: String, hard: UInt64, soft: UInt64) {
        self.type = type
        self.hard = hard
        self.soft = soft
    }
}
