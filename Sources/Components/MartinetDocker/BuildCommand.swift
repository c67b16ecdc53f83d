import Dispatch
import Glibc
import MartinetArchive
import MartinetBase
import MartinetCommandLine
import MartinetBuilder
import MartinetContainers
import MartinetDockerfile
import MartinetImageSpec
import MartinetImages
import Synchronization

extension DockerCommand {
    func build() throws -> Int32 {
        let context = try BuildContext(arguments[0], file: flags.string("file"), scratch: configuration.data + "/build")
        defer { context.remove() }
        var request = BuildRequest(
            dockerfile: try Dockerfile(context.dockerfile, file: context.dockerfileName), context: context.folder,
            tags: try flags.strings("tag").map { try ImageReference($0) }, ignored: context.ignored)
        guard try platform() == .host else { throw DockerError("build: only \(Platform.host) can be built here") }
        for argument in flags.strings("build-arg") {
            let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !sides[0].isEmpty else { throw DockerError("--build-arg: expected name=value") }
            // Without a value it is this shell's, where it has one.
            if let value = sides.count == 2 ? sides[1] : getenv(sides[0]).map({ String(cString: $0) }) {
                request.arguments[sides[0]] = value
            }
        }
        if !flags.string("target").isEmpty { request.target = flags.string("target") }
        request.usesCache = !flags.bool("no-cache")
        if let text = getenv("SOURCE_DATE_EPOCH").map({ String(cString: $0) }) {
            guard let seconds = Int64(text) else { throw DockerError("SOURCE_DATE_EPOCH: expected seconds since 1970") }
            request.time = Timestamp(seconds: seconds)
        }
        let isQuiet = flags.bool("quiet")
        let fetcher = try fetcher(isQuiet: isQuiet)
        request.pull = { try fetcher.fetch($0) }
        if flags.bool("pull") { try pullBases(request) }
        request.progress = BuildCommandProgress(console: isQuiet ? nil : console).take
        let runner = ContainerStepRunner(
            configuration: configuration, runtime: runtime, network: try stepNetwork(), log: log)
        let store = try store.get()
        var image: Image
        do {
            image = try ImageBuilder(store: store, runner: runner).build(request)
        } catch {
            console.note("\(error)")
            return 1
        }
        let labels = flags.strings("label")
        if !labels.isEmpty { image = try label(image, labels, request.tags) }
        if isQuiet {
            console.print(image.id.description)
        } else {
            console.print("Successfully built \(image.id.short)")
            for tag in request.tags { console.print("Successfully tagged \(tag.familiar)") }
        }
        return 0
    }

    private func stepNetwork() throws -> ContainerStepRunner.Network {
        switch flags.string("network") {
        case "default", "bridge": .own
        case "host": .host
        case "none": .none
        default: throw DockerError.unsupported("--network \(flags.string("network"))")
        }
    }

    /// `--pull`: the registries' images count, and not what is here.
    private func pullBases(_ request: BuildRequest) throws {
        var stages: Set<String> = ["scratch"]
        for stage in request.dockerfile.stages {
            let name = stage.base.raw
            if !name.contains("$"), !stages.contains(name.lowercased()) {
                let reference = try ImageReference(name)
                do {
                    _ = try fetch(reference, isQuiet: true)
                } catch {
                    guard try store.get().isLocal(reference) else { throw error }
                }
            }
            if let own = stage.name { stages.insert(own.lowercased()) }
        }
    }

    private func label(_ image: Image, _ labels: [String], _ tags: [ImageReference]) throws -> Image {
        var config = image.config
        var all = image.defaults.labels ?? [:]
        for label in labels {
            let sides = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            all[sides[0]] = sides.count == 2 ? sides[1] : ""
        }
        config.config = image.defaults
        config.config?.labels = all
        let store = try store.get()
        return try store.working {
            let labelled = try store.putImage(config, layers: image.manifest.layers)
            for tag in tags { try store.setName(tag, to: labelled.target) }
            return labelled
        }
    }
}

/// Says how far a build is, in the words of docker's first builder.
private final class BuildCommandProgress: Sendable {
    private let console: Console?
    init(console: Console?) { self.console = console }

    @Sendable func take(_ progress: BuildProgress) {
        guard let console else { return }
        switch progress {
        case .warning(let text): console.note("warning: \(text)")
        case .step(let text, let number, let count): console.print("Step \(number)/\(count) : \(text)")
        case .trigger(let text): console.print("# Executing ONBUILD trigger: \(text)")
        case .cached: console.print(" ---> Using cache")
        case .output(let bytes): console.out(bytes)
        }
    }
}

/// What a build takes files from: a folder, or an archive or a Dockerfile on standard input.
struct BuildContext {
    let folder: String
    let dockerfile: [UInt8]
    let dockerfileName: String
    let ignored: IgnoreList
    private let temporary: String?

    init(_ argument: String, file: String, scratch: String) throws {
        for scheme in ["http://", "https://", "git://", "git@", "github.com/"] where argument.hasPrefix(scheme) {
            throw DockerError.unsupported("a build context at an address")
        }
        var folder = argument
        var temporary: String?
        var given: [UInt8]?
        if argument == "-" {
            guard isatty(0) == 0 else {
                throw DockerError("build: expected a Dockerfile or an archive on standard input")
            }
            folder = scratch + "/context-\(getpid())"
            temporary = folder
            try FileTree.makeFolders(folder, mode: 0o700)
            do {
                given = try BuildContext.readInput(into: folder)
            } catch {
                BuildContext.remove(folder)
                throw error
            }
        }
        self.folder = folder
        self.temporary = temporary
        var facts = stat()
        guard stat(folder, &facts) == 0 else { throw SystemError.last("stat", folder) }
        guard facts.st_mode & S_IFMT == S_IFDIR else {
            throw DockerError("build: \(folder) is no folder; the context is a folder, the Dockerfile is said with -f")
        }
        if let given {
            (dockerfile, dockerfileName) = (given, "Dockerfile")
        } else if file == "-" {
            dockerfile = try FileSource(try OpenFile.open("/dev/stdin", O_RDONLY)).readAll(limit: 16 << 20)
            dockerfileName = "Dockerfile"
        } else {
            let path = file.isEmpty ? folder + "/Dockerfile" : temporary == nil ? file : "\(folder)/\(file)"
            guard access(path, R_OK) == 0 else {
                throw DockerError("build: there is no Dockerfile at \(path)")
            }
            dockerfile = try FileSource(path: path).readAll(limit: 16 << 20)
            dockerfileName = path
        }
        // One that is named after the Dockerfile counts before the context's.
        let lists = ["\(dockerfileName).dockerignore", "\(folder)/.dockerignore"]
        if let list = lists.first(where: { access($0, R_OK) == 0 }) {
            let bytes = try FileSource(path: list).readAll(limit: 1 << 20)
            ignored = IgnoreList(String(decoding: bytes, as: UTF8.self))
        } else {
            ignored = IgnoreList()
        }
    }

    func remove() { if let temporary { BuildContext.remove(temporary) } }

    private static func remove(_ path: String) {
        guard let slash = path.lastIndex(of: "/"), let parent = try? OpenFile.folder(String(path[..<slash])) else {
            return
        }
        try? FileTree.remove(String(path[path.index(after: slash)...]), in: parent)  // a temporary folder
    }

    /// An archive is unpacked into the folder; anything else is the Dockerfile, which is returned.
    private static func readInput(into folder: String) throws -> [UInt8]? {
        let file = try OpenFile.open("/dev/stdin", O_RDONLY)
        let whole = try FileSource(file).readAll(limit: 1 << 30)
        let isArchive =
            whole.count > 262 && Array(whole[257..<262]) == Array("ustar".utf8) || whole.starts(with: [0x1F, 0x8B])
        guard isArchive else { return whole }
        let reader = TarReader(try decompressed(MemorySource(whole)).source)
        let unpacker = LayerUnpacker(
            root: try OpenFile.folder(folder), lowers: [], trash: try OpenFile.folder(folder), trashName: ".trash")
        try unpacker.unpack(reader)
        return nil
    }
}
