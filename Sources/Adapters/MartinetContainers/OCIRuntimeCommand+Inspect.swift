import Glibc
import MartinetBase
import MartinetOCI
import MartinetStagePlan

extension OCIRuntimeCommand {
    private func json(_ value: some Encodable, pretty: Bool = true) throws {
        Self.print(String(decoding: try OCICodec.encode(value, pretty: pretty), as: UTF8.self) + "\n")
    }

    func state(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: [], values: [])
        try json(try oci.state(try Self.oneID(line, "state")))
        return 0
    }

    func list(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: ["quiet", "q"], values: ["format", "f"])
        let states = try oci.list()
        if line.has("quiet", "q") {
            Self.print(states.map { $0.id + "\n" }.joined())
            return 0
        }
        switch line.value("format", "f") ?? "table" {
        case "json": try json(states, pretty: false)
        case "table":
            var rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]]
            rows += states.map { [$0.id, "\($0.pid)", $0.status.rawValue, $0.bundle, $0.created ?? "", "root"] }
            var widths = [Int](repeating: 0, count: 6)
            for row in rows { for (i, cell) in row.enumerated() { widths[i] = max(widths[i], cell.count) } }
            for row in rows {
                let cells = row.enumerated().map { i, cell in
                    i == 5 ? cell : cell + String(repeating: " ", count: max(12, widths[i] + 3) - cell.count)
                }
                Self.print(cells.joined() + "\n")
            }
        case let other: throw OCIError(code: .invalid, message: "invalid format option: \(other)")
        }
        return 0
    }

    func processes(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(
            arguments, switches: [], values: ["format", "f"], stopsAtFirstWord: false)
        let pids = try oci.processes(try Self.oneID(line, "ps"))
        switch line.value("format", "f") ?? "table" {
        case "json": try json(pids, pretty: false)
        case "table":
            // The kernel's own words; runc calls ps(1) here.
            Self.print("PID      CMD\n")
            for pid in pids {
                let bytes = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
                let words = String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
                Self.print("\(pid)".padded(to: 9) + words + "\n")
            }
        case let other: throw OCIError(code: .invalid, message: "invalid format option: \(other)")
        }
        return 0
    }

    func kill(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: ["all", "a"], values: [])
        guard let id = line.words.first, line.words.count <= 2 else {
            throw OCIError(code: .invalid, message: "kill: expected a container id and at most a signal")
        }
        let text = line.words.count == 2 ? line.words[1] : "SIGTERM"
        guard let signal = SignalName.number(text) else {
            throw OCIError(code: .invalid, message: "unknown signal \"\(text)\"")
        }
        try oci.kill(id, signal: signal, all: line.has("all", "a"))
        return 0
    }

    func delete(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: ["force", "f"], values: [])
        try oci.delete(try Self.oneID(line, "delete"), force: line.has("force", "f"))
        return 0
    }

    func pause(_ arguments: [String], _ frozen: Bool) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: [], values: [])
        try oci.pause(try Self.oneID(line, frozen ? "pause" : "resume"), frozen)
        return 0
    }

    func update(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(
            arguments, switches: [],
            values: [
                "resources", "r", "cpu-period", "cpu-quota", "cpu-burst", "cpu-share", "cpuset-cpus", "cpuset-mems",
                "memory", "memory-reservation", "memory-swap", "pids-limit", "cpu-idle",
            ])
        let id = try Self.oneID(line, "update")
        var resources = OCIResources()
        if let path = line.value("resources", "r") {
            let bytes = path == "-" ? try Descriptor(owning: dup(0)).readAll(named: "-") : try Files.read(path)
            resources = try OCICodec.decode(OCIResources.self, from: bytes, named: path)
        }
        var cpu = resources.cpu ?? OCICPU()
        var memory = resources.memory ?? OCIMemory()
        let unsigned: (String) throws -> UInt64? = { name in
            try line.number(name).map { UInt64(clamping: $0) }
        }
        cpu.period = try unsigned("cpu-period") ?? cpu.period
        cpu.quota = try line.number("cpu-quota") ?? cpu.quota
        cpu.burst = try unsigned("cpu-burst") ?? cpu.burst
        cpu.shares = try unsigned("cpu-share") ?? cpu.shares
        cpu.idle = try line.number("cpu-idle") ?? cpu.idle
        cpu.cpus = line.value("cpuset-cpus") ?? cpu.cpus
        cpu.mems = line.value("cpuset-mems") ?? cpu.mems
        memory.limit = try line.number("memory") ?? memory.limit
        memory.reservation = try line.number("memory-reservation") ?? memory.reservation
        memory.swap = try line.number("memory-swap") ?? memory.swap
        resources.cpu = cpu
        resources.memory = memory
        if let limit = try line.number("pids-limit") { resources.pids = OCIPids(limit: limit) }
        try oci.update(id, resources)
        return 0
    }

    func events(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: ["stats"], values: ["interval"])
        let id = try Self.oneID(line, "events")
        guard line.has("stats") else {
            throw OCIError(code: .unsupported, message: "events without --stats is not supported")
        }
        let s = try oci.statistics(id)
        Self.print(
            """
            {"type":"stats","id":"\(id)","data":{"cpu":{"usage":{"total":\(s.cpuUsage)},"throttling":{\
            "periods":\(s.periods),"throttledPeriods":\(s.throttledPeriods),"throttledTime":\(s.throttledTime)}},\
            "memory":{"usage":{"limit":\(s.memoryLimit ?? .max),"usage":\(s.memoryUsage)}},\
            "pids":{"current":\(s.processes)}}}

            """)
        return 0
    }

    func features(_ arguments: [String]) throws -> Int32 {
        struct Features: Encodable {
            struct Linux: Encodable {
                var namespaces = LinuxNumbers.namespaces.keys.sorted()
                var capabilities = LinuxNumbers.capabilities
            }
            var ociVersionMin = "1.0.0"
            var ociVersionMax = "1.2.0"
            var hooks: [String] = []
            var linux = Linux()
        }
        _ = try CommandLineWords(arguments, switches: [], values: [])
        try json(Features())
        return 0
    }

    func spec(_ arguments: [String]) throws -> Int32 {
        let line = try CommandLineWords(arguments, switches: ["rootless"], values: ["bundle", "b"])
        guard !line.has("rootless") else {
            throw OCIError(code: .unsupported, message: "spec --rootless is not supported")
        }
        let path = (line.value("bundle", "b") ?? ".") + "/config.json"
        guard !Files.exists(path) else {
            throw OCIError(code: .exists, message: "File \(path) exists. Remove it first")
        }
        try Files.replace(path, try OCICodec.encode(OCISpec.example(), pretty: true), mode: 0o644)
        return 0
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Signals by name or number (signal(7)).
package enum SignalName {
    private static let numbers: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
        "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
        "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
        "IO": 29, "PWR": 30, "SYS": 31,
    ]

    package static func number(_ text: String) -> Int32? {
        if let number = Int32(text) { return (1...64).contains(number) ? number : nil }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        if let number = numbers[name] { return number }
        // Real-time signals are counted from 34: the C library keeps the first two.
        if name.hasPrefix("RTMIN"), let offset = Int32(name.dropFirst(5).isEmpty ? "0" : String(name.dropFirst(6))),
            (0...30).contains(offset)
        {
            return 34 + offset
        }
        return nil
    }
}
