import Glibc
import MartinetBase
import MartinetContainers
import MartinetImages

/// What a folder takes on its disk, as du(1) counts it: blocks, a file with several names once, no other file system.
enum DiskUsage {
    /// Deeper than any honest tree; what nests further counts as without end, as a descriptor is open for each level.
    private static let depthMax = 256

    /// Bytes; what goes meanwhile counts as nothing.
    static func bytes(_ path: String) -> Int64 {
        var info = stat()
        guard lstat(path, &info) == 0 else { return 0 }
        guard info.st_mode & S_IFMT == S_IFDIR else { return Int64(info.st_blocks) * 512 }
        guard let folder = try? OpenFile.folder(path) else { return 0 }
        var seen: Set<UInt64> = []
        return count(folder, device: info.st_dev, depth: 0, &seen)
    }

    private static func count(_ folder: OpenFile, device: dev_t, depth: Int, _ seen: inout Set<UInt64>) -> Int64 {
        guard depth < depthMax else { return .max }
        var total: Int64 = 0
        for name in (try? folder.names()) ?? [] {
            var info = stat()
            guard fstatat(folder.descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0, info.st_dev == device else {
                continue
            }
            if info.st_nlink > 1, info.st_mode & S_IFMT != S_IFDIR, !seen.insert(UInt64(info.st_ino)).inserted {
                continue
            }
            total = sum(total, Int64(info.st_blocks) * 512)
            guard info.st_mode & S_IFMT == S_IFDIR,
                let inner = try? OpenFile.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: folder)
            else { continue }
            total = sum(total, count(inner, device: device, depth: depth + 1, &seen))
        }
        return total
    }

    private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (total, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : total
    }
}
