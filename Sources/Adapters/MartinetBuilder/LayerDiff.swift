import Glibc
import MartinetArchive
import MartinetBase
import MartinetImages

/// Writes what an overlay mount's upper folder holds as a layer's archive: sorted, every time the same, so that the same
/// changes give the same bytes (OCI image-spec, layer, "Creating"; kernel, overlayfs).
struct LayerDiff {
    let changes: OpenFile
    /// The layers below, the topmost first.
    let lowers: [OpenFile]
    let time: Timestamp

    /// Returns how many entries were written.
    func write(to writer: TarWriter) throws -> Int {
        var count = 0
        var links: [UInt64: String] = [:]
        // Folders and files yet to be written, the next one last; a deep tree takes no stack.
        var pending = try changes.names().reversed().map { $0 }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while let path = pending.popLast() {
            let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            let name = slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
            let parentPath = slash.map { String(path[..<$0]) } ?? "."
            let parent = try changes.openInside(parentPath, martinetPathOnly | O_DIRECTORY | O_NOFOLLOW)
            guard let status = try parent.status(name) else { continue }
            guard var entry = try entry(path, name, status, in: parent) else { continue }
            count += 1
            if status.isWhiteout {
                try writer.append(TarEntry(parentPath == "." ? ".wh.\(name)" : "\(parentPath)/.wh.\(name)", mode: 0))
                continue
            }
            if status.links > 1, !status.isFolder {
                if let first = links[status.inode] {
                    entry.kind = .hardlink
                    entry.linkTarget = Array(first.utf8)
                    entry.attributes = []
                } else {
                    links[status.inode] = path
                }
            }
            if entry.kind == .file {
                try copy(name, in: parent, entry, to: writer, buffer)
                continue
            }
            try writer.append(entry)
            guard status.isFolder else { continue }
            let folder = try OpenFile.open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, at: parent)
            if try isOpaque(folder, path) { try writer.append(TarEntry(path + "/.wh..wh..opq", mode: 0)) }
            pending += try folder.names().reversed().map { "\(path)/\($0)" }
        }
        return count
    }

    private func entry(_ path: String, _ name: String, _ status: FileStatus, in parent: OpenFile) throws -> TarEntry? {
        let kinds: [UInt32: TarEntry.Kind] = [
            0o100000: .file, 0o040000: .directory, 0o120000: .symlink, 0o010000: .fifo, 0o020000: .characterDevice,
            0o060000: .blockDevice,
        ]
        guard let kind = kinds[status.type] else { return nil }  // a socket: it means nothing without its process
        var entry = TarEntry(path, kind: kind, mode: status.mode & 0o7777)
        entry.uid = status.uid
        entry.gid = status.gid
        entry.modified = time
        entry.major = kind == .characterDevice || kind == .blockDevice ? status.major : 0
        entry.minor = kind == .characterDevice || kind == .blockDevice ? status.minor : 0
        entry.attributes = status.isWhiteout ? [] : try ExtendedAttributes.read(name, in: parent)
        if kind == .file { entry.size = Int64(clamping: status.size) }
        if kind == .symlink { entry.linkTarget = try readLink(name, in: parent) }
        return entry
    }

    private func copy(
        _ name: String, in parent: OpenFile, _ entry: TarEntry, to writer: TarWriter,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let source = FileSource(try OpenFile.open(name, O_RDONLY | O_NOFOLLOW, at: parent))
        try writer.begin(entry)
        var left = entry.size
        while left > 0 {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(left, Int64(buffer.count)))])
            let count = try source.read(into: room)
            guard count > 0 else { throw BuildError(nil, "\(entry.pathText): became shorter while it was read") }
            try writer.write(UnsafeRawBufferPointer(rebasing: room[..<count]))
            left -= Int64(count)
        }
    }

    /// The kernel marks every new folder as opaque, to save itself a look below; only where there is something below
    /// does the mark say anything.
    private func isOpaque(_ folder: OpenFile, _ path: String) throws -> Bool {
        guard ExtendedAttributes.value("trusted.overlay.opaque", of: folder) == Array("y".utf8) else { return false }
        return try lowers.contains { try $0.folderInside(path) != nil }
    }
}

/// What a link in `folder` leads to. See readlinkat(2).
func readLink(_ name: String, in folder: OpenFile) throws -> [UInt8] {
    var target = [CChar](repeating: 0, count: 4096)
    let count = readlinkat(folder.descriptor, name, &target, target.count)
    guard count >= 0 else { throw SystemError.last("readlinkat", name) }
    return target[..<count].map { UInt8(bitPattern: $0) }
}
