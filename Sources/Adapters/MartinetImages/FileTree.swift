import CMartinetImages
import Glibc
package import MartinetBase

/// Whole folders at once.
package enum FileTree {
    /// Removes `name` in `folder` with all that is in it; nothing to remove is fine.
    ///
    /// Takes no stack and three descriptors however deep the tree is (a hostile layer may nest without end): a folder
    /// that is not empty is moved up beside `name` and dealt with next. Links are removed, never followed. Killed in
    /// between, the next removal of the same name goes on.
    package static func remove(_ name: String, in folder: OpenFile) throws(SystemError) {
        if unlinkat(folder.descriptor, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw .last("unlinkat", name) }
        var pending = [name]
        // What an earlier removal had moved up and did not come to: the last ones go first, so it is 1, 2, …
        var moved = 0
        while faccessat(folder.descriptor, "\(name).removing-\(moved + 1)", F_OK, AT_SYMLINK_NOFOLLOW) == 0 {
            moved += 1
            pending.append("\(name).removing-\(moved)")
        }
        while let next = pending.popLast() {
            if unlinkat(folder.descriptor, next, AT_REMOVEDIR) == 0 || errno == ENOENT { continue }
            guard errno == ENOTEMPTY || errno == EEXIST else { throw .last("rmdir", next) }
            let inner = try OpenFile.open(next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: folder)
            pending.append(next)
            for child in try rawNames(inner) {
                if unlinkat(inner.descriptor, child, 0) == 0 || errno == ENOENT { continue }
                if unlinkat(inner.descriptor, child, AT_REMOVEDIR) == 0 { continue }
                moved += 1
                let aside = "\(name).removing-\(moved)"
                guard renameat(inner.descriptor, child, folder.descriptor, aside) == 0 else {
                    throw .last("renameat", "\(next) → \(aside)")
                }
                pending.append(aside)
            }
        }
    }

    /// Names as the kernel gives them, each ended by a zero: a tree to be removed may hold names that are no UTF-8.
    private static func rawNames(_ folder: OpenFile) throws(SystemError) -> [[CChar]] {
        var raw: UnsafeMutablePointer<CChar>?
        var bytes = 0
        let result = martinet_images_list(folder.descriptor, &raw, &bytes)
        guard result == 0 else { throw SystemError(call: "readdir", operand: folder.path, errno: -result) }
        defer { free(raw) }
        let all = UnsafeBufferPointer(start: raw, count: bytes)
        return all.split(separator: 0).map { Array($0) + [0] }
    }

    /// Makes a folder and those above it, where they are not there yet.
    package static func makeFolders(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw .last("mkdir", path)
        }
        try makeFolders(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }
}
