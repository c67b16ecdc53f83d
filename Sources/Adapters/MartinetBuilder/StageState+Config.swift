import MartinetDockerfile
import MartinetImageSpec

extension StageState {
    /// The instructions that only change how the image wants to be run.
    mutating func apply(_ instruction: Instruction, _ expander: Expander) throws {
        switch instruction.operation {
        case .command(let command):
            defaults.command = argv(command)
            ownsCommand = true
        case .entrypoint(let command):
            defaults.entrypoint = argv(command)
            if !ownsCommand { defaults.command = nil }
        case .environment(let pairs):
            // All values see what was before this instruction: `ENV a=1 b=$a` takes an older a.
            for (name, value) in try pairs.map({ (try expander.expand($0.key), try expander.expand($0.value)) }) {
                guard !name.isEmpty, !name.contains("=") else {
                    throw DockerfileError(instruction.place, "ENV: expected a name")
                }
                set(environment: name, to: value)
            }
        case .labels(let pairs):
            var labels = defaults.labels ?? [:]
            for pair in pairs { labels[try expander.expand(pair.key)] = try expander.expand(pair.value) }
            defaults.labels = labels
        case .user(let word): defaults.user = try expander.expand(word)
        case .stopSignal(let word): defaults.stopSignal = try expander.expand(word)
        case .expose(let words): for word in words { try expose(try expander.words(word), word.place) }
        case .volumes(let words):
            var volumes = defaults.volumes ?? [:]
            for word in words { volumes[absolute(try expander.expand(word))] = .init() }
            defaults.volumes = volumes
        case .maintainer(let name): config.author = name
        case .shell(let list): defaults.shell = list
        case .onBuild(let text): defaults.onBuild = (defaults.onBuild ?? []) + [text]
        case .healthCheck(let check): defaults.healthCheck = try healthCheck(check, instruction.place)
        case .run, .transfer, .workingDirectory, .argument: return  // these are more than configuration
        }
    }

    /// `80`, `80/udp`, `8000-8010/tcp`.
    private mutating func expose(_ ports: [String], _ place: SourcePlace) throws {
        var exposed = defaults.exposedPorts ?? [:]
        for port in ports {
            let parts = port.split(separator: "/", omittingEmptySubsequences: false)
            let scheme = parts.count == 2 ? parts[1].lowercased() : "tcp"
            let ends = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
            guard parts.count <= 2, ["tcp", "udp", "sctp"].contains(scheme), ends.count <= 2,
                let low = ends[0], let high = ends[ends.count - 1], low > 0, low <= high
            else {
                throw DockerfileError(
                    place, "EXPOSE: expected a port, 80 or 80/udp or 8000-8010, got \(port.debugDescription)")
            }
            for number in low...high { exposed["\(number)/\(scheme)"] = .init() }
        }
        defaults.exposedPorts = exposed
    }

    private func healthCheck(_ check: HealthCheck?, _ place: SourcePlace) throws -> ProcessDefaults.HealthCheck {
        guard let check else { return .init(test: ["NONE"]) }
        var result: ProcessDefaults.HealthCheck
        switch check.command {
        case .exec(let list): result = .init(test: ["CMD"] + list)
        case .shell(let line): result = .init(test: ["CMD-SHELL", line])
        }
        func nanoseconds(_ text: String?) throws -> Int64? {
            guard let text else { return nil }
            guard let value = StageState.duration(text) else {
                throw DockerfileError(
                    place, "HEALTHCHECK: expected a duration like 30s or 1m30s, got \(text.debugDescription)")
            }
            return value
        }
        result.interval = try nanoseconds(check.interval)
        result.timeout = try nanoseconds(check.timeout)
        result.startPeriod = try nanoseconds(check.startPeriod)
        result.retries = check.retries
        return result
    }

    /// Go's durations with whole numbers: `1h2m3s4ms`.
    static func duration(_ text: String) -> Int64? {
        let units: [String: Int64] = ["ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000]
        var rest = text[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Int64(digits), let scale = units[String(unit)] else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: scale)
            let (sum, more) = total.addingReportingOverflow(product)
            guard !overflow, !more else { return nil }
            total = sum
        }
        return total
    }
}
