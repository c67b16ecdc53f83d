import Glibc
import MartinetArchive
import MartinetBase
import MartinetDocker
import MartinetImages
import MartinetNetwork
import MartinetRegistryAccess
import Synchronization

/// A machine's worth of folders and a network of its own, for one test; gone with it.
final class DockerBench {
    let path: String
    let configuration: DockerConfiguration
    private let serial: UInt64
    private let namespace: NetworkNamespace

    init() throws {
        serial = ProductionRuntime().random() % 10_000
        path = "/tmp/martinet-docker/\(getpid())-\(serial)"
        try FileTree.makeFolders(path + "/context")
        var configuration = DockerConfiguration()
        configuration.state = path + "/state"
        configuration.nodeRun = path + "/node"
        configuration.data = path + "/data"
        configuration.run = path + "/run"
        configuration.loginFolder = path + "/login"
        configuration.cgroupParent = "/martinet-docker-\(getpid())-\(serial)"
        configuration.networkName = "martinet-docker-\(serial)"
        configuration.bridge = "mtd\(serial)"
        configuration.linkPrefix = "d\(serial)"
        configuration.range = "172.28.\(serial % 250).0/24"
        configuration.serviceRange = "172.27.\(serial % 250).0/24"
        configuration.registries.folders = []
        configuration.registries.attemptsMax = 1
        namespace = try NetworkNamespace.create(at: "/tmp/martinet-docker/node-\(getpid())-\(serial)") {}
        configuration.node = namespace
        self.configuration = configuration
    }

    deinit {
        try? namespace.delete()  // it goes with its mount
        guard let folder = try? OpenFile.folder("/tmp/martinet-docker") else { return }
        try? FileTree.remove("\(getpid())-\(serial)", in: folder)
    }

    struct Output { let status: Int32, out: String, err: String }

    func run(_ words: String...) -> Output { run(words) }

    func run(_ words: [String]) -> Output {
        let out = Collected()
        let err = Collected()
        let status = DockerCommand.run(
            words, configuration: configuration, runtime: ProductionRuntime(),
            console: Console(out: { out.add($0) }, err: { err.add($0) }))
        return Output(status: status, out: out.text, err: err.text)
    }

    func write(_ name: String, _ text: String) throws {
        let file = try OpenFile.open("\(path)/context/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try Array(text.utf8).withUnsafeBytes { try file.write($0) }
    }

    /// An image with a shell, out of Debian's static busybox.
    func buildBase(_ name: String = "base") throws -> Output {
        let source = try FileSource(path: "/bin/busybox").readAll(limit: 8 << 20)
        let file = try OpenFile.open("\(path)/context/busybox", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o755)
        try source.withUnsafeBytes { try file.write($0) }
        try write(
            "Dockerfile",
            """
            FROM scratch
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "--install", "-s", "/bin"]
            ENV PATH=/bin
            CMD ["sh"]
            """)
        return run("build", "-t", name, "\(path)/context")
    }
}

private final class Collected: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
