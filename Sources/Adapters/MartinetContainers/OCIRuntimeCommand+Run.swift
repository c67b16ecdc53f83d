import CMartinetContainers
import Glibc
import MartinetBase
import MartinetOCI

extension OCIRuntimeCommand {
    private static let createValues: Set<String> = ["bundle", "b", "console-socket", "pid-file", "preserve-fds"]
    private static let createSwitches: Set<String> = ["no-pivot", "no-new-keyring"]

    private func createOptions(_ line: CommandLineWords) throws -> OCIRuntime.CreateOptions {
        let given = line.value("bundle", "b") ?? "."
        guard let resolved = realpath(given, nil) else { throw SystemError.last("realpath", given) }
        defer { free(resolved) }
        var options = OCIRuntime.CreateOptions(bundle: String(cString: resolved))
        options.pidFile = line.value("pid-file")
        options.consoleSocket = line.value("console-socket")
        options.noPivot = line.has("no-pivot")
        options.noNewKeyring = line.has("no-new-keyring")
        options.preservedDescriptors = try preserved(line)
        return options
    }

    private func preserved(_ line: CommandLineWords) throws -> Int {
        let count = try line.number("preserve-fds") ?? 0
        guard (0...32).contains(count) else {
            throw OCIError(code: .invalid, message: "--preserve-fds \(count): 0 to 32 descriptors can be kept")
        }
        return Int(count)
    }

    func create(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(
            arguments, switches: Self.createSwitches, values: Self.createValues)
        try oci.create(try Self.oneID(line, "create"), try createOptions(line))
        return 0
    }

    func start(_ arguments: [String]) throws -> Int32 {
        try oci.start(try Self.oneID(try CommandLineWords(arguments, switches: [], values: []), "start"))
        return 0
    }

    func runContainer(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(
            arguments, switches: Self.createSwitches.union(["detach", "d", "keep", "no-subreaper"]),
            values: Self.createValues)
        let id = try Self.oneID(line, "run")
        let options = try createOptions(line)
        let spec = try OCICodec.decode(
            OCISpec.self, from: try Files.read(options.bundle + "/config.json", limit: OCICodec.bytesMax + 1),
            named: options.bundle + "/config.json")
        if line.has("detach", "d") {
            try startOrDelete(id, options)
            return 0
        }
        guard spec.process?.terminal != true else {
            throw OCIError(
                code: .unsupported, message: "run with a terminal needs --detach and --console-socket")
        }
        let pid = try startOrDelete(id, options)
        let code = try Self.wait(pid)
        if !line.has("keep") { try oci.delete(id, force: true) }
        return code
    }

    @discardableResult
    private func startOrDelete(_ id: String, _ options: OCIRuntime.CreateOptions) throws -> Int32 {
        let pid = try oci.create(id, options)
        do {
            try oci.start(id)
        } catch {
            try? oci.delete(id, force: true)  // the start's error is the one to tell
            throw error
        }
        return pid
    }

    static func wait(_ pid: Int32) throws -> Int32 {
        var code: Int32 = 0
        var signal: Int32 = 0
        try check("waitpid", "\(pid)", martinet_wait(pid, &code, &signal))
        return code
    }

    // MARK: - exec

    func exec(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(
            arguments, switches: ["tty", "t", "detach", "d", "no-new-privs", "ignore-paused"],
            values: [
                "console-socket", "cwd", "env", "e", "user", "u", "additional-gids", "g", "process", "p", "pid-file",
                "process-label", "apparmor", "cap", "c", "preserve-fds", "cgroup",
            ], stopsAtFirstWord: true)
        guard let id = line.words.first else {
            throw OCIError(code: .invalid, message: "exec: container id cannot be empty")
        }
        if line.value("cgroup") != nil {
            throw OCIError(code: .unsupported, message: "--cgroup is not supported")
        }
        let process = try execProcess(line, id)
        let detached = line.has("detach", "d")
        let socket = line.value("console-socket")
        guard (process.terminal == true) == (socket != nil) else {
            throw OCIError(
                code: .unsupported,
                message: socket == nil
                    ? "exec with a terminal needs --console-socket" : "cannot use console socket without a tty")
        }
        let descriptors: [Descriptor?] = (0..<Int32(3 + (try preserved(line)))).map { number in
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
            return copy < 0 ? nil : Descriptor(owning: copy)
        }
        let pid = try oci.exec(
            id, process, descriptors: descriptors, console: try socket.map(Host.connect),
            ignoresPause: line.has("ignore-paused"))
        if let file = line.value("pid-file") { try Files.replace(file, Array("\(pid)".utf8), mode: 0o644) }
        return detached ? 0 : try Self.wait(pid)
    }

    private func execProcess(_ line: CommandLineWords, _ id: String) throws -> OCIProcess {
        if let path = line.value("process", "p") {
            return try OCICodec.decode(
                OCIProcess.self, from: try Files.read(path, limit: OCICodec.bytesMax + 1), named: path)
        }
        guard var process = try oci.record(id).spec.process else {
            throw OCIError(code: .invalid, message: "exec: the container has no process to take settings from")
        }
        process.args = Array(line.words.dropFirst())
        guard process.args?.isEmpty == false else {
            throw OCIError(code: .invalid, message: "exec: process args cannot be empty")
        }
        process.terminal = line.has("tty", "t")
        process.cwd = line.value("cwd") ?? process.cwd
        process.env = (process.env ?? []) + line.all("env", "e")
        process.apparmorProfile = line.value("apparmor") ?? process.apparmorProfile
        process.selinuxLabel = line.value("process-label") ?? process.selinuxLabel
        if line.has("no-new-privs") { process.noNewPrivileges = true }
        if let user = line.value("user", "u") {
            let ids = user.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard let uid = ids.first ?? nil, ids.count <= 2, !ids.contains(nil) else {
                throw OCIError(code: .invalid, message: "--user \(user): expected <uid>[:<gid>] as numbers")
            }
            process.user = OCIUser(uid: uid, gid: (ids.count == 2 ? ids[1] : nil) ?? process.user?.gid ?? 0)
        }
        for text in line.all("additional-gids", "g") {
            guard let gid = UInt32(text) else {
                throw OCIError(code: .invalid, message: "--additional-gids \(text): not a number")
            }
            let groups = process.user?.additionalGids ?? []
            process.user?.additionalGids = groups + [gid]
        }
        let added = line.all("cap", "c")
        if !added.isEmpty {
            var sets = process.capabilities ?? OCICapabilities()
            sets.bounding = (sets.bounding ?? []) + added
            sets.effective = (sets.effective ?? []) + added
            sets.permitted = (sets.permitted ?? []) + added
            process.capabilities = sets
        }
        return process
    }
}
