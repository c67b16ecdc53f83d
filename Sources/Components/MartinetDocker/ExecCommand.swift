import Glibc
import MartinetArchive
import MartinetBase
import MartinetCommandLine
import MartinetContainers
import MartinetEngine
import MartinetImages
import MartinetOCI

extension DockerCommand {
    func exec() throws -> Int32 {
        let record = try book.find(arguments[0])
        let status = try state(of: record)
        let folder = "\(configuration.pods)/\(record.id)"
        guard let task = record.task, status.isRunning, let file = try ContainerFiles.read(task, in: folder),
            var process = file.spec.process
        else { throw DockerError("container \(record.name) is not running", status: 1) }
        process.args = Array(arguments.dropFirst())
        process.terminal = flags.bool("tty")
        for variable in flags.strings("env").compactMap({ RunOptions.variable($0) }) {
            let name = variable.prefix { $0 != "=" }
            process.env = (process.env ?? []).filter { !$0.hasPrefix("\(name)=") } + [variable]
        }
        if process.terminal == true, process.env?.contains(where: { $0.hasPrefix("TERM=") }) != true {
            process.env = (process.env ?? []) + ["TERM=xterm"]
        }
        if flags.isSet("workdir") { process.cwd = flags.string("workdir") }
        if flags.isSet("user") {
            let account = try Account(flags.string("user"), in: try OpenFile.folder("\(file.folder)/rootfs"))
            process.user = OCIUser(uid: account.uid, gid: account.gid)
            process.user?.additionalGids = [account.gid] + account.groups.filter { $0 != account.gid }
        }
        if flags.bool("privileged") { throw DockerError.unsupported("exec --privileged") }
        let events = EventQueue()
        let connection = try MonitorConnection(folder: folder) { events.add($0) }
        let exec = "exec-" + String(runtime.random(), radix: 16)
        let containers = try ContainerRuntime()
        func run(_ descriptors: [Descriptor]) throws {
            do {
                _ = try containers.exec(
                    exec, process, in: file.spec, id: task, pid: status.pid, descriptors: descriptors, on: connection)
            } catch let error as SystemError {
                let code: Int32 = error.call == "exec" ? (error.errno == ENOENT ? 127 : 126) : 1
                throw DockerError("exec in \(record.name): \(error)", status: code)
            }
        }
        if flags.bool("tty") { return try withTerminal(exec, connection, events, run) }
        let nothing = try Descriptor.open("/dev/null", O_RDWR)
        let isDetached = flags.bool("detach")
        func own(_ number: Int32) -> Descriptor {
            let copy = isDetached ? -1 : fcntl(number, F_DUPFD_CLOEXEC, 3)
            return copy < 0 ? nothing : Descriptor(owning: copy)
        }
        try run([flags.bool("interactive") ? own(0) : nothing, own(1), own(2)])
        if isDetached { return 0 }
        return wait(for: exec, events)
    }

    private func wait(for exec: String, _ events: EventQueue) -> Int32 {
        while true {
            switch events.next() {
            case .exited(let status) where status.id == exec: return status.exitCode ?? 137
            case .lost: return 137
            default: break
            }
        }
    }

    private func withTerminal(
        _ exec: String, _ connection: MonitorConnection, _ events: EventQueue, _ run: ([Descriptor]) throws -> Void
    ) throws -> Int32 {
        let (ours, theirs) = try Descriptor.socketPair()
        try run([theirs])
        let master = try Descriptor.receive(from: ours)
        if flags.bool("detach") { return 0 }
        let mode = TerminalMode()
        mode.setRaw()
        defer { mode.restore() }
        @Sendable func resize() {
            var size = winsize()
            guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return }
            _ = ioctl(master.number, UInt(TIOCSWINSZ), &size)
        }
        resize()
        let sizes = SignalForwarding([SIGWINCH]) { _ in resize() }
        defer { withExtendedLifetime(sizes) {} }
        copy(master, withInput: flags.bool("interactive"))
        return wait(for: exec, events)
    }

    /// Between this program's streams and a terminal's master, until the other end closes it.
    private func copy(_ master: Descriptor, withInput: Bool) {
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        var reads = withInput
        while true {
            var entries = [
                pollfd(fd: master.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: reads ? 0 : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) > 0 else {
                if errno == EINTR { continue }
                return
            }
            if entries[0].revents != 0 {
                let count = buffer.withUnsafeMutableBytes { read(master.number, $0.baseAddress, $0.count) }
                if count <= 0 { return }  // EIO: the last one that had it has gone
                console.out(Array(buffer[..<count]))
            }
            if entries[1].revents != 0 {
                let count = buffer.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
                if count <= 0 {
                    reads = false
                } else {
                    Console.write(master.number, Array(buffer[..<count]))
                }
            }
        }
    }
}
