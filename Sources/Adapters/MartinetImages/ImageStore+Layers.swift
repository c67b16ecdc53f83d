import CMartinetImages
import Glibc
package import MartinetArchive
import MartinetBase
package import MartinetImageSpec

extension ImageStore {
    /// The folder of a layer, whether it is unpacked or not.
    package func layerPath(_ chainID: ContentDigest) -> String { "\(root)/layers/\(chainID.hex)" }

    /// Unpacks the image's layers where they are not yet, and returns their folders, the lowest first: overlayfs wants
    /// them the other way round. On disk for good when this returns.
    @discardableResult
    package func unpack(_ image: Image) throws -> [String] {
        try working {
            let diffs = image.config.rootfs.diffIDs
            let chain = image.config.chainIDs
            for (index, layer) in image.manifest.layers.enumerated() {
                try unpack(layer, diffID: diffs[index], chainID: chain[index], below: Array(chain[..<index]))
            }
            return chain.map { layerPath($0) }
        }
    }

    /// One layer, into the folder of its chain id; `below` are the chain ids under it, the lowest first, unpacked.
    package func unpack(
        _ layer: Descriptor, diffID: ContentDigest, chainID: ContentDigest, below: [ContentDigest]
    ) throws {
        if faccessat(layers.descriptor, chainID.hex, F_OK, 0) == 0 { return }
        if let refusal = MediaType.refusal(ofLayer: layer.mediaType) {
            throw ImageStoreError(.refused, "layer \(layer.digest): \(refusal)")
        }
        let name = temporaryName()
        guard mkdirat(layers.descriptor, name, 0o755) == 0 else { throw SystemError.last("mkdirat", name) }
        do {
            let folder = try OpenFile.folder(name, at: layers)
            guard fchmod(folder.descriptor, 0o755) == 0 else { throw SystemError.last("fchmod", name) }
            try unpack(layer, diffID: diffID, into: folder, below: below)
            // One call for all the layer's files; a rename must never reach the disk before what it names.
            let result = martinet_images_syncfs(folder.descriptor)
            guard result == 0 else { throw SystemError(call: "syncfs", operand: name, errno: -result) }
            if renameat(layers.descriptor, name, layers.descriptor, chainID.hex) != 0 {
                // Somebody else unpacked the same layer meanwhile: theirs is as good.
                guard errno == EEXIST || errno == ENOTEMPTY else { throw SystemError.last("renameat", chainID.hex) }
                try FileTree.remove(name, in: layers)
            }
            try layers.sync()
        } catch {
            do {
                try FileTree.remove(name, in: layers)
            } catch let leftover {
                log.warning("half unpacked layer stays", [("layer", name), ("error", "\(leftover)")])
            }
            throw error
        }
    }

    private func unpack(
        _ layer: Descriptor, diffID: ContentDigest, into folder: OpenFile, below: [ContentDigest]
    ) throws {
        let stored = HashedSource(FileSource(try openBlob(layer.digest)))
        let (plain, compression) = try decompressed(stored)
        // Of an uncompressed layer both digests are one.
        let content = compression == .none ? nil : HashedSource(plain)
        let source: any ByteSource = content ?? plain
        let lowers = try below.reversed().map { try OpenFile.folder($0.hex, at: layers) }
        // The root looks as below, unless the archive says otherwise: overlayfs shows the topmost layer's.
        if let top = try lowers.first?.status() {
            guard fchown(folder.descriptor, top.uid, top.gid) == 0, fchmod(folder.descriptor, top.mode & 0o7777) == 0
            else { throw SystemError.last("fchown", folder.path) }
        }
        let unpacker = LayerUnpacker(root: folder, lowers: lowers, trash: layers, trashName: temporaryName())
        try unpacker.unpack(TarReader(source))
        // What follows the archive's end is part of the digests.
        try source.forEachChunk { _ in }
        try stored.forEachChunk { _ in }
        let actual = stored.digest
        guard actual == layer.digest else {
            throw ImageStoreError(.mismatch, "layer \(layer.digest): the content on disk is \(actual)")
        }
        let actualDiff = content?.digest ?? actual
        guard actualDiff == diffID else {
            throw ImageStoreError(.mismatch, "layer \(layer.digest): unpacks to \(actualDiff), expected \(diffID)")
        }
    }
}

/// Digests what passes.
package final class HashedSource: ByteSource {
    private let source: any ByteSource
    private var hash = SHA256()
    package private(set) var size: Int64 = 0

    package init(_ source: any ByteSource) { self.source = source }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: buffer)
        hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        size += Int64(count)
        return count
    }

    package var digest: ContentDigest { hash.digest() }
}
