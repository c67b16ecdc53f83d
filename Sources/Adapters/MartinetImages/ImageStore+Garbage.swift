import Glibc
package import MartinetImageSpec

/// What a collection took away.
package struct Collected: Sendable {
    package var blobs = 0
    package var layers = 0
    /// Of blobs; what layers gave back is not counted.
    package var bytes: Int64 = 0
}

extension ImageStore {
    /// Removes content and layers that no name leads to, but for the images in `keeping` (ids of containers' images).
    ///
    /// Throws `.busy` while somebody works on the store: content on its way has no name yet. Try again later.
    @discardableResult
    package func collectGarbage(keeping ids: Set<ContentDigest> = []) throws -> Collected {
        let lock = try take(LOCK_EX | LOCK_NB)
        var marked = Marks()
        for (_, target) in try allNames() { try mark(target, &marked) }
        for id in ids where !marked.blobs.contains(id) { try markByID(id, &marked) }
        let collected = try sweep(marked)
        lock.unlock()
        return collected
    }

    private struct Marks {
        var blobs: Set<ContentDigest> = []
        var chains: Set<ContentDigest> = []
    }

    private func mark(_ descriptor: Descriptor, _ marks: inout Marks) throws {
        guard hasBlob(descriptor.digest), marks.blobs.insert(descriptor.digest).inserted else { return }
        if MediaType.isIndex(descriptor.mediaType) {
            let index = try ImageJSON.decode(ImageIndex.self, from: try readBlob(descriptor.digest), of: "index")
            for manifest in index.manifests { try mark(manifest, &marks) }
        } else if MediaType.isManifest(descriptor.mediaType) {
            let bytes = try readBlob(descriptor.digest)
            let manifest = try ImageJSON.decode(ImageManifest.self, from: bytes, of: "manifest")
            marks.blobs.formUnion(manifest.layers.map(\.digest))
            try markConfig(manifest.config.digest, &marks)
        }
    }

    private func markConfig(_ digest: ContentDigest, _ marks: inout Marks) throws {
        guard hasBlob(digest) else { return }
        marks.blobs.insert(digest)
        let config = try ImageJSON.decode(ImageConfig.self, from: try readBlob(digest), of: "configuration")
        marks.chains.formUnion(config.chainIDs)
    }

    /// An image in use that lost its name: its configuration and layer folders stay, and its manifest where it is found.
    private func markByID(_ id: ContentDigest, _ marks: inout Marks) throws {
        try markConfig(id, &marks)
        for file in try blobs.names() {
            guard let digest = try? ContentDigest(hex: file), try blobSize(digest) <= 1 << 20 else { continue }
            guard let bytes = try? readBlob(digest),
                let manifest = try? ImageJSON.decode(ImageManifest.self, from: bytes, of: file),
                manifest.config.digest == id
            else { continue }
            try mark(Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 0), &marks)
        }
    }

    private func sweep(_ marks: Marks) throws -> Collected {
        var collected = Collected()
        for file in try blobs.names() {
            if let digest = try? ContentDigest(hex: file), marks.blobs.contains(digest) { continue }
            let bytes = try blobs.status(file).map { Int64(clamping: $0.size) } ?? 0
            try FileTree.remove(file, in: blobs)
            collected.blobs += 1
            collected.bytes += bytes
        }
        for file in try layers.names() {
            if let digest = try? ContentDigest(hex: file), marks.chains.contains(digest) { continue }
            // Renamed first: a layer that is half removed must not look whole to the next process.
            let aside = file.hasPrefix("new-") ? file : temporaryName()
            if aside != file { renameat(layers.descriptor, file, layers.descriptor, aside) }
            try FileTree.remove(aside, in: layers)
            collected.layers += 1
        }
        // The builder's memory of layers that are gone is of no use; it finds that out by itself.
        for file in try ingest.names() { try FileTree.remove(file, in: ingest) }
        return collected
    }
}
