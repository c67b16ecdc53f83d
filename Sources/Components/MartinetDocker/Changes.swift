import MartinetDockerfile
import MartinetImageSpec

/// `--change`: instructions of a Dockerfile that only say how an image wants to be run.
enum Changes {
    static func apply(_ lines: [String], to defaults: inout ProcessDefaults) throws {
        for line in lines {
            let instruction = try Dockerfile.instruction(line, file: "--change")
            let shell = defaults.shell ?? ["/bin/sh", "-c"]
            func words(_ command: Command) -> [String] {
                switch command {
                case .exec(let list): list
                case .shell(let line): shell + [line]
                }
            }
            switch instruction.operation {
            case .command(let command): defaults.command = words(command)
            case .entrypoint(let command): defaults.entrypoint = words(command)
            case .environment(let pairs):
                var list = defaults.environment ?? []
                for pair in pairs {
                    list.removeAll { $0.hasPrefix(pair.key.raw + "=") }
                    list.append("\(pair.key.raw)=\(pair.value.raw)")
                }
                defaults.environment = list
            case .labels(let pairs):
                for pair in pairs {
                    defaults.labels = (defaults.labels ?? [:]).merging([pair.key.raw: pair.value.raw]) { $1 }
                }
            case .user(let word): defaults.user = word.raw
            case .workingDirectory(let word): defaults.workingDirectory = word.raw
            case .stopSignal(let word): defaults.stopSignal = word.raw
            case .expose(let ports):
                for port in ports {
                    let text = port.raw.contains("/") ? port.raw : port.raw + "/tcp"
                    defaults.exposedPorts = (defaults.exposedPorts ?? [:]).merging([text: .init()]) { $1 }
                }
            case .volumes(let paths):
                for path in paths { defaults.volumes = (defaults.volumes ?? [:]).merging([path.raw: .init()]) { $1 } }
            default: throw DockerError("--change: \(line.prefix { $0 != " " }) is no instruction for it")
            }
        }
    }
}
