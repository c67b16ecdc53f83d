import Glibc
import MartinetCommandLine
import MartinetContainers

/// What `docker run` was told, in a form that can be kept.
struct RunOptions: Codable, Sendable {
    struct Port: Codable, Sendable, Hashable {
        var address: String?
        /// Nil until a free one is taken.
        var host: UInt16?
        var container: UInt16
        /// `tcp`, `udp` or `sctp`.
        var transport: String
    }

    struct Mount: Codable, Sendable, Hashable {
        /// A folder or file of this machine, or a volume's name; nil: memory.
        var source: String?
        var target: String
        var isReadOnly: Bool
    }

    struct Restart: Codable, Sendable, Hashable {
        enum Policy: String, Codable, Sendable {
            case no, always, unlessStopped = "unless-stopped", onFailure = "on-failure"
        }
        var policy: Policy
        var limit: Int?
    }

    var command: [String]
    var isInteractive: Bool
    var hasTerminal: Bool
    var ports: [Port]
    var publishesAll: Bool
    var environment: [String]
    var mounts: [Mount]
    var removesItself: Bool
    var memory: Int64?
    /// Thousandths of a processor.
    var milliCPU: Int64?
    var restart: Restart
    var isPrivileged: Bool
    var usesHostProcesses: Bool
    var usesHostIPC: Bool
    var usesHostNetwork: Bool
    var folder: String?
    var user: String?
    /// Nil: the image's; one empty word: none.
    var entrypoint: String?
    var hostname: String?
    var isReadOnly: Bool
    var addedCapabilities: [String]
    var droppedCapabilities: [String]
    var labels: [String: String]
    var hosts: [String]
    var dns: [String]
    var stopSignal: String?
    var noNewPrivileges: Bool

    init(_ flags: FlagValues, command: [String]) throws {
        self.command = command
        isInteractive = flags.bool("interactive")
        hasTerminal = flags.bool("tty")
        ports = try flags.strings("publish").map { try RunOptions.port($0) }
        publishesAll = flags.bool("publish-all")
        environment = []
        for file in flags.strings("env-file") {
            for line in try Files.text(file).split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
                if let value = RunOptions.variable(String(line.drop { $0 == " " })) { environment.append(value) }
            }
        }
        environment += flags.strings("env").compactMap { RunOptions.variable($0) }
        mounts = try flags.strings("volume").map { try RunOptions.mount($0) }
        for folder in flags.strings("tmpfs") {
            guard !folder.contains(":") else { throw DockerError.unsupported("--tmpfs with options") }
            mounts.append(Mount(source: nil, target: folder, isReadOnly: false))
        }
        removesItself = flags.bool("rm")
        memory = flags.isSet("memory") ? try RunOptions.bytes(flags.string("memory"), "memory") : nil
        if flags.isSet("cpus") {
            guard let count = Double(flags.string("cpus")), count > 0, count <= 100_000 else {
                throw DockerError("--cpus: expected a number, found \(flags.string("cpus"))", status: 125)
            }
            milliCPU = Int64((count * 1000).rounded())
        }
        restart = try RunOptions.restart(flags.string("restart"))
        guard restart.policy == .no || !removesItself else {
            throw DockerError("conflicting options: --restart and --rm", status: 125)
        }
        isPrivileged = flags.bool("privileged")
        func isHost(_ name: String) throws -> Bool {
            switch flags.string(name) {
            case "host": return true
            case "", "private", "shareable": return false
            default: throw DockerError.unsupported("--\(name)=\(flags.string(name))")
            }
        }
        usesHostProcesses = try isHost("pid")
        usesHostIPC = try isHost("ipc")
        let network = flags.isSet("net") ? flags.string("net") : flags.string("network")
        guard ["bridge", "default", "host"].contains(network) else {
            throw DockerError.unsupported("--network=\(network)")
        }
        usesHostNetwork = network == "host"
        folder = flags.isSet("workdir") ? flags.string("workdir") : nil
        user = flags.isSet("user") ? flags.string("user") : nil
        entrypoint = flags.isSet("entrypoint") ? flags.string("entrypoint") : nil
        hostname = flags.isSet("hostname") ? flags.string("hostname") : nil
        isReadOnly = flags.bool("read-only")
        addedCapabilities = flags.strings("cap-add")
        droppedCapabilities = flags.strings("cap-drop")
        labels = [:]
        for label in flags.strings("label") {
            let sides = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            labels[sides[0]] = sides.count == 2 ? sides[1] : ""
        }
        hosts = flags.strings("add-host")
        dns = flags.strings("dns")
        stopSignal = flags.isSet("stop-signal") ? flags.string("stop-signal") : nil
        noNewPrivileges = false
        for option in flags.strings("security-opt") {
            switch option {
            case "no-new-privileges", "no-new-privileges=true", "no-new-privileges:true": noNewPrivileges = true
            case "seccomp=unconfined", "apparmor=unconfined", "label=disable": break
            default: throw DockerError.unsupported("--security-opt \(option)")
            }
        }
        if flags.int("cpu-shares") != 0 { throw DockerError.unsupported("--cpu-shares") }
    }

    // MARK: - The forms of values

    /// `name=value` as it is; `name` alone is this shell's, where it has one.
    static func variable(_ text: String) -> String? {
        guard !text.isEmpty, !text.contains("=") else { return text.isEmpty ? nil : text }
        return getenv(text).map { "\(text)=\(String(cString: $0))" }
    }

    /// `80`, `8080:80`, `127.0.0.1:8080:80`, `127.0.0.1::80`, each with `/udp` or not.
    static func port(_ text: String) throws -> Port {
        func refuse(_ what: String) -> DockerError { DockerError("--publish \(text): \(what)", status: 125) }
        let sides = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let transport = sides.count == 2 ? sides[1].lowercased() : "tcp"
        guard sides.count <= 2, ["tcp", "udp", "sctp"].contains(transport) else {
            throw refuse("expected tcp, udp or sctp after the port")
        }
        var parts = sides[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !sides[0].hasPrefix("["), parts.count <= 3 else {
            throw refuse("expected [address:][host:]container; IPv6 addresses are not supported")
        }
        func number(_ text: String) throws -> UInt16 {
            guard let number = UInt16(text), number > 0 else {
                throw refuse(text.contains("-") ? "ranges of ports are not supported" : "\(text) is no port")
            }
            return number
        }
        let container = try number(parts.removeLast())
        let host = parts.popLast().flatMap { $0.isEmpty ? nil : $0 }
        return Port(
            address: parts.popLast().flatMap { $0.isEmpty ? nil : $0 }, host: try host.map { try number($0) },
            container: container, transport: transport)
    }

    /// `/host:/container[:ro]`, `name:/container`, `/container`.
    static func mount(_ text: String) throws -> Mount {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw DockerError("--volume \(text): expected source:target[:ro]", status: 125)
        }
        var isReadOnly = false
        if parts.count == 3 {
            for option in parts.removeLast().split(separator: ",") {
                switch option {
                case "ro": isReadOnly = true
                case "rw", "z", "Z", "rprivate": break
                default: throw DockerError.unsupported("--volume with \(option)")
                }
            }
        }
        let target = parts.removeLast()
        guard target.hasPrefix("/"), target != "/" else {
            throw DockerError("--volume \(text): \(target) is no absolute path below /", status: 125)
        }
        var source = parts.first ?? ""
        if source.hasPrefix("."), let whole = realpath(source, nil) {
            source = String(cString: whole)
            free(whole)
        }
        if !source.isEmpty, !source.hasPrefix("/") {
            guard isName(source) else {
                throw DockerError("--volume \(text): \(source) is no volume's name", status: 125)
            }
        }
        return Mount(source: source, target: target, isReadOnly: isReadOnly)
    }

    /// docker's rule for the names of containers and volumes.
    static func isName(_ text: String) -> Bool {
        guard text.utf8.count >= 2, let first = text.utf8.first, first != 95, first != 46, first != 45 else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
    }

    /// `512m`, `1g`, `1073741824`.
    static func bytes(_ text: String, _ flag: String) throws -> Int64 {
        let units: [Character: Int64] = ["b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
        var digits = text.lowercased()
        if digits.hasSuffix("b"), digits.dropLast().last?.isNumber == false { digits.removeLast() }
        var scale: Int64 = 1
        if let last = digits.last, let unit = units[last] {
            scale = unit
            digits.removeLast()
        }
        let (value, overflow) = (Int64(digits) ?? -1).multipliedReportingOverflow(by: scale)
        guard !overflow, value > 0 else {
            throw DockerError("--\(flag): expected 512m or 1g, found \(text)", status: 125)
        }
        return value
    }

    static func restart(_ text: String) throws -> Restart {
        let sides = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let policy = Restart.Policy(rawValue: sides.first ?? "no") else {
            throw DockerError(
                "--restart: expected no, always, unless-stopped or on-failure[:N], found \(text)", status: 125)
        }
        guard sides.count == 2 else { return Restart(policy: policy, limit: nil) }
        guard policy == .onFailure, let limit = Int(sides[1]), limit > 0 else {
            throw DockerError("--restart: only on-failure takes a number above 0", status: 125)
        }
        return Restart(policy: policy, limit: limit)
    }
}
