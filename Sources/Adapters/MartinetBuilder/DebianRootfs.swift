import Glibc
import MartinetArchive
import MartinetBase
import MartinetImages

/// Makes a build context out of Debian's packages: programs, the libraries they need, and folders of files.
///
/// Packages are folders that `dpkg-deb -x` made; what they do not have is taken from this machine (`/`). No package is
/// installed and none of its scripts runs. Links are resolved inside the folder they were found in and copied as files.
package struct DebianRootfs {
    private let roots: [OpenFile]
    private let target: OpenFile
    private var done: Set<String> = []
    private static let fileBytesMax = 256 << 20

    /// `packages` are searched in this order, then the machine itself; `context` is the folder to fill.
    package init(packages: [String], context: String) throws {
        roots = try (packages + ["/"]).map { try OpenFile.folder($0) }
        try FileTree.makeFolders(context)
        target = try OpenFile.folder(context)
    }

    /// Copies programs with all that the dynamic linker would load for them, and `folders` with all that is in them.
    package mutating func collect(programs: [String], files: [String] = [], folders: [String] = []) throws {
        var pending = programs
        while let path = pending.popLast() {
            guard done.insert(path).inserted else { continue }
            let bytes = try copy(path)
            guard let needs = ELFNeeds(bytes) else { continue }
            if let interpreter = needs.interpreter { pending.append(interpreter) }
            for library in needs.libraries { pending.append(try find(library)) }
        }
        for path in files { _ = try copy(path) }
        for folder in folders { try copyFolder(folder) }
    }

    /// Writes a file of the caller's own.
    package func put(_ path: String, _ content: [UInt8], mode: UInt32 = 0o644) throws {
        var parts = path.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { throw BuildError(nil, "\(path): is no file's name") }
        let folder = try Copier.makeFolder(parts.joined(separator: "/"), in: target)
        unlinkat(folder.descriptor, name, 0)
        let file = try OpenFile.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode, at: folder)
        try FileSink(file).write(content)
        guard fchmod(file.descriptor, mode) == 0 else { throw SystemError.last("fchmod", path) }
    }

    package func link(_ path: String, to destination: String) throws {
        var parts = path.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { throw BuildError(nil, "\(path): is no link's name") }
        let folder = try Copier.makeFolder(parts.joined(separator: "/"), in: target)
        unlinkat(folder.descriptor, name, 0)
        guard symlinkat(destination, folder.descriptor, name) == 0 else { throw SystemError.last("symlinkat", path) }
    }

    package func makeFolder(_ path: String) throws { _ = try Copier.makeFolder(path, in: target) }

    private func find(_ library: String) throws -> String {
        #if arch(arm64)
            let triplet = "aarch64-linux-gnu"
        #else
            let triplet = "x86_64-linux-gnu"
        #endif
        let folders = ["/lib/\(triplet)", "/usr/lib/\(triplet)", "/lib", "/usr/lib"]
        for root in roots {
            for folder in folders {
                if let found = try root.folderInside(folder), try found.status(library) != nil {
                    return "\(folder)/\(library)"
                }
            }
        }
        throw BuildError(nil, "library \(library): is in no package and not on this machine")
    }

    private func copy(_ path: String) throws -> [UInt8] {
        for root in roots {
            let file: OpenFile
            do throws(SystemError) {
                file = try root.openInside(path, O_RDONLY)
            } catch {
                guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
                continue
            }
            let bytes = try FileSource(file).readAll(limit: DebianRootfs.fileBytesMax)
            try put(path, bytes, mode: (try file.status()?.mode ?? 0o644) & 0o755)
            return bytes
        }
        throw BuildError(nil, "\(path): is in no package and not on this machine")
    }

    /// The first root that has the folder gives it.
    private func copyFolder(_ path: String) throws {
        for root in roots {
            guard try root.folderInside(path) != nil else { continue }
            var pending = [path]
            while let next = pending.popLast() {
                let folder = try root.openInside(next, O_RDONLY | O_DIRECTORY)
                try makeFolder(next)
                for name in try folder.names() {
                    guard let status = try folder.status(name) else { continue }
                    if status.isFolder {
                        pending.append("\(next)/\(name)")
                    } else if status.isFile {
                        _ = try copy("\(next)/\(name)")
                    }
                }
            }
            return
        }
        throw BuildError(nil, "\(path): is in no package and not on this machine")
    }
}
