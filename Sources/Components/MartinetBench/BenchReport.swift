import Glibc

/// The figures of a measurement, for people and for programs.
struct BenchReport {
    private let options: BenchOptions
    private let names: [String]
    /// By server, in the order they were measured.
    private var figures: [[Figures]]
    /// What a server that does nothing reaches, by operation.
    var limits: [String: Figures] = [:]
    var problems: [String] = []

    init(_ options: BenchOptions, names: [String]) {
        self.options = options
        self.names = names
        figures = names.map { _ in [] }
    }

    /// Whether something could not be measured.
    var failed: Bool { !problems.isEmpty }

    /// A second round joins the first.
    mutating func add(_ new: Figures, to server: Int) {
        if let index = figures[server].firstIndex(where: { $0.operation == new.operation }) {
            figures[server][index] = figures[server][index].joined(new)
        } else {
            figures[server].append(new)
        }
    }

    /// The first server's figures of an operation for which there is a limit to compare with.
    func measured(_ operation: BenchOptions.Operation) -> Figures? {
        guard [.create, .get, .update, .patch, .delete, .list].contains(operation) else { return nil }
        return figures[0].first { $0.operation.hasPrefix(operation.rawValue) }
    }

    private var machine: (processors: Int, model: String, kernel: String, memory: Int) {
        var name = utsname()
        uname(&name)
        let kernel = withUnsafePointer(to: &name.release) {
            $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
        }
        let model =
            readText("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return (sysconf(Int32(_SC_NPROCESSORS_ONLN)), model, kernel, memory)
    }

    private var setup: String {
        "\(options.kind.rawValue) of \(options.size) bytes, HTTP/\(options.http2 ? "2" : "1.1"), \(options.connections) connections, \(options.concurrency) requests at once, \(options.seconds) s each"
    }

    // MARK: - For people

    var text: String {
        let machine = machine
        var lines = [
            "\(machine.processors) x \(machine.model), \(machine.memory >> 30) GiB, Linux \(machine.kernel)", setup, "",
        ]
        for (server, name) in names.enumerated() {
            if names.count > 1 { lines.append("\(server == 0 ? "A" : "B") \(name)") }
            for one in figures[server] { lines.append(line(one, server)) }
        }
        lines += problems.map { "not measured: \($0)" }
        return lines.joined(separator: "\n")
    }

    private func line(_ one: Figures, _ server: Int) -> String {
        var text = one.operation.padded(24)
        if one.operation.hasPrefix("memory") {
            return text + (one.operation.hasSuffix("object") ? "\(one.bytes) bytes" : "\(one.bytes >> 20) MiB")
        }
        if one.perSecond > 0 { text += "\(short(one.perSecond)) a second, " }
        if one.p50 != 0 { text += "p50 \(short(one.p50)) us, p99 \(short(one.p99)) us, " }
        if one.cpu > 0 { text += "\(short(one.cpu)) us of cpu, " }
        if let limit = limits[one.operation], limit.perSecond > 0 {
            text += "\(short(one.perSecond / limit.perSecond)) of nothing's \(short(limit.perSecond))"
            text += one.cpu > 0 && limit.cpu > 0 ? " at \(short(one.cpu / limit.cpu)) times its cpu, " : ", "
        }
        if server == 1, let other = figures[0].first(where: { $0.operation == one.operation }) {
            if other.perSecond > 0 {
                text += "\(short(one.perSecond / other.perSecond)) of A's rate, "
                if one.cpu > 0, other.cpu > 0 { text += "\(short(one.cpu / other.cpu)) of A's cpu, " }
            } else if other.p50 > 0 {
                text += "\(short(one.p50 / other.p50)) of A's time, "
            }
        }
        if one.failures > 0 { text += "\(one.failures) failed, " }
        return String(text.dropLast(2))
    }

    private func short(_ value: Double) -> String {
        let digits = abs(value) >= 100 ? 1.0 : abs(value) >= 10 ? 10.0 : 1000.0
        let rounded = (value * digits).rounded() / digits
        return digits == 1 ? String(Int(rounded)) : String(rounded)
    }

    // MARK: - For programs

    var json: String {
        let machine = machine
        func object(_ pairs: [(String, String)]) -> String {
            "{" + pairs.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
        }
        let servers = names.enumerated().map { server, name in
            object([
                ("server", quoted(name)),
                (
                    "figures",
                    "["
                        + figures[server].map { one in
                            var pairs = [("operation", quoted(one.operation)), ("count", "\(one.count)")]
                            if one.perSecond > 0 { pairs.append(("perSecond", "\(one.perSecond)")) }
                            if one.p50 != 0 { pairs += [("p50us", "\(one.p50)"), ("p99us", "\(one.p99)")] }
                            if one.bytes > 0 { pairs.append(("bytes", "\(one.bytes)")) }
                            if one.cpu > 0 { pairs.append(("cpuMicroseconds", "\(one.cpu)")) }
                            if let limit = limits[one.operation], limit.perSecond > 0 {
                                pairs += [
                                    ("limitPerSecond", "\(limit.perSecond)"),
                                    ("ofLimit", "\(one.perSecond / limit.perSecond)"),
                                    ("limitCPUMicroseconds", "\(limit.cpu)"),
                                ]
                            }
                            pairs.append(("failures", "\(one.failures)"))
                            return object(pairs)
                        }.joined(separator: ",") + "]"
                ),
            ])
        }
        return object([
            (
                "machine",
                object([
                    ("processors", "\(machine.processors)"), ("model", quoted(machine.model)),
                    ("kernel", quoted(machine.kernel)), ("memoryBytes", "\(machine.memory)"),
                ])
            ),
            ("setup", quoted(setup)), ("servers", "[" + servers.joined(separator: ",") + "]"),
            ("problems", "[" + problems.map(quoted).joined(separator: ",") + "]"),
        ])
    }

    private func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case _ where scalar.value < 32: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - utf8.count))
    }
}
