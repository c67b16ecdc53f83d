import Glibc
package import MartinetBase
package import MartinetOCI
package import MartinetStagePlan

/// One cgroup: a folder in each of version 1's hierarchies that matter, or one folder in version 2's.
package struct Cgroup: Sendable, Hashable {
    package let layout: CgroupLayout
    /// Below each mount point, absolute, without `..`.
    package let path: String

    package init(layout: CgroupLayout, path: String) throws(OCIError) {
        let parts = path.split(separator: "/")
        guard !parts.isEmpty, !parts.contains(".."), !parts.contains("."), !path.utf8.contains(0) else {
            throw OCIError(code: .invalid, message: "linux.cgroupsPath: \(path) is no path of a cgroup")
        }
        self.layout = layout
        self.path = "/" + parts.joined(separator: "/")
    }

    private var folders: [String] { layout.folders(path: path) }

    /// The files that a process enters by; made by `create`.
    package var procs: [String] { folders.map { $0 + "/cgroup.procs" } }

    func file(_ controller: String, _ name: String) -> String? {
        layout.folder(of: controller, path: path).map { $0 + "/" + name }
    }

    /// What counts its processes killed for memory; `oom_kill` in both versions.
    package var oomFile: String? { file("memory", layout.isUnified ? "memory.events" : "memory.oom_control") }

    package var exists: Bool { folders.contains(where: Files.exists) }

    /// Makes its folders, and those above it ready to limit it. What is there already stays as it is.
    package func create() throws(SystemError) {
        if let unified = layout.unified {
            try createUnified(unified)
            return
        }
        for hierarchy in layout.entered {
            try Files.makeFolders(hierarchy.mountPoint + path)
            if hierarchy.controllers.contains("cpuset") { try inheritCPUSet(hierarchy) }
        }
    }

    private func createUnified(_ mountPoint: String) throws(SystemError) {
        var folder = mountPoint
        for name in path.split(separator: "/") {
            let available = try Files.text(folder + "/cgroup.controllers").split(whereSeparator: \.isWhitespace)
            for controller in ["cpu", "memory", "pids", "cpuset", "io"] where available.contains(Substring(controller))
            {
                // One by one: a controller that cannot be had must not take the others with it.
                do {
                    try Files.control(folder + "/cgroup.subtree_control", "+" + controller)
                } catch  where controller == "cpuset" || controller == "io" {
                    continue
                }
            }
            folder += "/" + name
            try Files.makeFolders(folder)
        }
    }

    /// Version 1's cpuset starts empty and takes no process until it has processors and memory nodes.
    private func inheritCPUSet(_ hierarchy: CgroupLayout.Hierarchy) throws(SystemError) {
        for name in ["cpuset.cpus", "cpuset.mems"] {
            var folder = hierarchy.mountPoint
            var value = try Files.text(folder + "/" + name)
            for part in path.split(separator: "/") {
                folder += "/" + part
                let own = try Files.text(folder + "/" + name)
                if own.allSatisfy(\.isWhitespace) {
                    try Files.control(folder + "/" + name, value)
                } else {
                    value = own
                }
            }
        }
    }

    /// The processes in it and in what is below it.
    package func processes() -> [Int32] {
        var found: Set<Int32> = []
        for folder in folders.prefix(1) { collect(folder, into: &found, depth: 0) }
        return found.sorted()
    }

    private func collect(_ folder: String, into found: inout Set<Int32>, depth: Int) {
        guard depth < 32 else { return }
        if let text = try? Files.text(folder + "/cgroup.procs") {
            for line in text.split(separator: "\n") { if let pid = Int32(line) { found.insert(pid) } }
        }
        for name in (try? Files.names(in: folder)) ?? [] where !name.contains(".") && name != "tasks" {
            var info = stat()
            guard lstat(folder + "/" + name, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { continue }
            collect(folder + "/" + name, into: &found, depth: depth + 1)
        }
    }

    /// Stops or resumes every process in it.
    package func freeze(_ frozen: Bool) throws {
        let (name, value, done) =
            layout.isUnified
            ? ("cgroup.freeze", frozen ? "1" : "0", frozen ? "frozen 1" : "frozen 0")
            : ("freezer.state", frozen ? "FROZEN" : "THAWED", frozen ? "FROZEN" : "THAWED")
        guard let path = file("freezer", name) else {
            throw OCIError(code: .unsupported, message: "this machine has no freezer for the cgroup \(self.path)")
        }
        try Files.control(path, value)
        let status = layout.isUnified ? file("freezer", "cgroup.events") ?? path : path
        // The kernel has no event for version 1's freezer; it takes a tick, and 200 of them are too many.
        for _ in 0..<200 {
            if try Files.text(status).contains(done) { return }
            if !layout.isUnified { try Files.control(path, value) }
            poll(nil, 0, 5)
        }
        throw SystemError(call: "write", operand: "\(path) ← \(value)", errno: EBUSY)
    }

    package var isFrozen: Bool {
        let text = file("freezer", layout.isUnified ? "cgroup.freeze" : "freezer.state").flatMap { try? Files.text($0) }
        return text?.first == (layout.isUnified ? "1" : "F")
    }

    /// Sends a signal to every process in it, until no new one appears.
    package func signalAll(_ signal: Int32) {
        if signal == SIGKILL, layout.isUnified, let kill = file("cgroup", "cgroup.kill"), Files.exists(kill),
            (try? Files.control(kill, "1")) != nil
        {
            return
        }
        var seen: Set<Int32> = []
        for _ in 0..<64 {
            let fresh = processes().filter { !seen.contains($0) }
            if fresh.isEmpty { return }
            for pid in fresh {
                _ = Glibc.kill(pid, signal)
                seen.insert(pid)
            }
        }
    }

    /// Removes its folders, leaves first. EBUSY while a process is still in one.
    package func remove() throws(SystemError) {
        for folder in folders where Files.exists(folder) {
            try Cgroup.remove(folder, depth: 0)
        }
    }

    private static func remove(_ folder: String, depth: Int) throws(SystemError) {
        for attempt in 0... {
            if rmdir(folder) == 0 { return }
            let code = errno
            if code == ENOENT { return }
            // A process that has just been killed leaves its cgroup a moment after its parent has learnt of it.
            guard code == EBUSY, attempt < 100, depth < 32 else {
                throw SystemError(call: "rmdir", operand: folder, errno: code)
            }
            for name in (try? Files.names(in: folder)) ?? [] {
                var info = stat()
                guard lstat(folder + "/" + name, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { continue }
                try remove(folder + "/" + name, depth: depth + 1)
            }
            if attempt > 0 { poll(nil, 0, 5) }
        }
    }
}
