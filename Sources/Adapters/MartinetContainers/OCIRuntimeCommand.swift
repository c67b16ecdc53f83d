import Glibc
package import MartinetBase
import MartinetOCI

/// runc's command line (man runc): what `martinet oci` does.
package struct OCIRuntimeCommand {
    /// Runs one command; returns its exit code.
    package static func run(_ arguments: [String], runtime: any Runtime) -> Int32 {
        var options = GlobalOptions()
        do {
            let line = try CommandLineWords(
                arguments, switches: ["debug", "systemd-cgroup", "help", "h", "version", "v"],
                values: ["log", "log-format", "root", "criu", "rootless"], stopsAtFirstWord: true)
            options = try GlobalOptions(line)
            if line.has("version", "v") {
                OCIRuntimeCommand.print("martinet oci version 0.1.0\nspec: 1.2.0\n")
                return 0
            }
            guard let verb = line.words.first, verb != "help", !line.has("help", "h") else {
                OCIRuntimeCommand.print(usage)
                return 0
            }
            guard let handler = verbs[verb] else {
                throw OCIError(code: .invalid, message: "No help topic for '\(verb)'")
            }
            let command = try OCIRuntimeCommand(options: options, runtime: runtime)
            return try handler(command, Array(line.words.dropFirst()))
        } catch {
            options.report("\(error)", at: runtime.now())
            return 1
        }
    }

    let options: GlobalOptions
    let oci: OCIRuntime
    let runtime: any Runtime

    private init(options: GlobalOptions, runtime: any Runtime) throws {
        self.options = options
        self.runtime = runtime
        oci = OCIRuntime(root: options.root, stage: try Stage(), runtime: runtime)
    }

    static let verbs: [String: @Sendable (OCIRuntimeCommand, [String]) throws -> Int32] = [
        "create": { try $0.create($1) }, "start": { try $0.start($1) }, "run": { try $0.runContainer($1) },
        "state": { try $0.state($1) }, "kill": { try $0.kill($1) }, "delete": { try $0.delete($1) },
        "exec": { try $0.exec($1) }, "list": { try $0.list($1) }, "ps": { try $0.processes($1) },
        "pause": { try $0.pause($1, true) }, "resume": { try $0.pause($1, false) },
        "update": { try $0.update($1) }, "events": { try $0.events($1) }, "spec": { try $0.spec($1) },
        "features": { try $0.features($1) },
    ]

    static let usage = """
        NAME:
           martinet oci - containers by the Open Container Initiative's runtime specification

        USAGE:
           martinet oci [global options] command [command options] [arguments...]

        COMMANDS:
           create    create a container, ready to be started
           delete    delete what a container held
           events    show a container's use of resources
           exec      run one more process in a container
           features  show what is supported
           kill      send a signal to a container's first process
           list      list the containers of a root
           pause     stop every process of a container
           ps        list a container's processes
           resume    let a paused container go on
           run       create and start a container
           spec      write a first config.json
           start     run a created container's program
           state     show a container's state
           update    change a container's limits

        GLOBAL OPTIONS:
           --debug              more words in the log
           --log value          the log's file (default: standard error)
           --log-format value   'text' or 'json' (default: "text")
           --root value         where containers' states are (default: "/run/martinet/oci")
           --help, -h           show this
           --version, -v        show the version

        """

    static func print(_ text: String) {
        // Through the C library's own call: what a caller reads must be whole before this process ends.
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let done = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if done < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(0, done))
        }
    }

    static func oneID(_ line: CommandLineWords, _ verb: String) throws -> String {
        guard line.words.count == 1, let id = line.words.first else {
            throw OCIError(code: .invalid, message: "\(verb): expected exactly 1 argument, found \(line.words.count)")
        }
        return id
    }
}

/// What stands before the verb.
struct GlobalOptions {
    var root = "/run/martinet/oci"
    var log: String?
    var isJSON = false

    init() {}

    init(_ line: CommandLineWords) throws {
        root = line.value("root") ?? root
        log = line.value("log")
        switch line.value("log-format") ?? "text" {
        case "text": break
        case "json": isJSON = true
        case let other: throw OCIError(code: .invalid, message: "invalid log-format: \(other)")
        }
        for (name, reason) in [
            ("systemd-cgroup", "cgroups are made directly, not by systemd"), ("criu", "checkpoints are not supported"),
        ] where line.has(name) || line.value(name) != nil {
            throw OCIError(code: .unsupported, message: "--\(name) is not supported: \(reason)")
        }
        if let rootless = line.value("rootless"), rootless != "auto", rootless != "false" {
            throw OCIError(code: .unsupported, message: "--rootless \(rootless) is not supported")
        }
    }

    /// As runc reports: one line in the log, and the error on standard error.
    func report(_ message: String, at time: Timestamp) {
        func quoted(_ text: String) -> String {
            (try? OCICodec.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
        let line =
            isJSON
            ? "{\"level\":\"error\",\"msg\":\(quoted(message)),\"time\":\"\(time.rfc3339)\"}\n"
            : "time=\"\(time.rfc3339)\" level=error msg=\(quoted(message))\n"
        if let log, let file = try? Descriptor.open(log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644) {
            try? file.writeAll(Array(line.utf8))  // the same words go to standard error
            Log.standardError(message)
        } else {
            Log.standardError(String(line.dropLast()))
        }
    }
}

/// Flags and words as urfave/cli reads them: `--name value`, `--name=value`, one dash or two.
struct CommandLineWords {
    private(set) var words: [String] = []
    private var switches: Set<String> = []
    private var values: [String: [String]] = [:]

    init(
        _ arguments: [String], switches known: Set<String>, values valued: Set<String>, stopsAtFirstWord: Bool = false
    ) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                words.append(argument)
                if stopsAtFirstWord {
                    words += rest
                    return
                }
                continue
            }
            let body = argument.drop { $0 == "-" }
            let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            if valued.contains(name) {
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                    throw OCIError(code: .invalid, message: "flag needs an argument: -\(name)")
                }
                values[name, default: []].append(value)
            } else if known.contains(name) {
                if parts.count == 1 || parts[1] == "true" { switches.insert(name) }
            } else {
                throw OCIError(code: .invalid, message: "flag provided but not defined: -\(name)")
            }
        }
    }

    func has(_ names: String...) -> Bool { names.contains(where: switches.contains) }
    func value(_ names: String...) -> String? { names.compactMap { values[$0]?.last }.first }
    func all(_ names: String...) -> [String] { names.flatMap { values[$0] ?? [] } }

    func number(_ name: String) throws -> Int64? {
        guard let text = value(name) else { return nil }
        guard let number = Int64(text) else {
            throw OCIError(code: .invalid, message: "invalid value \"\(text)\" for flag -\(name): not a number")
        }
        return number
    }
}
