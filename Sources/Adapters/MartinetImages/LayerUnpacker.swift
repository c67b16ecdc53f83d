import CMartinetImages
import Glibc
package import MartinetArchive
import MartinetBase

/// Unpacks one layer's archive into a folder of its own, in the form that overlayfs takes as a lower layer.
///
/// Invariants: nothing outside the folder is read, written or changed, whatever the archive's names, links and order
/// (every name is resolved by the kernel inside the folder, openat2 RESOLVE_IN_ROOT, and made in a folder that is held
/// open); `.wh.` files become whiteouts (character device 0/0) and opaque folders (`trusted.overlay.opaque`); no
/// attribute with which overlayfs could be led elsewhere comes from an archive.
/// Sources: OCI image-spec, layer, "Whiteouts"; kernel documentation, overlayfs.
package final class LayerUnpacker {
    package struct Limits: Sendable {
        /// Bytes of all files together.
        package var bytesMax: Int64 = 64 << 30
        package var entriesMax = 4_000_000
        package init() {}
    }

    let root: OpenFile
    private let lowers: [OpenFile]
    private let trash: OpenFile?
    private let trashName: String
    private let limits: Limits
    private var removed = 0
    private var entries = 0
    private var bytes: Int64 = 0
    private var cached: (path: [String], folder: OpenFile)?
    private var folderTimes: [(path: [String], time: Timestamp)] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)

    /// `lowers` are the layers below, the topmost first: where an archive leaves a parent folder out, it is made as it is
    /// there. `trash`, on the same file system, takes folders that the archive replaces; without it the folder is no layer
    /// but a live view, in which no folder is replaced and whiteouts mean nothing (a builder's ADD).
    package init(
        root: OpenFile, lowers: [OpenFile] = [], trash: OpenFile?, trashName: String = "", limits: Limits = Limits()
    ) {
        self.root = root
        self.lowers = lowers
        self.trash = trash
        self.trashName = trashName
        self.limits = limits
    }

    deinit { buffer.deallocate() }

    package func unpack(_ reader: TarReader) throws {
        while let entry = try reader.next() {
            entries += 1
            bytes = bytes.addingReportingOverflow(entry.size).partialValue
            guard entries <= limits.entriesMax, bytes >= 0, bytes <= limits.bytesMax else {
                throw refused(entry, "the layer has more than \(limits.entriesMax) entries or \(limits.bytesMax) bytes")
            }
            try apply(entry, reader)
        }
        // Last, because making something in a folder changes its time.
        for (path, time) in folderTimes.reversed() {
            guard let folder = try? root.openInside(joined(path), martinetPathOnly | O_DIRECTORY | O_NOFOLLOW) else {
                continue
            }
            setTimes("", in: folder, time)
        }
    }

    private func apply(_ entry: TarEntry, _ reader: TarReader) throws {
        var path = try components(entry.path, of: entry)
        guard let name = path.popLast() else {
            guard entry.kind == .directory else { throw refused(entry, "the root is a folder") }
            try describe(root, entry, path: [])
            return
        }
        let parent = try folder(path, for: entry)
        if name.hasPrefix(".wh.") {
            guard trash != nil else { throw refused(entry, "names that begin with .wh. are overlayfs' own") }
            return try whiteout(String(name.dropFirst(4)), in: parent, entry)
        }
        let existing = try parent.status(name)
        if entry.kind == .directory {
            try makeFolder(name, existing, in: parent, entry, path: path + [name])
            return
        }
        if let existing { try clear(name, existing, in: parent) }
        switch entry.kind {
        case .file: try makeFile(name, in: parent, entry, reader)
        case .hardlink: try makeHardlink(name, in: parent, entry)
        case .symlink:
            guard !entry.linkTarget.isEmpty else { throw refused(entry, "a link that leads nowhere") }
            guard symlinkat(entry.linkTarget.map { CChar(bitPattern: $0) } + [0], parent.descriptor, name) == 0 else {
                throw SystemError.last("symlinkat", entry.pathText)
            }
            try own(name, in: parent, entry)
        case .fifo: try makeNode(name, in: parent, entry, type: 0o010000)
        case .characterDevice: try makeNode(name, in: parent, entry, type: 0o020000)
        case .blockDevice: try makeNode(name, in: parent, entry, type: 0o060000)
        case .directory: break
        }
    }

    // MARK: - Names

    /// The parts of a name inside the layer. `..` is refused: no honest archive needs it.
    private func components(_ path: [UInt8], of entry: TarEntry) throws -> [String] {
        var parts: [String] = []
        for part in path.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { throw refused(entry, "a name with .. leads out of the layer") }
            guard let text = String(validating: part, as: UTF8.self), !text.utf8.contains(0) else {
                throw refused(entry, "a name that is not UTF-8 is not supported")
            }
            guard part.count <= 255 else { throw refused(entry, "a name of more than 255 bytes") }
            parts.append(text)
        }
        return parts
    }

    private func joined(_ path: [String]) -> String { path.isEmpty ? "." : path.joined(separator: "/") }

    /// The folder that an entry goes into; made where the archive left it out.
    private func folder(_ path: [String], for entry: TarEntry) throws -> OpenFile {
        if path.isEmpty { return root }
        if let cached, cached.path == path { return cached.folder }
        let folder = try root.folderInside(joined(path)) ?? makeParents(path, for: entry)
        cached = (path, folder)
        return folder
    }

    private func makeParents(_ path: [String], for entry: TarEntry) throws -> OpenFile {
        var above = root
        for depth in path.indices {
            let here = Array(path[...depth])
            if let there = try root.folderInside(joined(here)) {
                above = there
                continue
            }
            let existing = try above.status(path[depth])
            guard existing == nil || existing?.isWhiteout == true else {
                throw refused(entry, "\(joined(here)) is no folder in this layer")
            }
            var implied = TarEntry(joined(here), kind: .directory, mode: 0o755)
            if let lower = lowerFolder(joined(here)) {
                implied.mode = lower.mode & 0o7777
                implied.uid = lower.uid
                implied.gid = lower.gid
                implied.modified = lower.modified
            }
            above = try makeFolder(path[depth], existing, in: above, implied, path: here)
        }
        return above
    }

    /// As the layers below have this folder, the topmost that has it.
    private func lowerFolder(_ path: String) -> FileStatus? {
        for lower in lowers {
            guard let found = try? lower.openInside(path, martinetPathOnly | O_NOFOLLOW),
                let status = try? found.status()
            else {
                continue
            }
            return status.isFolder ? status : nil
        }
        return nil
    }

    // MARK: - Making

    @discardableResult
    private func makeFolder(
        _ name: String, _ existing: FileStatus?, in parent: OpenFile, _ entry: TarEntry, path: [String]
    ) throws -> OpenFile {
        if existing?.isFolder != true {
            if let existing { try clear(name, existing, in: parent) }
            guard mkdirat(parent.descriptor, name, 0o700) == 0 else {
                throw SystemError.last("mkdirat", entry.pathText)
            }
        }
        let folder = try OpenFile.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: parent)
        try describe(folder, entry, path: path)
        // Removed and made again in one layer: what the layers below have in it must not shine through.
        if existing?.isWhiteout == true { try setOpaque(folder) }
        return folder
    }

    private func describe(_ folder: OpenFile, _ entry: TarEntry, path: [String]) throws {
        let folder = try folder.openInside(".", O_RDONLY | O_DIRECTORY)
        guard fchown(folder.descriptor, entry.uid, entry.gid) == 0 else {
            throw SystemError.last("fchown", entry.pathText)
        }
        guard fchmod(folder.descriptor, entry.mode) == 0 else { throw SystemError.last("fchmod", entry.pathText) }
        try setAttributes(entry, on: "/proc/self/fd/\(folder.descriptor)", follow: true)
        folderTimes.append((path, entry.modified))
    }

    private func makeFile(_ name: String, in parent: OpenFile, _ entry: TarEntry, _ reader: TarReader) throws {
        let file = try OpenFile.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: parent)
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        // The owner first: changing it takes setuid bits and capabilities away.
        guard fchown(file.descriptor, entry.uid, entry.gid) == 0 else {
            throw SystemError.last("fchown", entry.pathText)
        }
        guard fchmod(file.descriptor, entry.mode) == 0 else { throw SystemError.last("fchmod", entry.pathText) }
        if !entry.attributes.isEmpty {
            try setAttributes(entry, on: "/proc/self/fd/\(file.descriptor)", follow: true)
        }
        var times = [time(entry.modified), time(entry.modified)]
        futimens(file.descriptor, &times)
    }

    private func makeHardlink(_ name: String, in parent: OpenFile, _ entry: TarEntry) throws {
        var target = try components(entry.linkTarget, of: entry)
        guard let targetName = target.popLast() else { throw refused(entry, "a hard link to the root") }
        guard let folder = try root.folderInside(joined(target)), let status = try folder.status(targetName),
            !status.isWhiteout
        else { throw refused(entry, "a hard link to \(entry.linkTargetText), which is not in this layer") }
        guard !status.isFolder else { throw refused(entry, "a hard link to a folder") }
        guard linkat(folder.descriptor, targetName, parent.descriptor, name, 0) == 0 else {
            throw SystemError.last("linkat", "\(entry.linkTargetText) → \(entry.pathText)")
        }
    }

    private func makeNode(_ name: String, in parent: OpenFile, _ entry: TarEntry, type: UInt32) throws {
        let result = martinet_images_make_node(parent.descriptor, name, type | 0o600, entry.major, entry.minor)
        guard result == 0 else { throw SystemError(call: "mknodat", operand: entry.pathText, errno: -result) }
        try own(name, in: parent, entry)
        // No link can be in the way: the node was made a moment ago, in a folder that nobody else uses.
        guard fchmodat(parent.descriptor, name, entry.mode, 0) == 0 else {
            throw SystemError.last("fchmodat", entry.pathText)
        }
    }

    private func own(_ name: String, in parent: OpenFile, _ entry: TarEntry) throws {
        guard fchownat(parent.descriptor, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemError.last("fchownat", entry.pathText)
        }
        try setAttributes(entry, on: "/proc/self/fd/\(parent.descriptor)/\(name)", follow: false)
        setTimes(name, in: parent, entry.modified)
    }

    private func time(_ timestamp: Timestamp) -> timespec {
        timespec(tv_sec: Int(timestamp.seconds), tv_nsec: Int(timestamp.subsecond))
    }

    /// Times are told, not promised: a file system that cannot hold one keeps its own.
    private func setTimes(_ name: String, in folder: OpenFile, _ modified: Timestamp) {
        var times = [time(modified), time(modified)]
        if name.isEmpty {
            utimensat(AT_FDCWD, "/proc/self/fd/\(folder.descriptor)", &times, 0)
        } else {
            utimensat(folder.descriptor, name, &times, AT_SYMLINK_NOFOLLOW)
        }
    }

    private func setAttributes(_ entry: TarEntry, on path: String, follow: Bool) throws {
        for attribute in entry.attributes {
            // With these an archive could point overlayfs at any folder of a lower layer, or hide one.
            guard !attribute.name.hasPrefix("trusted.overlay."), !attribute.name.hasPrefix("user.overlay.") else {
                throw refused(entry, "the attribute \(attribute.name) belongs to overlayfs")
            }
            let result = martinet_images_set_attribute(
                path, attribute.name, attribute.value, attribute.value.count, follow ? 1 : 0)
            // Labels of another machine's security module, or attributes that this file system has none of.
            guard result == 0 || result == -EOPNOTSUPP else {
                throw SystemError(call: "setxattr", operand: "\(entry.pathText), \(attribute.name)", errno: -result)
            }
        }
    }

    // MARK: - Taking away

    private func whiteout(_ name: String, in parent: OpenFile, _ entry: TarEntry) throws {
        if name == ".wh..opq" { return try setOpaque(parent) }
        // Bookkeeping of aufs, which says nothing about the content.
        if name.hasPrefix(".wh.") { return }
        guard !name.isEmpty, name != ".", name != ".." else { throw refused(entry, "a whiteout of nothing") }
        if let existing = try parent.status(name) {
            // This layer made it, before or after in its archive: only what lower layers have of it is hidden.
            if existing.isFolder {
                try setOpaque(try OpenFile.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: parent))
            }
            return
        }
        let result = martinet_images_make_node(parent.descriptor, name, 0o020000, 0, 0)
        guard result == 0 else { throw SystemError(call: "mknodat", operand: entry.pathText, errno: -result) }
    }

    private func setOpaque(_ folder: OpenFile) throws {
        let result = martinet_images_set_attribute(
            "/proc/self/fd/\(folder.descriptor)", "trusted.overlay.opaque", "y", 1, 1)
        guard result == 0 else {
            throw SystemError(call: "setxattr", operand: "\(folder.path), trusted.overlay.opaque", errno: -result)
        }
    }

    /// Takes away what an entry of the same layer replaces.
    private func clear(_ name: String, _ existing: FileStatus, in parent: OpenFile) throws {
        // A path that was looked up before may have led through it.
        cached = nil
        guard existing.isFolder else {
            guard unlinkat(parent.descriptor, name, 0) == 0 else { throw SystemError.last("unlinkat", name) }
            return
        }
        guard let trash else {
            throw ImageStoreError(.refused, "archive: \(name.debugDescription) would replace a folder")
        }
        removed += 1
        let aside = "\(trashName).\(removed)"
        guard renameat(parent.descriptor, name, trash.descriptor, aside) == 0 else {
            throw SystemError.last("renameat", "\(name) → \(aside)")
        }
        try FileTree.remove(aside, in: trash)
    }

    private func refused(_ entry: TarEntry, _ reason: String) -> ImageStoreError {
        ImageStoreError(.refused, "layer entry \(entry.pathText.debugDescription): \(reason)")
    }
}
