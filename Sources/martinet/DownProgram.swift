import Glibc
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetImages
import MartinetNetwork
import MartinetStore

/// Ends a cluster and takes away everything that it put into the machine: processes, mounts, namespaces, bridges, rules,
/// cgroups, logs. Its state stays for the next `up`, unless `--purge` says otherwise.
enum DownProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        do {
            let settings = try Settings(arguments.filter { $0 != "--purge" })
            try down(settings, purge: arguments.contains("--purge"))
            return 0
        } catch {
            Log.standardError("martinet down: \(error)")
            return 1
        }
    }

    private static func down(_ settings: Settings, purge: Bool) throws {
        let progress = Progress()
        try progress.now("Server and node") { try Keeper.stop(settings) }
        try progress.now("Pods") { try removePods(settings) }
        try progress.now("Network") { try removeNetwork(settings) }
        try KubeconfigFile.remove(settings)
        try removeTree(settings.run)
        if purge { try removeTree(settings.state) }
        print(
            purge
                ? "The cluster is gone."
                : "The cluster is gone; its objects and images stay in \(settings.state) for the next `up`.")
    }

    /// Kills what still runs and removes what every pod has: containers, mounts, volumes, logs.
    private static func removePods(_ settings: Settings) throws {
        guard access(settings.run + "/pods", F_OK) == 0 else { return }
        let engine = try NodeEngine.make(settings, log: Log(component: "down", minimum: .error))
        for uid in try engine.podsOnDisk().sorted() { try PodSandbox.removeOrphan(uid, of: engine) }
        try removeLogs(settings)
        for root in CgroupFolders.all(settings.cgroupParent) { CgroupFolders.remove(root) }
    }

    /// The logs of pods whose containers had ended before: only the store still knows their names.
    private static func removeLogs(_ settings: Settings) throws {
        guard access(settings.store, F_OK) == 0 else { return }
        let store = try SQLiteStore(path: settings.store, runtime: ProductionRuntime())
        let prefix = "/registry/core/pods/"
        let names = try store.range(prefix: prefix).objects.map {
            $0.key.dropFirst(prefix.count).replacing("/", with: "_") + "_"
        }
        for folder in folderNames("/var/log/pods") where names.contains(where: { folder.hasPrefix($0) }) {
            try removeTree("/var/log/pods/\(folder)")
        }
        store.close()
    }

    private static func removeNetwork(_ settings: Settings) throws {
        let network = try NodeSettings.network(settings)
        do {
            try PodNetwork(network).removeAll()
        } catch let problem as NetworkProblem where problem.code == .noBridge {
            // An earlier `down` took it away, and with it every pod's link.
        }
        try ServiceFirewall.remove(network)
        try NodeNetwork(network).tearDown()
    }

    /// Removes a folder of ours and all that is in it; nothing that is mounted below it is touched.
    private static func removeTree(_ path: String) throws {
        guard access(path, F_OK) == 0 else { return }
        for name in folderNames(path) {
            let child = "\(path)/\(name)"
            var facts = stat()
            guard lstat(child, &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR {
                try removeTree(child)
            } else if unlink(child) != 0 {
                throw SystemError.last("unlink", child)
            }
        }
        if rmdir(path) != 0 { throw SystemError.last("rmdir", path) }
    }
}

/// The cgroup folders of one parent, in every hierarchy.
enum CgroupFolders {
    /// Where a parent such as `/kubepods` lies: once for version 2, once for each controller of version 1.
    static func all(_ parent: String) -> [String] {
        var folders: [String] = []
        for line in (readText("/proc/self/mounts") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "cgroup" || fields[2] == "cgroup2" else { continue }
            let folder = String(fields[1]) + parent
            if access(folder, F_OK) == 0 { folders.append(folder) }
        }
        return folders
    }

    /// Removes a cgroup and those below it. One that still has processes stays: whose they are is not known here.
    static func remove(_ path: String) {
        guard let directory = opendir(path) else { return }
        var children: [String] = []
        while let entry = readdir(directory) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { children.append("\(path)/\(name)") }
        }
        closedir(directory)
        for child in children { remove(child) }
        rmdir(path)
    }
}
