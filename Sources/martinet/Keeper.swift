import CMartinetContainers
import Glibc
import MartinetBase
import MartinetContainers

/// The process that holds the sockets and keeps the server and the node alive.
enum Keeper {
    private static func pidFile(_ settings: Settings) -> String { settings.run + "/keeper.pid" }
    static func logFile(_ settings: Settings) -> String { settings.state + "/martinet.log" }

    /// The process id of a keeper that runs for this run folder.
    static func running(_ settings: Settings) -> Int32? {
        guard let text = readText(pidFile(settings)), let line = text.split(separator: "\n").first,
            let pid = Int32(line),
            kill(pid, 0) == 0, readText("/proc/\(pid)/cmdline")?.hasPrefix("martinet-keeper") == true
        else { return nil }
        return pid
    }

    static func start(_ flags: UpFlags) throws {
        let settings = flags.settings
        try makeFolders(settings.run)
        try makeFolders(settings.state)
        guard let program = Keeper.program else {
            throw SettingsError(message: "the path of this program cannot be read")
        }
        let words = flags.forwarded
        let configuration = KeeperConfiguration(
            listeners: [.tcp(address: settings.apiAddress, port: UInt16(settings.apiPort))],
            workers: [
                .init(
                    name: "server", command: [program, "server"] + words, heartbeatSeconds: 15,
                    uid: ServerUser.id, gid: ServerUser.id, pidFile: settings.run + "/server.pid"),
                .init(
                    name: "node", command: [program, "node"] + words, heartbeatSeconds: 15,
                    pidFile: settings.run + "/node.pid"),
            ], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], pidFile: pidFile(settings))
        try ServerUser.giveStore(settings)
        let log = try Descriptor.open(logFile(settings), O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        _ = try Stage().startKeeper(configuration, log: log)
    }

    /// This program's own path, whatever it was called by.
    static var program: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Ends the keeper and its workers, and waits until they are gone.
    static func stop(_ settings: Settings) throws {
        guard let pid = running(settings) else { return }
        let descriptor = try PidDescriptor(pid)
        kill(pid, SIGTERM)
        guard descriptor.waitForEnd(milliseconds: 20_000) else {
            throw SettingsError(message: "the keeper (\(pid)) does not end")
        }
    }

    /// The last lines that the cluster's processes wrote.
    static func logTail(_ settings: Settings) -> String {
        guard let text = readText(logFile(settings)) else { return "" }
        let lines = text.split(separator: "\n").suffix(15).joined(separator: "\n")
        return "The last lines of \(logFile(settings)):\n\(lines)"
    }
}

/// A process by a descriptor that no other process can ever stand for (pidfd_open(2)).
struct PidDescriptor: ~Copyable {
    private let number: Int32

    init(_ pid: Int32) throws(SystemError) {
        let result = martinet_pidfd_open(pid)
        guard result >= 0 else { throw SystemError(call: "pidfd_open", operand: "\(pid)", errno: -result) }
        number = result
    }

    /// Whether the process ended within the time.
    func waitForEnd(milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }

    deinit { close(number) }
}

func readText(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

/// Writes a file aside and renames it over the old one.
func writeText(_ text: String, to path: String, mode: mode_t = 0o644) throws(SystemError) {
    let aside = path + ".new"
    let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemError.last("open", aside) }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw SystemError.last("write", aside) }
        rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw SystemError.last("fsync", aside) }
    guard rename(aside, path) == 0 else { throw SystemError.last("rename", path) }
}
