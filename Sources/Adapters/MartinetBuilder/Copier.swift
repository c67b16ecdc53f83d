import Glibc
import MartinetArchive
import MartinetBase
import MartinetDockerfile
import MartinetImageSpec
import MartinetImages

/// Does COPY and ADD: finds the sources in a context, and puts them into a mounted view.
///
/// Both sides are resolved as if they were the root (openat2 RESOLVE_IN_ROOT): a link or `..` in the context or in the
/// image leads nowhere outside.
struct Copier {
    /// A source: its path in the context and where it goes.
    struct Item {
        var path: String
        var status: FileStatus
    }

    let transfer: Transfer
    let text: String
    let time: Timestamp
    var sources: [(path: String, place: SourcePlace)] = []
    var destination = ""
    var base = "/"
    var owner: String?
    var mode: String?
    var heredocs: [(name: String, content: String)] = []
    var context: OpenFile?
    var ignored = IgnoreList()
    /// From another stage owners are kept; from a context they are the builder's own and mean nothing.
    var keepsOwners = false
    private static let depthMax = 256

    init(transfer: Transfer, text: String, time: Timestamp) {
        self.transfer = transfer
        self.text = text
        self.time = time
    }

    // MARK: - Sources

    func resolve() throws -> [Item] {
        guard let context else { return [] }
        var items: [Item] = []
        for (path, place) in sources {
            let pattern = PathPattern(path)
            let relative = normal(path)
            if pattern.isLiteral {
                guard !ignored.ignores(relative) || ignored.hasExceptions, let item = try item(relative, in: context)
                else {
                    throw BuildError(
                        place,
                        "\(path) is not in the context"
                            + (ignored.ignores(relative) ? ", .dockerignore leaves it out" : ""))
                }
                items.append(item)
            } else {
                var found: [Item] = []
                try walk("", in: context, depth: 0) { path, status in
                    if pattern.matches(path.split(separator: "/").map(String.init)) {
                        found.append(Item(path: path, status: status))
                    }
                }
                guard !found.isEmpty else { throw BuildError(place, "nothing in the context is like \(path)") }
                items += found
            }
        }
        if items.count + heredocs.count > 1, !destination.hasSuffix("/") {
            throw BuildError(
                transfer.destination.place, "several sources: expected a folder ending in / as destination")
        }
        return items
    }

    private func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    /// A source that is a link is what it leads to.
    private func item(_ path: String, in context: OpenFile) throws -> Item? {
        do throws(SystemError) {
            let file = try context.openInside(path.isEmpty ? "." : path, martinetPathOnly)
            guard let status = try file.status() else { return nil }
            return Item(path: path, status: status)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
    }

    /// Everything under `path` that is not left out, sorted, folders before what is in them.
    private func walk(
        _ path: String, in context: OpenFile, depth: Int, _ body: (String, FileStatus) throws -> Void
    ) throws {
        guard depth < Copier.depthMax else {
            throw BuildError(nil, "\(path): folders nested deeper than \(Copier.depthMax)")
        }
        let folder = try context.openInside(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY)
        for name in try folder.names() {
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            let isLeftOut = ignored.ignores(inner)
            guard let status = try folder.status(name), !isLeftOut || (status.isFolder && ignored.hasExceptions) else {
                continue
            }
            if !isLeftOut { try body(inner, status) }
            if status.isFolder { try walk(inner, in: context, depth: depth + 1, body) }
        }
    }

    /// Everything that the result depends on, besides the layers below.
    func key(_ items: [Item], digestContent: Bool) throws -> [String] {
        var key = [transfer.unpacks ? "ADD" : "COPY", destination, base, owner ?? "", mode ?? ""]
        key += heredocs.flatMap { [$0.name, $0.content] }
        for item in items {
            key.append(item.path)
            guard digestContent, let context else { continue }
            try describe(item.path, item.status, in: context, &key)
            if item.status.isFolder {
                try walk(item.path, in: context, depth: 0) { try describe($0, $1, in: context, &key) }
            }
        }
        return key
    }

    private func describe(_ path: String, _ status: FileStatus, in context: OpenFile, _ key: inout [String]) throws {
        key += [path, String(status.mode, radix: 8)]
        if status.isFile {
            let source = HashedSource(FileSource(try context.openInside(path, O_RDONLY)))
            try source.forEachChunk { _ in }
            key.append(source.digest.hex)
        } else if status.isLink {
            let (parent, name) = try place(path, in: context)
            key.append(String(decoding: try readLink(name, in: parent), as: UTF8.self))
        }
    }

    private func place(_ path: String, in root: OpenFile) throws -> (OpenFile, String) {
        var parts = path.split(separator: "/")
        let name = parts.popLast().map(String.init) ?? "."
        let folder = try root.openInside(
            parts.isEmpty ? "." : parts.joined(separator: "/"), martinetPathOnly | O_DIRECTORY)
        return (folder, name)
    }

    // MARK: - Copying

    func run(_ items: [Item], in root: OpenFile) throws {
        let owner = try self.owner.map { try Ownership($0, in: root, place: transfer.owner?.place) }
        let target = destination.hasPrefix("/") ? destination : "\(base)/\(destination)"
        // `.` and a trailing slash name a folder, whether it is there or not.
        let wantsFolder = target.hasSuffix("/") || target.hasSuffix("/.")
        for item in items {
            if item.status.isFolder {
                let folder = try Copier.makeFolder(target, in: root, owner: owner)
                try copyFolder(item.path, into: folder, root: root, target: normal(target), owner)
            } else if transfer.unpacks, item.status.isFile, try unpack(item, to: target, in: root) {
                continue
            } else {
                let name = item.path.split(separator: "/").last.map(String.init) ?? item.path
                let (folder, final) = try landing(target, name, wantsFolder, root, owner)
                guard let context else { continue }
                let source = try context.openInside(item.path, martinetPathOnly)
                guard let status = try source.status() else { continue }
                let (parent, sourceName) = try place(item.path, in: context)
                try copyOne(sourceName, status, from: parent, resolved: item.path, as: final, in: folder, owner)
            }
        }
        for (name, content) in heredocs {
            let (folder, final) = try landing(target, name, wantsFolder, root, owner)
            let file = try fresh(final, in: folder)
            try FileSink(file).write(Array(content.utf8))
            try finish(final, in: folder, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, mode: 0o644)
        }
    }

    /// Where a single file goes: into the destination where that is a folder, else to its name.
    private func landing(
        _ target: String, _ name: String, _ wantsFolder: Bool, _ root: OpenFile, _ owner: Ownership?
    ) throws -> (OpenFile, String) {
        if try wantsFolder || root.folderInside(target) != nil {
            return (try Copier.makeFolder(target, in: root, owner: owner), name)
        }
        var parts = normal(target).split(separator: "/")
        let final = parts.popLast().map(String.init) ?? name
        return (try Copier.makeFolder(parts.joined(separator: "/"), in: root, owner: owner), final)
    }

    private func copyFolder(
        _ path: String, into folder: OpenFile, root: OpenFile, target: String, _ owner: Ownership?
    ) throws {
        guard let context else { return }
        var folders: [String: OpenFile] = ["": folder]
        try walk(path, in: context, depth: 0) { inner, status in
            let relative = path.isEmpty ? inner : String(inner.dropFirst(path.count + 1))
            var parts = relative.split(separator: "/")
            let name = parts.popLast().map(String.init) ?? relative
            let parentPath = parts.joined(separator: "/")
            let above =
                try folders[parentPath] ?? Copier.makeFolder("\(target)/\(parentPath)", in: root, owner: owner)
            let (sourceParent, sourceName) = try place(inner, in: context)
            if status.isFolder {
                if try root.folderInside("\(target)/\(relative)") == nil {
                    guard mkdirat(above.descriptor, name, 0o755) == 0 else {
                        throw SystemError.last("mkdirat", relative)
                    }
                    try finish(
                        name, in: above, uid: owner?.uid ?? (keepsOwners ? status.uid : 0),
                        gid: owner?.gid ?? (keepsOwners ? status.gid : 0), mode: try modeBits ?? status.mode & 0o7777)
                }
                folders[relative] = try root.openInside("\(target)/\(relative)", martinetPathOnly | O_DIRECTORY)
                return
            }
            try copyOne(sourceName, status, from: sourceParent, resolved: nil, as: name, in: above, owner)
        }
    }

    /// `resolved` is the path of a file that is named itself: a link is followed then, inside the context.
    private func copyOne(
        _ source: String, _ status: FileStatus, from parent: OpenFile, resolved: String?, as name: String,
        in folder: OpenFile, _ owner: Ownership?
    ) throws {
        let uid = owner?.uid ?? (keepsOwners ? status.uid : 0)
        let gid = owner?.gid ?? (keepsOwners ? status.gid : 0)
        if status.isFile {
            let input: OpenFile
            if let resolved, let context {
                input = try context.openInside(resolved, O_RDONLY)
            } else {
                input = try OpenFile.open(source, O_RDONLY | O_NOFOLLOW, at: parent)
            }
            let output = try fresh(name, in: folder)
            try FileSource(input).forEachChunk { try output.write($0) }
            try finish(name, in: folder, uid: uid, gid: gid, mode: try modeBits ?? status.mode & 0o7777)
            if keepsOwners, resolved == nil {
                try ExtendedAttributes.set(try ExtendedAttributes.read(source, in: parent), name, in: folder)
            }
        } else if status.isLink {
            try clear(name, in: folder)
            let target = try readLink(source, in: parent)
            guard symlinkat(target.map { CChar(bitPattern: $0) } + [0], folder.descriptor, name) == 0 else {
                throw SystemError.last("symlinkat", name)
            }
            guard fchownat(folder.descriptor, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw SystemError.last("fchownat", name)
            }
        } else {
            throw BuildError(nil, "\(source): devices, pipes and sockets are not copied")
        }
    }

    private var modeBits: UInt32? {
        get throws {
            guard let mode else { return nil }
            guard let bits = UInt32(mode, radix: 8), bits <= 0o7777 else {
                throw BuildError(
                    transfer.mode?.place, "--chmod: expected an octal mode like 755, got \(mode.debugDescription)")
            }
            return bits
        }
    }

    private func clear(_ name: String, in folder: OpenFile) throws {
        guard unlinkat(folder.descriptor, name, 0) == 0 || errno == ENOENT else {
            throw SystemError.last("unlinkat", name)
        }
    }

    private func fresh(_ name: String, in folder: OpenFile) throws -> OpenFile {
        try clear(name, in: folder)
        return try OpenFile.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: folder)
    }

    private func finish(_ name: String, in folder: OpenFile, uid: UInt32, gid: UInt32, mode: UInt32) throws {
        let mode = try modeBits ?? mode
        guard fchownat(folder.descriptor, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemError.last("fchownat", name)
        }
        guard fchmodat(folder.descriptor, name, mode, 0) == 0 else { throw SystemError.last("fchmodat", name) }
    }

    /// ADD of an archive: its content goes into the destination. False where the file is none.
    private func unpack(_ item: Item, to target: String, in root: OpenFile) throws -> Bool {
        guard let context else { return false }
        var start = [UInt8](repeating: 0, count: 512)
        let probe = FileSource(try context.openInside(item.path, O_RDONLY))
        let count = try start.withUnsafeMutableBytes { try probe.readFully(into: $0) }
        let compression = Compression(firstBytes: start[..<count])
        let isTar = count == 512 && start[257..<262].elementsEqual("ustar".utf8)
        guard compression != .none || isTar else { return false }
        let source = FileSource(try context.openInside(item.path, O_RDONLY))
        let folder = try Copier.makeFolder(target, in: root)
        let writable = try folder.openInside(".", O_RDONLY | O_DIRECTORY)
        try LayerUnpacker(root: writable, trash: nil).unpack(TarReader(try decompressed(source).source))
        return true
    }

    /// The folder `path` in `root`, made with those above it where they are not there.
    static func makeFolder(_ path: String, in root: OpenFile, owner: Ownership? = nil) throws -> OpenFile {
        var above = try root.openInside(".", martinetPathOnly | O_DIRECTORY)
        var here = ""
        for part in path.split(separator: "/") where part != "." {
            here += "/\(part)"
            if let there = try root.folderInside(here) {
                above = there
                continue
            }
            guard mkdirat(above.descriptor, String(part), 0o755) == 0 else { throw SystemError.last("mkdirat", here) }
            guard fchmodat(above.descriptor, String(part), 0o755, 0) == 0,
                fchownat(above.descriptor, String(part), owner?.uid ?? 0, owner?.gid ?? 0, 0) == 0
            else { throw SystemError.last("fchownat", here) }
            above = try root.openInside(here, martinetPathOnly | O_DIRECTORY)
        }
        return above
    }
}
