import Dispatch
import Glibc
import MartinetBase
import MartinetContainers

/// Watches over a container that nobody waits for: `--restart`, and `--rm` with `-d`.
///
/// One small process for each such container, as there is no daemon. Ending it ends no container.
enum Supervisor {
    static func spawn(_ program: [String], _ id: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A session of its own: it outlives the terminal.
        posix_spawnattr_setflags(&attributes, Int16(0x80))
        var path = program.first ?? "/proc/self/exe"
        // The child's own /proc/self/exe would be this program too, but only until it is executed.
        if let whole = realpath(path, nil) {
            path = String(cString: whole)
            free(whole)
        }
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + program.dropFirst() + ["supervise", id]).map { strdup($0) }
        argv.append(nil)
        defer { for text in argv { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, &attributes, &argv, environ)
        guard result == 0 else { throw SystemError(call: "posix_spawn", operand: path, errno: result) }
    }
}

extension DockerCommand {
    func supervise() throws -> Int32 {
        var record = try book.find(arguments[0])
        var delay: Duration = .milliseconds(100)
        let timer = runtime.executor(named: "supervisor")
        while true {
            let began = runtime.monotonic()
            let code = try waitForEnd(record)
            guard let now = try book.again(record) else { return 0 }
            record = now
            if record.options.removesItself {
                try remove(record)
                return 0
            }
            guard !record.isStopped, wantsRestart(record, code) else { return 0 }
            // Docker's way: twice as long each time, anew after ten good seconds.
            delay = runtime.monotonic() - began > .seconds(10) ? .milliseconds(100) : min(delay * 2, .seconds(60))
            let passed = DispatchSemaphore(value: 0)
            timer.submit(after: delay) { passed.signal() }
            passed.wait()
            guard let still = try book.again(record), !still.isStopped else { return 0 }
            // Somebody was faster.
            if try state(of: still).isRunning { continue }
            record = still
            record.restarts += 1
            try start(&record, fresh: false, output: nil)
        }
    }

    private func wantsRestart(_ record: ContainerRecord, _ code: Int32) -> Bool {
        switch record.options.restart.policy {
        case .no: false
        case .always, .unlessStopped: true
        case .onFailure: code != 0 && record.restarts < record.options.restart.limit ?? .max
        }
    }
}
