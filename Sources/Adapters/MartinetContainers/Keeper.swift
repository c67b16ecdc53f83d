package import MartinetBase

/// What the keeper holds and starts; see `keeper.c` for the bytes and for what a worker finds in its environment.
package struct KeeperConfiguration: Hashable, Sendable {
    /// A listening socket; the workers have them as descriptors 3, 4, … in this order.
    package enum Listener: Hashable, Sendable {
        /// A numeric IPv4 or IPv6 address.
        case tcp(address: String, port: UInt16)
        case unix(path: String, mode: UInt16)
    }

    package struct Worker: Hashable, Sendable {
        package var name: String
        /// The program's path, then its arguments; at most 62.
        package var command: [String]
        /// Without a byte on its heartbeat pipe for so many seconds it is ended and started again; 0: never.
        package var heartbeatSeconds: Int
        /// 0 keeps the keeper's own.
        package var uid: UInt32
        package var gid: UInt32
        package var pidFile: String?
        package init(
            name: String, command: [String], heartbeatSeconds: Int = 0, uid: UInt32 = 0, gid: UInt32 = 0,
            pidFile: String? = nil
        ) {
            self.name = name
            self.command = command
            self.heartbeatSeconds = heartbeatSeconds
            self.uid = uid
            self.gid = gid
            self.pidFile = pidFile
        }
    }

    package var listeners: [Listener]
    package var workers: [Worker]
    package var environment: [String]
    /// Where the keeper says its process id; who it is changes when it is killed and its twin takes over.
    package var pidFile: String?

    package init(listeners: [Listener], workers: [Worker], environment: [String] = [], pidFile: String? = nil) {
        self.pidFile = pidFile
        self.listeners = listeners
        self.workers = workers
        self.environment = environment
    }

    var bytes: [UInt8] {
        var words = ["martinet-keeper", "1"]
        if let pidFile { words += ["pid-file", pidFile] }
        for entry in environment { words += ["environment", entry] }
        for listener in listeners {
            switch listener {
            case .tcp(let address, let port): words += ["listen", "tcp", address, "\(port)"]
            case .unix(let path, let mode): words += ["listen", "unix", path, String(mode, radix: 8)]
            }
        }
        for worker in workers {
            words += ["worker", worker.name, "\(worker.heartbeatSeconds)", "\(worker.uid)", "\(worker.gid)"]
            words += [worker.pidFile ?? "", "\(worker.command.count)"] + worker.command
        }
        return words.flatMap { Array($0.utf8) + [0] }
    }
}

extension Stage {
    /// Starts a keeper as a child of this process, in a session of its own; returns its process id.
    ///
    /// It ends at once with the errno of an address that it cannot listen on, and with 0 once SIGTERM has ended its
    /// workers.
    package func startKeeper(
        _ configuration: KeeperConfiguration, log: Descriptor? = nil
    ) throws(SystemError) -> Int32 {
        let file = try Descriptor.sealedFile("keeper", configuration.bytes)
        let output = log?.number ?? -1
        let pid = try spawn(["martinet-keeper", "keeper", "3"], [-1, output, output, file.number], newSession: true)
        withExtendedLifetime((file, log)) {}
        return pid
    }
}
