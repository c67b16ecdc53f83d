import Glibc
package import MartinetBase

/// Small files and folders, whole.
package enum Files {
    package static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        try Descriptor.open(path, O_RDONLY).readAll(limit: limit, named: path)
    }

    package static func text(_ path: String) throws(SystemError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Writes in place and in one call, as the kernel's control files want it.
    package static func control(_ path: String, _ value: String) throws(SystemError) {
        try Descriptor.open(path, O_WRONLY).writeAll(Array(value.utf8), named: "\(path) ← \(value)")
    }

    /// Writes aside, syncs, renames, syncs the folder: after a crash the old or the new, never a half.
    package static func replace(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws(SystemError) {
        let aside = path + ".new"
        do {
            let file = try Descriptor.open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            try file.writeAll(bytes, named: aside)
            guard fsync(file.number) == 0 else { throw SystemError.last("fsync", aside) }
        }
        guard rename(aside, path) == 0 else { throw SystemError.last("rename", "\(aside) → \(path)") }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = try Descriptor.open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY)
        guard fsync(descriptor.number) == 0 else { throw SystemError.last("fsync", folder) }
    }

    package static func makeFolders(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        var part = ""
        for name in path.split(separator: "/") {
            part += "/" + name
            if mkdir(part, mode) != 0 {
                let code = errno
                guard code == EEXIST else { throw SystemError(call: "mkdir", operand: part, errno: code) }
            }
        }
    }

    /// Bytes.
    package static func size(_ path: String) throws(SystemError) -> Int {
        var info = stat()
        guard lstat(path, &info) == 0 else { throw SystemError.last("lstat", path) }
        return Int(info.st_size)
    }

    package static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// The names in a folder, sorted, without `.` and `..`.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let folder = opendir(path) else { throw SystemError.last("opendir", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder of plain files; what is not there is no error.
    package static func removeFlatFolder(_ path: String) throws(SystemError) {
        guard exists(path) else { return }
        for name in try names(in: path) {
            guard unlink(path + "/" + name) == 0 || errno == ENOENT else {
                throw SystemError.last("unlink", path + "/" + name)
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw SystemError.last("rmdir", path) }
    }
}
