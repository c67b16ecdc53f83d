import Dispatch
import Glibc
import MartinetArchive
import MartinetBase
import MartinetServiceRules
import MartinetNetwork
import MartinetSchema
import MartinetAPI
import MartinetCommandLine
import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetImages
import MartinetPodLifecycle

extension DockerCommand {
    func runContainer() throws -> Int32 {
        var record = try newRecord()
        let isDetached = flags.bool("detach")
        let output = ContainerStreams(console: console)
        do {
            try start(&record, fresh: true, output: isDetached ? nil : output)
        } catch {
            // What could not be started is not kept, so that it can be typed again under the same name.
            try? remove(record)  // the first error is the one to tell
            throw RunFailure.explained(error)
        }
        if isDetached {
            console.print(record.id)
            return 0
        }
        // Signals and input belong to the container now.
        let end = try output.follow(
            record, configuration, input: record.options.isInteractive, signals: flags.bool("sig-proxy"))
        guard case .exited(let code) = end else { return 0 }
        if record.options.removesItself { try remove(record) }
        return code
    }

    func createContainer() throws -> Int32 {
        let record = try newRecord()
        console.print(record.id)
        return 0
    }

    /// The record of a new container, whose image is here.
    private func newRecord() throws -> ContainerRecord {
        let image = try wantedImage(arguments[0])
        var options = try RunOptions(flags, command: Array(arguments.dropFirst()))
        if options.publishesAll {
            for exposed in (image.defaults.exposedPorts ?? [:]).keys.sorted() {
                let port = try RunOptions.port(exposed)
                if !options.ports.contains(where: { $0.container == port.container && $0.transport == port.transport })
                {
                    options.ports.append(port)
                }
            }
        }
        if options.usesHostNetwork { options.ports = [] }
        for index in options.ports.indices where options.ports[index].host == nil {
            options.ports[index].host = try FreePort.take(options.ports[index].transport)
        }
        let words = (0..<4).map { _ in
            let word = String(runtime.random(), radix: 16)
            return String(repeating: "0", count: 16 - word.utf8.count) + word
        }
        let network = try DockerEngine(configuration, runtime: runtime, log: log)
        return try network.locked {
            let all = try book.all()
            var name = flags.string("name")
            if name.isEmpty {
                repeat { name = Names.any(runtime) } while all.contains { $0.name == name }
            }
            guard RunOptions.isName(name) else {
                throw DockerError(
                    "--name \(name): expected two or more letters, digits, dots, dashes, underscores", status: 125)
            }
            if let taken = all.first(where: { $0.name == name }) {
                throw DockerError(
                    "the container name \"/\(name)\" is already in use by container \(taken.shortID); remove or rename it",
                    status: 125)
            }
            let record = ContainerRecord(
                id: words.joined(), name: name, image: arguments[0], imageID: image.id.description, options: options,
                created: runtime.now().nanoseconds)
            try book.save(record)
            return record
        }
    }

    private func wantedImage(_ name: String) throws -> Image {
        let store = try store.get()
        let platform = try platform()
        func fetched() throws -> Image {
            try fetch(try ImageReference(name), platform: platform, isQuiet: false)
        }
        switch flags.string("pull") {
        case "always": return try fetched()
        default: break
        }
        do {
            return try store.find(name, platform: platform)
        } catch let error as ImageStoreError where error.code == .notFound {
            guard flags.string("pull") != "never" else { throw error }
            console.note("Unable to find image '\((try? ImageReference(name).familiar) ?? name)' locally")
            return try fetched()
        }
    }

    /// Starts a container, a new one or one that has ended.
    func start(_ record: inout ContainerRecord, fresh: Bool, output: ContainerStreams?) throws {
        let store = try store.get()
        let image = try store.find(record.imageID)
        // May take a while, and nobody need wait for it.
        _ = try store.unpack(image)
        let network = try DockerEngine(configuration, runtime: runtime, log: log)
        let template = PodTemplate(record: record, configuration: configuration, image: image)
        try template.makeFolders()
        let before = record
        record = try network.locked {
            var record = before
            let published = try book.published(configuration, except: record.id)
            try FreePort.check(record, published)
            let engine = try network.engine(published: published, images: store)
            record.isStopped = false
            if fresh {
                try startNew(&record, template, engine, output)
            } else {
                try startAgain(&record, template, engine, output)
            }
            try book.save(record)
            return record
        }
        if output == nil || record.options.restart.policy != .no { try superviseIfNeeded(record, output) }
    }

    private func startNew(
        _ record: inout ContainerRecord, _ template: PodTemplate, _ engine: Engine, _ output: ContainerStreams?
    ) throws {
        let pod = try template.pod()
        let sandbox = PodSandbox(
            engine: engine, namespace: "docker", name: record.name, uid: record.id, onEvent: { _ in })
        record.address = try sandbox.setUp(pod, PodContent()).first
        if record.options.usesHostNetwork { record.address = nil }
        let id = record.id
        let run = try sandbox.start(
            pod.spec.containers[0], attempt: Int32(clamping: record.restarts), image: template.adjusted, pod: pod,
            content: PodContent()
        ) { task in
            do {
                try output?.attach(task, folder: "\(configuration.pods)/\(id)")
            } catch {
                log.error("a container's output cannot be followed", [("container.id", id), ("error", "\(error)")])
            }
        }
        record.task = run.id
    }

    /// The same container, with what it had written.
    private func startAgain(
        _ record: inout ContainerRecord, _ template: PodTemplate, _ engine: Engine, _ output: ContainerStreams?
    ) throws {
        guard let task = record.task else { return try startNew(&record, template, engine, output) }
        let folder = "\(configuration.pods)/\(record.id)"
        guard let file = try ContainerFiles.read(task, in: folder) else {
            throw DockerError(
                "\(record.name): was made before this machine's last start, and its namespaces are gone; commit it and run "
                    + "the image")
        }
        try engine.firewall?.apply(record.published.map { (name: $0.name, service: $0) })
        let (connection, _) = try engine.containers.reconnect(folder: folder) { _ in }
        try connection.remove(task)
        try engine.containers.cgroup(of: file.spec, id: task).remove()
        let made = try engine.containers.create(
            ContainerRuntime.ContainerRequest(
                id: task, spec: file.spec, bundle: file.folder, logPath: file.logPath,
                stdin: record.options.isInteractive), on: connection)
        try output?.attach(task, folder: folder)
        try engine.containers.start(made, on: connection)
    }

    /// Nobody else will: an own process waits for the end of what is to be started again, or removed.
    private func superviseIfNeeded(_ record: ContainerRecord, _ output: ContainerStreams?) throws {
        let removes = record.options.removesItself && output == nil
        guard removes || record.options.restart.policy != .no, !isSupervisor else { return }
        try Supervisor.spawn(configuration.program, record.id)
    }

    var isSupervisor: Bool { invocation.command.name == "supervise" }

    /// Removes all of a container; one that runs is killed.
    func remove(_ record: ContainerRecord, volumes: Bool = true) throws {
        let network = try DockerEngine(configuration, runtime: runtime, log: log)
        let store = try store.get()
        try network.locked {
            let published = try book.published(configuration, except: record.id)
            let engine = try network.engine(published: published, images: store)
            try PodSandbox.removeOrphan(record.id, of: engine)
            try book.remove(record)
            try network.tearDownIfUnused()
        }
        guard volumes else { return }
        for (index, mount) in record.options.mounts.enumerated() where mount.source == "" {
            let parent = try OpenFile.folder(configuration.volumes)
            try FileTree.remove("\(record.id)-\(index)", in: parent)
        }
    }
}

/// What a failed start is to docker: 126 and 127 for the program, 125 for all else.
enum RunFailure {
    static func explained(_ error: any Error) -> any Error {
        guard let failure = error as? EngineError else { return error }
        let text = "\(failure)"
        guard failure.reason == "StartError" else { return DockerError(text, status: 125) }
        return DockerError(text, status: text.contains("ENOENT") ? 127 : 126)
    }
}
