import Glibc
import MartinetArchive
import MartinetBase
import MartinetDockerfile
package import MartinetImageSpec
package import MartinetImages

/// The images that the course's manifests name, made on this machine from Debian's packages, so that its pods run
/// without a network. Each says in its labels that it is a stand-in.
package struct StandIns {
    /// What `make images` downloads and unpacks; see docs/images.md.
    package static let packages = ["nginx-light", "redis-server", "busybox-static"]

    /// The folder `Images/` of the repository.
    package var sources: String
    /// Folders that `dpkg-deb -x` made of the packages.
    package var packageFolders: [String]
    /// A folder for the contexts; it may be removed afterwards.
    package var scratch: String

    package init(sources: String, packageFolders: [String], scratch: String) {
        self.sources = sources
        self.packageFolders = packageFolders
        self.scratch = scratch
    }

    /// Builds and names all of `Images/images.txt`, in its order. Returns the names.
    @discardableResult
    package func build(
        into store: ImageStore, progress: @escaping @Sendable (BuildProgress) -> Void = { _ in }
    ) throws -> [ImageReference] {
        let list = String(
            decoding: try FileSource(path: sources + "/images.txt").readAll(limit: 1 << 20), as: UTF8.self)
        let lines = try list.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 2 else {
                throw BuildError(nil, "images.txt: expected a folder and a name, got \(line.debugDescription)")
            }
            return words
        }
        try makeContexts(Set(lines.map { $0[0] }))
        var names: [ImageReference] = []
        for words in lines {
            let reference = try ImageReference(words[1])
            let file = "\(sources)/\(words[0])/Dockerfile"
            let text = try FileSource(path: file).readAll(limit: 1 << 20)
            var request = BuildRequest(
                dockerfile: try Dockerfile(text, file: file), context: "\(scratch)/\(words[0])", tags: [reference])
            request.arguments = ["NAME": reference.familiar]
            request.progress = progress
            let image = try ImageBuilder(store: store, runner: NoStepRunner()).build(request)
            try store.unpack(image)
            names.append(reference)
        }
        return names
    }

    /// One folder for each image: its own files over what the packages give.
    private func makeContexts(_ folders: Set<String>) throws {
        for name in folders.sorted() {
            var rootfs = try DebianRootfs(packages: packageFolders, context: "\(scratch)/\(name)/rootfs")
            switch name {
            case "busybox":
                try rootfs.collect(programs: ["/bin/busybox"])
                for applet in try applets() where applet != "busybox" {
                    try rootfs.link("/bin/\(applet)", to: "busybox")
                }
                for folder in ["/etc", "/tmp", "/var/www", "/root", "/usr/bin", "/usr/sbin", "/run"] {
                    try rootfs.makeFolder(folder)
                }
            case "nginx":
                try rootfs.collect(
                    programs: ["/usr/sbin/nginx"], files: ["/etc/nginx/mime.types"], folders: ["/usr/share/nginx/html"])
                for folder in ["/var/lib/nginx", "/var/log/nginx", "/run", "/etc/nginx/conf.d"] {
                    try rootfs.makeFolder(folder)
                }
                try rootfs.link("/var/log/nginx/access.log", to: "/dev/stdout")
                try rootfs.link("/var/log/nginx/error.log", to: "/dev/stderr")
            case "redis":
                try rootfs.collect(programs: ["/usr/bin/redis-server", "/usr/bin/redis-cli"])
                try rootfs.makeFolder("/data")
            default: break
            }
            let files = try OpenFile.folder("\(sources)/\(name)")
            for file in try files.names() where file != "Dockerfile" {
                let own = try OpenFile.open(file, O_RDONLY, at: files)
                let mode = (try own.status()?.mode ?? 0o644) & 0o755
                try DebianRootfs(packages: [], context: "\(scratch)/\(name)")
                    .put(file, try FileSource(own).readAll(limit: 1 << 20), mode: mode)
            }
        }
    }

    /// The names that busybox answers to, told by itself.
    private func applets() throws -> [String] {
        let output = "\(scratch)/applets"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var argv: [UnsafeMutablePointer<CChar>?] = [strdup("busybox"), strdup("--list"), nil]
        defer { for text in argv { free(text) } }
        let program = "\(scratch)/busybox/rootfs/bin/busybox"
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, nil, &argv, nil)
        guard result == 0 else { throw SystemError(call: "posix_spawn", operand: program, errno: result) }
        while waitpid(pid, nil, 0) < 0, errno == EINTR {}
        let list = try FileSource(path: output).readAll(limit: 1 << 20)
        return String(decoding: list, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
