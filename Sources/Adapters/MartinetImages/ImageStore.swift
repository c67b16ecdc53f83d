import Glibc
import MartinetArchive
package import MartinetBase
package import MartinetImageSpec

/// The images on this machine's disk: content by its digest, names, and layers unpacked for overlayfs.
///
/// Under its folder: `blobs/sha256/<hex>` (content), `names/<hex>` (one small file a name), `layers/<chain id>` (what a
/// layer changes, in overlayfs' own form), `cache/` (the builder's memory), `ingest/` (what is not whole yet).
///
/// Guarantees: what has a digest for a name has that digest; every change is one rename, so that being killed or
/// unplugged at any instant leaves the old or the new; several processes may use one store. All calls block on the disk.
package final class ImageStore: Sendable {
    package let root: String
    package let runtime: any Runtime
    package let log: Log
    let folder, blobs, names, layers, ingest, cache: OpenFile

    package init(root: String, runtime: any Runtime, log: Log = Log(component: "images")) throws {
        self.root = root
        self.runtime = runtime
        self.log = log
        for name in ["blobs/sha256", "names", "layers", "ingest", "cache"] {
            try FileTree.makeFolders("\(root)/\(name)", mode: 0o711)
        }
        folder = try OpenFile.folder(root)
        blobs = try OpenFile.folder("blobs/sha256", at: folder)
        names = try OpenFile.folder("names", at: folder)
        layers = try OpenFile.folder("layers", at: folder)
        ingest = try OpenFile.folder("ingest", at: folder)
        cache = try OpenFile.folder("cache", at: folder)
        try sweepLeftovers()
    }

    func temporaryName() -> String { "new-" + String(runtime.random(), radix: 16) }

    // MARK: - Who works on it

    /// While `body` runs, nothing is collected: it may store content that no name leads to yet.
    package func working<T>(_ body: () throws -> T) throws -> T {
        let lock = try take(LOCK_SH)
        let result = try body()
        lock.unlock()  // where `body` throws, closing the lock's file does it
        return result
    }

    /// As `working`, across suspensions: keep what it returns until the content has a name.
    package func work() throws -> StoreLease { StoreLease(lock: try take(LOCK_SH)) }

    /// A lock of an open file description: it ends with the process, and counts inside one process too. See flock(2).
    func take(_ kind: Int32) throws -> OpenFile {
        let lock = try OpenFile.open("lock", O_RDWR | O_CREAT, at: folder)
        while flock(lock.descriptor, kind) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: throw ImageStoreError(.busy, "image store \(root): somebody works on it")
            default: throw SystemError.last("flock", "\(root)/lock")
            }
        }
        return lock
    }

    /// What a killed process left half done is nobody's once no one works on the store.
    private func sweepLeftovers() throws {
        let lock: OpenFile
        do {
            lock = try take(LOCK_EX | LOCK_NB)
        } catch let error as ImageStoreError where error.code == .busy {
            return  // next time, then
        }
        if let builds = try OpenFile.openIfThere("builds", O_RDONLY | O_DIRECTORY, at: folder) {
            for name in try builds.names() {
                umount2("\(root)/builds/\(name)/root", Int32(MNT_DETACH))
                try FileTree.remove(name, in: builds)
            }
        }
        for name in try ingest.names() { try FileTree.remove(name, in: ingest) }
        for name in try layers.names() where name.hasPrefix("new-") { try FileTree.remove(name, in: layers) }
        lock.unlock()
    }
}

/// Keeps the collector away for as long as it lives.
package final class StoreLease: Sendable {
    private let lock: OpenFile
    init(lock: OpenFile) { self.lock = lock }
    /// Gives the lease back now; otherwise its last reference does.
    package func end() { lock.unlock() }
}

// MARK: - Content

extension ImageStore {
    package func hasBlob(_ digest: ContentDigest) -> Bool {
        faccessat(blobs.descriptor, digest.hex, F_OK, 0) == 0
    }

    package func newBlob() throws(SystemError) -> BlobWriter { try BlobWriter(store: self) }

    package func openBlob(_ digest: ContentDigest) throws -> OpenFile {
        guard let file = try OpenFile.openIfThere(digest.hex, O_RDONLY, at: blobs) else {
            throw ImageStoreError(.notFound, "blob \(digest): is not in the store")
        }
        return file
    }

    package func blobSize(_ digest: ContentDigest) throws -> Int64 {
        guard let status = try blobs.status(digest.hex) else {
            throw ImageStoreError(.notFound, "blob \(digest): is not in the store")
        }
        return Int64(clamping: status.size)
    }

    /// A small blob, whole and verified.
    package func readBlob(_ digest: ContentDigest, limit: Int = ImageJSON.documentBytesMax) throws -> [UInt8] {
        let bytes = try FileSource(try openBlob(digest)).readAll(limit: limit)
        guard ContentDigest(of: bytes) == digest else {
            throw ImageStoreError(.mismatch, "blob \(digest): the content on disk is damaged")
        }
        return bytes
    }

    @discardableResult
    package func putBlob(_ bytes: [UInt8]) throws -> ContentDigest {
        let writer = try newBlob()
        try writer.write(bytes)
        return try writer.commit()
    }
}
