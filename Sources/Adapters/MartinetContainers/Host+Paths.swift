import Glibc
import CMartinetContainers
import MartinetBase

extension Host {
    static func absolute(_ path: String, from bundle: String) -> String {
        path.utf8.first == 47 ? path : bundle + "/" + path
    }

    /// The mount point that holds a path (longest match in `/proc/self/mountinfo`).
    static func mountPoint(of path: String) throws(SystemError) -> String? {
        guard let resolved = realpath(path, nil) else { throw SystemError.last("realpath", path) }
        defer { free(resolved) }
        let wanted = String(cString: resolved)
        var best: String?
        for line in try Files.text("/proc/self/mountinfo").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 5 else { continue }
            let point = String(fields[4])
            let inside = point == "/" || wanted == point || wanted.hasPrefix(point + "/")
            if inside, point.utf8.count >= best?.utf8.count ?? 0 { best = point }
        }
        return best
    }

    /// Connects to a unix socket by a path of any length.
    static func connect(_ path: String) throws(SystemError) -> Descriptor {
        let cut = path.lastIndex(of: "/")
        let folder = try Descriptor.open(cut.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY)
        let name = cut.map { String(path[path.index(after: $0)...]) } ?? path
        return Descriptor(owning: try check("connect", path, martinet_connect_in(folder.number, name, 0)))
    }
}
