import Glibc
import MartinetBase
import MartinetContainers
import MartinetImages

/// A folder of files that all change in one instant: `..data` leads to a folder of one moment's files, and the names
/// that a program sees lead through it. Source: the behaviour of upstream's atomic writer.
struct AtomicFolder {
    struct File: Hashable {
        var bytes: [UInt8]
        var mode: UInt32
    }

    let path: String
    /// The files' group, and the right to read for it.
    var group: UInt32?

    /// Makes the folder show exactly these files, by their paths below it. Returns whether anything changed.
    @discardableResult
    func write(_ files: [String: File], moment: Timestamp) throws -> Bool {
        for name in files.keys {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard !name.isEmpty, !parts.contains(""), !parts.contains(".."), !parts.contains("."),
                !name.hasPrefix(".."), !name.utf8.contains(0)
            else { throw EngineError.mount("\(name.debugDescription) is no path inside a volume") }
        }
        try Files.makeFolders(path)
        let current = (try? AtomicFolder.readLink(path + "/..data")) ?? ""
        if !current.isEmpty, try shows(files, in: "\(path)/\(current)") { return false }
        let fresh = "..\(moment.rfc3339Nano)".map { $0 == ":" || $0 == "-" ? "_" : String($0) }.joined()
        let folder = "\(path)/\(fresh)"
        try Files.makeFolders(folder)
        for (name, file) in files.sorted(by: { $0.key < $1.key }) { try put(file, at: "\(folder)/\(name)", in: folder) }
        let link = path + "/..data_tmp"
        unlink(link)
        guard symlink(fresh, link) == 0 else { throw SystemError.last("symlink", link) }
        guard rename(link, path + "/..data") == 0 else { throw SystemError.last("rename", link) }
        try showNames(Set(files.keys.map { String($0.prefix { $0 != "/" }) }))
        if !current.isEmpty, current != fresh {
            try FileTree.remove(current, in: OpenFile.folder(path))
        }
        return true
    }

    private func put(_ file: File, at place: String, in folder: String) throws {
        if let cut = place.lastIndex(of: "/") { try Files.makeFolders(String(place[..<cut])) }
        let mode = file.mode & 0o777 | (group == nil ? 0 : 0o040)
        let opened = try OpenFile.open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try file.bytes.withUnsafeBytes { try opened.write($0) }
        if let group { _ = fchown(opened.descriptor, 0, group) }
        guard fchmod(opened.descriptor, mode) == 0 else { throw SystemError.last("fchmod", place) }
    }

    private func showNames(_ names: Set<String>) throws {
        for name in try Files.names(in: path) where !name.hasPrefix("..") && !names.contains(name) {
            unlink("\(path)/\(name)")
        }
        for name in names {
            if symlink("..data/\(name)", "\(path)/\(name)") != 0 {
                let code = errno
                guard code == EEXIST else { throw SystemError(call: "symlink", operand: name, errno: code) }
            }
        }
    }

    private func shows(_ files: [String: File], in folder: String) throws -> Bool {
        var found: [String: [UInt8]] = [:]
        try AtomicFolder.collect(folder, "", 0, &found)
        guard found.count == files.count else { return false }
        return files.allSatisfy { found[$0.key] == $0.value.bytes }
    }

    private static func collect(
        _ folder: String, _ prefix: String, _ depth: Int, _ found: inout [String: [UInt8]]
    ) throws {
        guard depth < 16, Files.exists(folder) else { return }
        for name in try Files.names(in: folder) {
            var info = stat()
            guard lstat("\(folder)/\(name)", &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                try collect("\(folder)/\(name)", "\(prefix)\(name)/", depth + 1, &found)
            } else {
                found[prefix + name] = try Files.read("\(folder)/\(name)", limit: 16 << 20)
            }
        }
    }

    static func readLink(_ path: String) throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { raw in
            raw.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), raw.count) } ?? 0
        }
        guard count >= 0 else { throw SystemError.last("readlink", path) }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
