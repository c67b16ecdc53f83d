import Glibc
import MartinetArchive
import MartinetBase
package import MartinetImageSpec

/// One name and what it leads to, as it is on disk. New fields must be optional.
struct NameRecord: Codable {
    var version: Int
    var reference: String
    var target: Descriptor
    /// Whether a registry gave it; nil: it was built, loaded or named here.
    var isPulled: Bool?
}

extension ImageStore {
    /// Lets `reference` lead to `target`, from this instant on; on disk for good when this returns.
    package func setName(_ reference: ImageReference, to target: Descriptor, isPulled: Bool = false) throws {
        let record = NameRecord(
            version: 1, reference: reference.description, target: target, isPulled: isPulled ? true : nil)
        try replaceFile(
            ContentDigest(of: reference.description).hex, in: names, with: try ImageJSON.encode(record))
    }

    /// What a builder keeps under a key; nil where there is nothing.
    package func cachedFile(_ key: ContentDigest) throws -> [UInt8]? {
        try OpenFile.openIfThere(key.hex, O_RDONLY, at: cache).map { try FileSource($0).readAll(limit: 1 << 20) }
    }

    package func setCachedFile(_ key: ContentDigest, _ bytes: [UInt8]) throws {
        try replaceFile(key.hex, in: cache, with: bytes)
    }

    /// Write aside, sync, rename, sync the folder: the file is the old or the new one, never a part.
    func replaceFile(_ name: String, in folder: OpenFile, with bytes: [UInt8]) throws {
        let temporary = temporaryName()
        do {
            let file = try OpenFile.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644, at: ingest)
            try FileSink(file).write(bytes)
            try file.sync()
            guard renameat(ingest.descriptor, temporary, folder.descriptor, name) == 0 else {
                throw SystemError.last("renameat", name)
            }
        } catch {
            unlinkat(ingest.descriptor, temporary, 0)
            throw error
        }
        try folder.sync()
    }

    /// What a name leads to, or nil where it is not there.
    package func target(of reference: ImageReference) throws -> Descriptor? {
        try record(ContentDigest(of: reference.description).hex)?.target
    }

    /// Whether the name leads to what was made on this machine, and not to what a registry gave.
    package func isLocal(_ reference: ImageReference) throws -> Bool {
        guard let record = try record(ContentDigest(of: reference.description).hex) else { return false }
        return record.isPulled != true
    }

    /// Takes a name away; the content goes with the next collection. False where there was none.
    @discardableResult
    package func removeName(_ reference: ImageReference) throws -> Bool {
        let file = ContentDigest(of: reference.description).hex
        if unlinkat(names.descriptor, file, 0) != 0 {
            guard errno == ENOENT else { throw SystemError.last("unlinkat", "names/\(file)") }
            return false
        }
        try names.sync()
        return true
    }

    /// Gives what `source` leads to another name as well.
    package func tag(_ source: ImageReference, as name: ImageReference) throws {
        guard let target = try target(of: source) else { throw notFound(source.familiar) }
        try setName(name, to: target)
    }

    /// Every name, sorted.
    package func allNames() throws -> [(reference: ImageReference, target: Descriptor)] {
        var all: [(reference: ImageReference, target: Descriptor)] = []
        for file in try names.names() where file.utf8.count == 64 {
            guard let record = try record(file) else { continue }
            all.append((try ImageReference(record.reference), record.target))
        }
        return all.sorted { $0.reference.description < $1.reference.description }
    }

    func notFound(_ name: String) -> ImageStoreError {
        ImageStoreError(.notFound, "image \(name): is not in the store")
    }

    private func record(_ file: String) throws -> NameRecord? {
        guard let opened = try OpenFile.openIfThere(file, O_RDONLY, at: names) else { return nil }
        let bytes = try FileSource(opened).readAll(limit: 1 << 20)
        do {
            return try ImageJSON.decode(NameRecord.self, from: bytes, of: "names/\(file)")
        } catch {
            // Set aside, never deleted: a newer Martinet may have written it, or a person may want to look.
            log.error("name record is damaged and set aside", [("file", "names/\(file)"), ("error", "\(error)")])
            renameat(names.descriptor, file, names.descriptor, "\(file).damaged")
            return nil
        }
    }
}
