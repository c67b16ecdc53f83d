import Glibc
import MartinetArchive
import MartinetBase
import MartinetBuilder
import MartinetDockerfile
import MartinetImageSpec
import MartinetImages
import Testing

/// Runs steps in a plain chroot: good enough for a test, no containment at all.
struct ChrootRunner: StepRunner {
    func run(_ step: BuildStep, output: @Sendable ([UInt8]) -> Void) throws -> Int32 {
        let enter = ["/bin/busybox", "sh", "-c", #"cd "$0" && exec "$@""#, step.workingDirectory]
        let words = ["/usr/sbin/chroot", step.rootfs] + enter + step.arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = step.environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, words[0], nil, nil, &argv, &envp)
        guard result == 0 else { throw SystemError(call: "posix_spawn", operand: words[0], errno: result) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

final class Workbench {
    let path: String
    let store: ImageStore

    init() throws {
        path = "/tmp/images/build-\(getpid())-\(String(ProductionRuntime().random(), radix: 36))"
        store = try ImageStore(
            root: path + "/store", runtime: ProductionRuntime(), log: Log(component: "test") { _ in })
        try FileTree.makeFolders(path + "/context")
    }

    deinit {
        guard let folder = try? OpenFile.folder("/tmp/images") else { return }
        try? FileTree.remove(String(path.dropFirst("/tmp/images/".count)), in: folder)
    }

    func put(_ name: String, _ content: [UInt8], mode: UInt32 = 0o644) throws {
        let whole = "\(path)/context/\(name)"
        if let slash = whole.lastIndex(of: "/") { try FileTree.makeFolders(String(whole[..<slash])) }
        let file = try OpenFile.open(whole, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        try FileSink(file).write(content)
        chmod(whole, mode)
    }

    func put(_ name: String, _ content: String, mode: UInt32 = 0o644) throws {
        try put(name, Array(content.utf8), mode: mode)
    }

    func build(
        _ text: String, tag: String = "test", ignore: String = "", cache: Bool = true,
        progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
    ) throws -> Image {
        var request = BuildRequest(
            dockerfile: try Dockerfile(Array(text.utf8)), context: path + "/context", tags: [try ImageReference(tag)],
            ignored: IgnoreList(ignore))
        request.usesCache = cache
        request.progress = progress
        return try ImageBuilder(store: store, runner: ChrootRunner()).build(request)
    }

    /// Every layer's entries, as `path` or `path → link`.
    func entries(_ image: Image) throws -> [[TarEntry]] {
        try image.manifest.layers.map { layer in
            let reader = TarReader(FileSource(try store.openBlob(layer.digest)))
            var all: [TarEntry] = []
            while let entry = try reader.next() { all.append(entry) }
            return all
        }
    }

    func read(_ name: String, of image: Image) throws -> String? {
        for folder in try store.unpack(image).reversed() {
            let root = try OpenFile.folder(folder)
            guard let file = try? root.openInside(name, O_RDONLY) else { continue }
            return String(decoding: try FileSource(file).readAll(limit: 1 << 20), as: UTF8.self)
        }
        return nil
    }

    func putBusybox() throws {
        try put("busybox", FileSource(path: "/bin/busybox").readAll(limit: 8 << 20), mode: 0o755)
    }
}

private let hasBusybox = access("/bin/busybox", X_OK) == 0

@Suite(.enabled(if: getuid() == 0, "needs root: overlay mounts"), .serialized) struct BuilderTests {
    @Test func copiesAndSettingsBecomeAnImage() throws {
        let bench = try Workbench()
        try bench.put("app/a.txt", "a")
        try bench.put("app/sub/b.sh", "b", mode: 0o755)
        try bench.put("skip.log", "no")
        symlink("../../../etc/passwd", bench.path + "/context/app/out")
        let image = try bench.build(
            """
            FROM scratch
            ENV WHO=you GREETING="hello ${WHO:-x}"
            WORKDIR /srv/app
            COPY app .
            COPY --chown=5:6 --chmod=600 app/*.txt /etc/
            COPY <<EOF /motd
            $WHO
            EOF
            USER 1000:1000
            EXPOSE 80 53/udp
            LABEL a=b
            ENTRYPOINT ["/srv/app/sub/b.sh"]
            CMD ["x"]
            """)
        let defaults = image.defaults
        #expect(defaults.environment == ["WHO=you", "GREETING=hello x"], "ENV's values see what was before it")
        #expect(defaults.workingDirectory == "/srv/app")
        #expect(defaults.exposedPorts?.keys.sorted() == ["53/udp", "80/tcp"])
        #expect(
            defaults.entrypoint == ["/srv/app/sub/b.sh"] && defaults.command == ["x"] && defaults.user == "1000:1000")
        let layers = try bench.entries(image)
        #expect(
            layers.map { $0.map(\.pathText) } == [
                ["srv/", "srv/app/"],
                ["srv/", "srv/app/", "srv/app/a.txt", "srv/app/out", "srv/app/sub/", "srv/app/sub/b.sh"],
                ["etc/", "etc/a.txt"], ["motd"],
            ])
        #expect(layers[2][1].uid == 5 && layers[2][1].gid == 6 && layers[2][1].mode == 0o600)
        #expect(layers.joined().allSatisfy { $0.modified.seconds == 0 })
        #expect(try bench.read("motd", of: image) == "you\n")
    }

    @Test func theSameInputsGiveTheSameDigest() throws {
        var digests: Set<ContentDigest> = []
        for _ in 0..<2 {
            let bench = try Workbench()
            try bench.put("x/one", "1")
            try bench.put("x/two", "2")
            digests.insert(try bench.build("FROM scratch\nCOPY x /x\nCMD [\"/x\"]").manifestDigest)
            digests.insert(try bench.build("FROM scratch\nCOPY x /x\nCMD [\"/x\"]", cache: false).manifestDigest)
        }
        #expect(digests.count == 1)
    }

    @Test(.enabled(if: hasBusybox, "needs busybox-static")) func stepsRunAndTheirChangesAreLayers() throws {
        let bench = try Workbench()
        try bench.putBusybox()
        let text = """
            FROM scratch AS base
            ARG WORD=hi
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/sh"]
            RUN /bin/busybox mkdir -p /a/b /keep && echo $WORD > /a/b/c && echo k > /keep/k
            RUN /bin/busybox rm -r /a && /bin/busybox mkdir /a && echo new > /a/n; /bin/busybox rm /keep/k
            RUN <<EOF
            /bin/busybox echo from a document > /doc
            EOF
            FROM scratch
            COPY --from=base /bin/busybox /doc /out/
            """
        let seen = Lines()
        let image = try bench.build(text)
        #expect(try bench.read("out/doc", of: image) == "from a document\n")
        var request = BuildRequest(
            dockerfile: try Dockerfile(Array(text.utf8)), context: bench.path + "/context", tags: [])
        request.target = "base"
        request.progress = { seen.add("\($0)") }
        let base = try ImageBuilder(store: bench.store, runner: ChrootRunner()).build(request)
        let layers = try bench.entries(base).map { $0.map(\.pathText) }
        #expect(layers[3] == ["a/", "a/.wh..wh..opq", "a/n", "keep/", "keep/.wh.k"])
        #expect(seen.all.filter { $0.contains("from the cache") }.count == 5, "the second build runs nothing")
        #expect(
            try FileSource(path: "/proc/self/mounts").readAll(limit: 1 << 20).split(separator: 10).allSatisfy {
                !String(decoding: $0, as: UTF8.self).contains(bench.path)
            }, "no mount is left")
        let failure = #expect(throws: BuildError.self) { try bench.build(text.replacing("echo $WORD", with: "false")) }
        #expect(failure?.place?.line == 5)
    }

    @Test func whatAKilledBuildLeftIsTakenAwayAtOpening() throws {
        let bench = try Workbench()
        let left = bench.path + "/store/builds/killed"
        for folder in ["upper", "work", "root", "lower"] { try FileTree.makeFolders("\(left)/\(folder)") }
        let options = "lowerdir=\(left)/lower,upperdir=\(left)/upper,workdir=\(left)/work"
        #expect(mount("overlay", left + "/root", "overlay", 0, options) == 0)
        _ = try ImageStore(root: bench.path + "/store", runtime: ProductionRuntime())
        #expect(access(left, F_OK) != 0)
    }

    @Test func theCacheForgetsWhatChanged() throws {
        let bench = try Workbench()
        try bench.put("a", "1")
        let first = try bench.build("FROM scratch\nCOPY a /")
        try bench.put("a", "2")
        let second = try bench.build("FROM scratch\nCOPY a /")
        #expect(first.id != second.id)
        try bench.put("a", "1")
        #expect(try bench.build("FROM scratch\nCOPY a /").id == first.id)
    }

    @Test func nothingOutsideTheContextIsCopied() throws {
        let bench = try Workbench()
        try bench.put("d/x", "x")
        symlink("/etc", bench.path + "/context/link")
        symlink("/etc/hostname", bench.path + "/context/file")
        for source in ["../../../../etc/passwd", "link", "link/passwd", "file"] {
            let error = #expect(throws: BuildError.self) { try bench.build("FROM scratch\nCOPY \(source) /stolen") }
            #expect(error?.message.contains("not in the context") == true)
        }
        #expect(throws: BuildError.self) { try bench.build("FROM scratch\nCOPY d/x /y", ignore: "d") }
    }

    @Test func linksInTheImageLeadNowhereOutside() throws {
        let bench = try Workbench()
        try bench.put("x", "x")
        try bench.put("tmp/images/.keep", "")
        symlink("/../../../../../../../../tmp/images", bench.path + "/context/out")
        let image = try bench.build("FROM scratch\nCOPY . /\nCOPY x /out/landed")
        #expect(access("/tmp/images/landed", F_OK) != 0)
        #expect(try bench.entries(image)[1].map(\.pathText).contains("tmp/images/landed") == true)
    }

    @Test func archivesAreUnpackedByAddOnly() throws {
        let bench = try Workbench()
        let sink = MemorySink()
        let writer = TarWriter(sink)
        try writer.append(TarEntry("in/file"), content: [65])
        try writer.finish()
        try bench.put("a.tar", sink.bytes)
        let image = try bench.build("FROM scratch\nADD a.tar /add/\nCOPY a.tar /copy/")
        #expect(try bench.read("add/in/file", of: image) == "A")
        #expect(try bench.entries(image)[1].map(\.pathText) == ["copy/", "copy/a.tar"])
    }

    @Test func baseImagesGiveTheirSettingsAndTriggers() throws {
        let bench = try Workbench()
        try bench.put("x", "x")
        _ = try bench.build("FROM scratch\nCOPY x /x\nENV A=1\nCMD [\"a\"]\nONBUILD COPY x /y", tag: "base")
        let image = try bench.build("ARG B=base\nFROM $B\nENV A=2\nENTRYPOINT [\"e\"]")
        #expect(image.defaults.environment == ["A=2"])
        #expect(image.defaults.command == nil, "ENTRYPOINT takes an inherited CMD away")
        #expect(try bench.read("y", of: image) == "x")
        #expect(throws: BuildError.self) { try bench.build("FROM nowhere") }
    }
}

final class Lines: @unchecked Sendable {  // the builder calls from one thread, the test reads when it is done
    var all: [String] = []
    func add(_ line: String) { all.append(line) }
}
