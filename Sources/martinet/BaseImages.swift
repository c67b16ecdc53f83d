import Glibc
import MartinetArchive
import MartinetBase
import MartinetBuilder
import MartinetDockerfile
import MartinetImageSpec
import MartinetImages

/// The images that are there before anything is pulled: our own binary as a web server, and stand-ins for the course's.
struct BaseImages: Sendable {
    static let hello = "martinet/hello:latest"
    private let flags: UpFlags
    private let runtime: ProductionRuntime

    init(_ flags: UpFlags, runtime: ProductionRuntime) {
        self.flags = flags
        self.runtime = runtime
    }

    func load() throws {
        let settings = flags.settings
        try makeFolders(settings.state + "/images")
        let store = try ImageStore(
            root: settings.state + "/images", runtime: runtime, log: Log(component: "images", minimum: .warning))
        let scratch = settings.state + "/build"
        try makeFolders(scratch)
        if (try? store.find(BaseImages.hello)) == nil { try buildHello(store, scratch) }
        if let sources = flags.images, let packages = flags.packages {
            let standIns = StandIns(sources: sources, packageFolders: [packages], scratch: scratch)
            _ = try standIns.build(into: store)
        }
    }

    private func buildHello(_ store: ImageStore, _ scratch: String) throws {
        guard let program = Keeper.program else {
            throw SettingsError(message: "the path of this program cannot be read")
        }
        let context = scratch + "/hello"
        try makeFolders(context)
        let target = context + "/martinet"
        unlink(target)
        // A link costs nothing; the state may lie on another file system, though.
        if link(program, target) != 0 {
            let copy = try OpenFile.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o755)
            let sink = FileSink(copy)
            try FileSource(path: program).forEachChunk { try sink.write($0) }
        }
        defer { unlink(target) }
        let text = """
            FROM scratch
            COPY martinet /martinet
            EXPOSE 8080
            USER 65532
            ENTRYPOINT ["/martinet", "hello"]
            """
        let dockerfile = try Dockerfile(Array(text.utf8), file: "hello")
        let reference = try ImageReference(BaseImages.hello)
        let request = BuildRequest(dockerfile: dockerfile, context: context, tags: [reference])
        _ = try ImageBuilder(store: store, runner: NoStepRunner()).build(request)
    }
}
