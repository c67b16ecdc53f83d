import Dispatch
import Glibc
import MartinetArchive
import MartinetBase
import MartinetCommandLine
import MartinetBuilder
import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetImages

extension DockerCommand {
    func state(of record: ContainerRecord) throws -> ContainerState { try ContainerState(of: record, configuration) }

    func list() throws -> Int32 {
        let now = runtime.now()
        var rows = try book.all().map { (record: $0, state: try state(of: $0)) }
        let last = flags.bool("latest") ? 1 : flags.int("last")
        if last >= 0 {
            rows = Array(rows.prefix(last))
        } else if !flags.bool("all"), !flags.strings("filter").contains(where: { $0.hasPrefix("status=") }) {
            rows = rows.filter { $0.state.isRunning }
        }
        for filter in flags.strings("filter") {
            let sides = filter.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else { throw DockerError("--filter: expected name=value, found \(filter)") }
            switch sides[0] {
            case "name": rows = rows.filter { $0.record.name.contains(sides[1]) }
            case "status": rows = rows.filter { $0.state.word == sides[1] }
            case "id": rows = rows.filter { $0.record.id.hasPrefix(sides[1]) }
            case "label":
                let pair = sides[1].split(separator: "=", maxSplits: 1).map(String.init)
                rows = rows.filter { row in
                    row.record.options.labels[pair[0]].map { pair.count < 2 || $0 == pair[1] } ?? false
                }
            default: throw DockerError.unsupported("--filter \(sides[0])")
            }
        }
        let isLong = flags.bool("no-trunc")
        if flags.bool("quiet") {
            for row in rows { console.print(isLong ? row.record.id : row.record.shortID) }
            return 0
        }
        let fields = try rows.map { row -> [(String, String)] in
            let image = try? store.get().find(row.record.imageID)
            let words = row.record.command.isEmpty ? image?.defaults.command ?? [] : row.record.command
            let command = ((image?.defaults.entrypoint ?? []) + words).joined(separator: " ")
            let short = isLong || command.count <= 20 ? command : command.prefix(19) + "…"
            return [
                ("ID", isLong ? row.record.id : row.record.shortID), ("Image", row.record.image),
                ("Command", "\"\(short)\""),
                ("RunningFor", Formatting.ago(Timestamp(nanoseconds: row.record.created), now)),
                ("Status", row.state.status(now)), ("Ports", ports(of: row.record, row.state)),
                ("Names", row.record.name), ("State", row.state.word),
                ("CreatedAt", Timestamp(nanoseconds: row.record.created).rfc3339),
                (
                    "Labels",
                    row.record.options.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                        separator: ",")
                ),
            ]
        }
        if flags.isSet("format") {
            try Formatting.rows(flags.string("format"), fields, console)
            return 0
        }
        var table = TextTable(["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"])
        for row in fields { table.add(row.prefix(7).map(\.1)) }
        console.out(Array(table.text.utf8))
        return 0
    }

    private func ports(of record: ContainerRecord, _ state: ContainerState) -> String {
        guard state.isRunning else { return "" }
        return record.options.ports.map { port in
            "\(port.address ?? "0.0.0.0"):\(port.host ?? 0)->\(port.container)/\(port.transport)"
        }.joined(separator: ", ")
    }

    func ports() throws -> Int32 {
        let record = try book.find(arguments[0])
        for port in record.options.ports {
            console.print("\(port.container)/\(port.transport) -> \(port.address ?? "0.0.0.0"):\(port.host ?? 0)")
        }
        return 0
    }

    func top() throws -> Int32 {
        let record = try book.find(arguments[0])
        guard let task = record.task, try state(of: record).isRunning,
            let file = try ContainerFiles.read(task, in: "\(configuration.pods)/\(record.id)")
        else { throw DockerError("container \(record.shortID) is not running") }
        var table = TextTable(["PID", "CMD"])
        for pid in try ContainerRuntime().cgroup(of: file.spec, id: task).processes().sorted() {
            let words = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
            table.add(["\(pid)", String(decoding: words.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)])
        }
        console.out(Array(table.text.utf8))
        return 0
    }

    // MARK: - Ends

    func stop() throws -> Int32 {
        each(arguments) { word in
            let record = try book.find(word)
            try stop(record, after: flags.int("time"))
            console.print(word)
        }
    }

    /// SIGTERM or the image's signal, and SIGKILL where that does not end it.
    func stop(_ record: ContainerRecord, after seconds: Int) throws {
        try mark(record) { $0.isStopped = true }
        guard let task = record.task, try state(of: record).isRunning else { return }
        let folder = "\(configuration.pods)/\(record.id)"
        let ended = DispatchSemaphore(value: 0)
        let connection = try MonitorConnection(folder: folder) { event in
            if case .exited(let status) = event, status.id == task { ended.signal() }
        }
        let file = try ContainerFiles.read(task, in: folder)
        try connection.signal(task, file?.stopSignal ?? SIGTERM)
        if ended.wait(timeout: .now() + .seconds(max(0, seconds))) == .success { return }
        try connection.signal(task, SIGKILL)
        _ = ended.wait(timeout: .now() + .seconds(10))
    }

    private func mark(_ record: ContainerRecord, _ change: (inout ContainerRecord) -> Void) throws {
        try DockerEngine(configuration, runtime: runtime, log: log).locked {
            guard var now = try book.again(record) else { return }
            change(&now)
            try book.save(now)
        }
    }

    func kill() throws -> Int32 {
        let text = flags.string("signal").uppercased()
        let names: [String: Int32] = [
            "HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "CONT": 18, "STOP": 19,
            "WINCH": 28,
        ]
        let name = text.hasPrefix("SIG") ? String(text.dropFirst(3)) : text
        guard let signal = Int32(text) ?? names[name], (1...64).contains(signal) else {
            throw DockerError("--signal: \(text) is no signal")
        }
        return each(arguments) { word in
            let record = try book.find(word)
            guard let task = record.task, try state(of: record).isRunning else {
                throw DockerError("container \(record.shortID) is not running")
            }
            if signal == SIGKILL { try mark(record) { $0.isStopped = true } }
            let connection = try MonitorConnection(folder: "\(configuration.pods)/\(record.id)") { _ in }
            try connection.signal(task, signal)
            console.print(word)
        }
    }

    func removeContainers() throws -> Int32 {
        each(arguments) { word in
            let record = try book.find(word)
            if try state(of: record).isRunning {
                guard flags.bool("force") else {
                    throw DockerError("container \(record.shortID) is running: stop it first, or use --force")
                }
                try mark(record) { $0.isStopped = true }
            }
            try remove(record, volumes: flags.bool("volumes"))
            console.print(word)
        }
    }

    func wait() throws -> Int32 {
        each(arguments) { word in console.print("\(try waitForEnd(try book.find(word)))") }
    }

    /// Waits until a container has ended; its exit code.
    func waitForEnd(_ record: ContainerRecord) throws -> Int32 {
        guard let task = record.task else { return 0 }
        let folder = "\(configuration.pods)/\(record.id)"
        while Files.exists(folder) {
            let slot = ResultSlot<Int32?>()
            let (connection, recovered) = try ContainerRuntime().reconnect(folder: folder) { event in
                switch event {
                case .exited(let status) where status.id == task: slot.set(.success(status.exitCode ?? 137))
                case .lost: slot.set(.success(nil))
                default: break
                }
            }
            switch recovered[task] {
            case .exited(let status): return status.exitCode ?? 137
            case .lost: return 137
            case .adopted, nil: break
            }
            guard let status = try connection.status().first(where: { $0.id == task }) else { return 137 }
            if status.state == .exited { return status.exitCode ?? 137 }
            if let code = try slot.wait().get() { return code }
        }
        return 137
    }

    // MARK: - Again

    func start() throws -> Int32 {
        let attaches = flags.bool("attach") || flags.bool("interactive")
        guard attaches, arguments.count == 1 else {
            return each(arguments) { word in
                var record = try book.find(word)
                if try !state(of: record).isRunning { try start(&record, fresh: record.task == nil, output: nil) }
                console.print(word)
            }
        }
        var record = try book.find(arguments[0])
        let output = ContainerStreams(console: console)
        try start(&record, fresh: record.task == nil, output: output)
        let end = try output.follow(record, configuration, input: flags.bool("interactive"), signals: true)
        guard case .exited(let code) = end else { return 0 }
        return code
    }

    func restart() throws -> Int32 {
        each(arguments) { word in
            var record = try book.find(word)
            try stop(record, after: flags.int("time"))
            try start(&record, fresh: record.task == nil, output: nil)
            console.print(word)
        }
    }

    func attach() throws -> Int32 {
        let record = try book.find(arguments[0])
        guard let task = record.task, try state(of: record).isRunning else {
            throw DockerError("you cannot attach to a stopped container, start it first")
        }
        let output = ContainerStreams(console: console)
        try output.attach(task, folder: "\(configuration.pods)/\(record.id)")
        let end = try output.follow(
            record, configuration, input: record.options.isInteractive && !flags.bool("no-stdin"),
            signals: flags.bool("sig-proxy"))
        guard case .exited(let code) = end else { return 0 }
        return code
    }

    // MARK: - Images of containers

    func commit() throws -> Int32 {
        guard arguments.count <= 2 else { throw DockerError("commit: takes a container and a name") }
        let record = try book.find(arguments[0])
        let store = try store.get()
        guard let task = record.task else { throw DockerError("\(record.name): has never been started") }
        let upper = "\(configuration.data)/pods/\(record.id)/containers/\(task)/upper"
        let name = try arguments.dropFirst().first.map { try ImageReference($0) }
        let options = record.options
        let cgroup = try ContainerFiles.read(task, in: "\(configuration.pods)/\(record.id)").map {
            try ContainerRuntime().cgroup(of: $0.spec, id: task)
        }
        let isHeld = try flags.bool("pause") && state(of: record).isRunning
        if isHeld { try cgroup?.freeze(true) }
        defer { if isHeld { try? cgroup?.freeze(false) } }  // it may have been killed meanwhile
        let image = try store.commit(
            try store.find(record.imageID), changes: upper, as: name,
            author: flags.isSet("author") ? flags.string("author") : nil,
            comment: flags.isSet("message") ? flags.string("message") : nil
        ) { defaults in
            if !options.command.isEmpty { defaults.command = options.command }
            if let folder = options.folder { defaults.workingDirectory = folder }
            if let user = options.user { defaults.user = user }
            for variable in options.environment {
                let name = variable.prefix { $0 != "=" }
                defaults.environment = (defaults.environment ?? []).filter { !$0.hasPrefix("\(name)=") } + [variable]
            }
            try Changes.apply(flags.strings("change"), to: &defaults)
        }
        console.print(image.id.description)
        return 0
    }
}
