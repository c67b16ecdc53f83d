import Glibc
import MartinetBase
import MartinetContainers
import MartinetImages

/// Mounts that the engine makes on the node itself.
enum Mounts {
    static func bind(_ source: String, _ target: String) throws(SystemError) {
        guard mount(source, target, nil, UInt(MS_BIND), nil) == 0 else {
            throw SystemError.last("mount", "\(source) → \(target)")
        }
    }

    static func tmpfs(_ target: String, _ options: String) throws(SystemError) {
        guard mount("tmpfs", target, "tmpfs", UInt(MS_NOSUID | MS_NODEV), options) == 0 else {
            throw SystemError.last("mount", "tmpfs → \(target) (\(options))")
        }
    }

    /// - Parameter layers: the lowest first.
    static func overlay(_ layers: [String], upper: String, work: String, target: String) throws {
        let options = "lowerdir=\(layers.reversed().joined(separator: ":")),upperdir=\(upper),workdir=\(work)"
        guard options.utf8.count < 4096 else {  // a page: mount(2) takes no more
            throw EngineError("CreateContainerError", "the image has \(layers.count) layers, too many for one mount")
        }
        guard mount("overlay", target, "overlay", 0, options) == 0 else {
            throw SystemError.last("mount", "overlay → \(target)")
        }
    }

    static func isMounted(_ path: String) throws(SystemError) -> Bool { try below(path).contains(path) }

    /// Mount points at and below a path, the deepest first.
    static func below(_ path: String) throws(SystemError) -> [String] {
        let text = String(decoding: try Files.read("/proc/self/mountinfo", limit: 64 << 20), as: UTF8.self)
        var found: [String] = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 5 else { continue }
            let point = String(fields[4])
            if point == path || point.hasPrefix(path + "/") { found.append(point) }
        }
        return found.reversed()
    }

    static func unmount(_ path: String) throws(SystemError) {
        if umount2(path, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) != 0 {
            let code = errno
            guard code == EINVAL || code == ENOENT else {
                throw SystemError(call: "umount2", operand: path, errno: code)
            }
        }
    }

    /// Unmounts everything at and below a folder and removes it; what is not there is no error.
    static func removeTree(_ path: String) throws {
        guard Files.exists(path), let cut = path.lastIndex(of: "/") else { return }
        for point in try below(path) { try unmount(point) }
        let parent = try OpenFile.folder(String(path[..<cut]))
        try FileTree.remove(String(path[path.index(after: cut)...]), in: parent)
    }
}
