import MartinetBase
import MartinetOCI
import MartinetEngine
import MartinetCommandLine
import MartinetContainers
import MartinetImageSpec
import MartinetImages
import MartinetPrinters
import MartinetYAML

extension DockerCommand {
    func inspect() throws -> Int32 {
        let kind = invocation.path.below.first?.name == "image" ? "image" : flags.string("type")
        var found: [YAMLNode] = []
        let status = each(arguments) { word in
            if kind != "image", let record = try? book.find(word) {
                found.append(try describe(record))
            } else if kind == "container" {
                throw DockerError("No such container: \(word)")
            } else {
                do {
                    found.append(try describe(try store.get().find(word)))
                } catch let error as ImageStoreError where error.code == .notFound {
                    throw DockerError(kind == "image" ? "No such image: \(word)" : "No such object: \(word)")
                }
            }
        }
        if flags.isSet("format") {
            for node in found { try Formatting.one(flags.string("format"), node, console) }
        } else {
            console.print(JSONText.indented(YAMLNode(.list(found))))
        }
        return status
    }

    private func describe(_ image: Image) throws -> YAMLNode {
        let names = try store.get().allNames().filter { $0.target.digest == image.target.digest }.map(\.reference)
        return YAMLNode.object([
            ("Id", .text(image.id.description)), ("RepoTags", .texts(names.filter { $0.tag != nil }.map(\.familiar))),
            (
                "RepoDigests",
                .texts(names.map { "\(ImageRow($0, image).repository)@\(image.target.digest)" })
            ),
            ("Created", .text(image.config.created ?? "")), ("Author", .text(image.config.author ?? "")),
            ("Config", try defaults(image)), ("Architecture", .text(image.config.architecture)),
            ("Os", .text(image.config.os)), ("Size", YAMLNode(.int(image.layerBytes))),
            (
                "RootFS",
                .object([
                    ("Type", .text("layers")), ("Layers", .texts(image.config.rootfs.diffIDs.map(\.description))),
                ])
            ),
        ])
    }

    private func defaults(_ image: Image) throws -> YAMLNode {
        let bytes = try ImageJSON.encode(image.defaults)
        return try YAML.readJSON(bytes, file: "configuration").first ?? YAMLNode(.map([]))
    }

    private func describe(_ record: ContainerRecord) throws -> YAMLNode {
        let state = try state(of: record)
        let options = record.options
        let image = try? store.get().find(record.imageID)
        let folder = "\(configuration.pods)/\(record.id)"
        let file = try record.task.flatMap { try ContainerFiles.read($0, in: folder) }
        let bound = options.ports.map { port -> (String, YAMLNode) in
            let host = YAMLNode.object([
                ("HostIp", .text(port.address ?? "0.0.0.0")), ("HostPort", .text("\(port.host ?? 0)")),
            ])
            return ("\(port.container)/\(port.transport)", YAMLNode(.list([host])))
        }
        let mounts = options.mounts.map { mount -> YAMLNode in
            .object([
                (
                    "Type",
                    .text(mount.source == nil ? "tmpfs" : mount.source?.hasPrefix("/") == true ? "bind" : "volume")
                ),
                ("Source", .text(mount.source ?? "")), ("Destination", .text(mount.target)),
                ("RW", YAMLNode(.bool(!mount.isReadOnly))),
            ])
        }
        return .object([
            ("Id", .text(record.id)), ("Created", .text(Timestamp(nanoseconds: record.created).rfc3339Nano)),
            ("Path", .text(file?.spec.process?.args?.first ?? "")),
            ("Args", .texts(Array((file?.spec.process?.args ?? []).dropFirst()))),
            (
                "State",
                .object([
                    ("Status", .text(state.word)), ("Running", YAMLNode(.bool(state.isRunning))),
                    ("OOMKilled", YAMLNode(.bool(state.isOOMKilled))),
                    ("Pid", YAMLNode(.int(Int64(state.isRunning ? state.pid : 0)))),
                    ("ExitCode", YAMLNode(.int(Int64(state.exitCode ?? 0)))),
                    ("StartedAt", .text(state.started?.rfc3339Nano ?? "")),
                    ("FinishedAt", .text(state.finished?.rfc3339Nano ?? "")),
                ])
            ),
            ("Image", .text(record.imageID)), ("Name", .text("/\(record.name)")),
            ("RestartCount", YAMLNode(.int(Int64(record.restarts)))), ("LogPath", .text(file?.logPath ?? "")),
            (
                "HostConfig",
                .object([
                    ("Memory", YAMLNode(.int(options.memory ?? 0))),
                    ("NanoCpus", YAMLNode(.int((options.milliCPU ?? 0) * 1_000_000))),
                    ("Privileged", YAMLNode(.bool(options.isPrivileged))), ("PortBindings", .object(bound)),
                    ("RestartPolicy", .object([("Name", .text(options.restart.policy.rawValue))])),
                    ("AutoRemove", YAMLNode(.bool(options.removesItself))),
                    ("NetworkMode", .text(options.usesHostNetwork ? "host" : "bridge")),
                ])
            ),
            ("Mounts", YAMLNode(.list(mounts))),
            (
                "Config",
                .object([
                    ("Hostname", .text(options.hostname ?? record.shortID)), ("Image", .text(record.image)),
                    ("Tty", YAMLNode(.bool(options.hasTerminal))),
                    ("Env", .texts(file?.spec.process?.env ?? options.environment)),
                    ("Cmd", .texts(record.command.isEmpty ? image?.defaults.command ?? [] : record.command)),
                    ("Labels", .object(options.labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })),
                ])
            ),
            (
                "NetworkSettings",
                .object([
                    ("IPAddress", .text(state.isRunning ? record.address ?? "" : "")), ("Ports", .object(bound)),
                ])
            ),
        ])
    }
}

extension YAMLNode {
    fileprivate static func object(_ fields: [(String, YAMLNode)]) -> YAMLNode {
        YAMLNode(.map(fields.map { Entry(key: $0.0, node: $0.1) }))
    }
    fileprivate static func text(_ text: String) -> YAMLNode { YAMLNode(.string(text)) }
    fileprivate static func texts(_ texts: [String]) -> YAMLNode {
        YAMLNode(.list(texts.map { YAMLNode(.string($0)) }))
    }
}
