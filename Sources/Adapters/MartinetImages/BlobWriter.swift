import Glibc
import MartinetArchive
package import MartinetBase
package import MartinetImageSpec

/// Content on its way into the store: it counts only once it is committed, whole and verified.
package final class BlobWriter: ByteSink {
    private let store: ImageStore
    private let name: String
    private let file: OpenFile
    private var hash = SHA256()
    private var committed = false
    /// Bytes written so far.
    package private(set) var size: Int64 = 0

    init(store: ImageStore) throws(SystemError) {
        self.store = store
        name = store.temporaryName()
        file = try OpenFile.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644, at: store.ingest)
    }

    deinit {
        if !committed { unlinkat(store.ingest.descriptor, name, 0) }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try file.write(bytes)
        hash.update(bytes)
        size += Int64(bytes.count)
    }

    /// Forgets what was written, to begin again.
    package func restart() throws(SystemError) {
        guard ftruncate(file.descriptor, 0) == 0 else { throw .last("ftruncate", name) }
        guard lseek(file.descriptor, 0, SEEK_SET) == 0 else { throw .last("lseek", name) }
        hash = SHA256()
        size = 0
    }

    /// Makes it part of the store: on disk for good when this returns.
    ///
    /// Throws `.mismatch` where it is not what was expected; then nothing was stored.
    @discardableResult
    package func commit(expecting digest: ContentDigest? = nil, size expectedSize: Int64? = nil) throws -> ContentDigest
    {
        if let expectedSize, expectedSize != size {
            throw ImageStoreError(
                .mismatch, "blob \(digest?.description ?? name): \(size) bytes, expected \(expectedSize)")
        }
        let actual = hash.digest()
        if let digest, digest != actual {
            throw ImageStoreError(.mismatch, "blob \(digest): the content is \(actual)")
        }
        if store.hasBlob(actual) { return actual }
        try file.sync()
        guard renameat(store.ingest.descriptor, name, store.blobs.descriptor, actual.hex) == 0 else {
            throw SystemError.last("renameat", "\(name) → \(actual.hex)")
        }
        committed = true
        try store.blobs.sync()
        return actual
    }
}
