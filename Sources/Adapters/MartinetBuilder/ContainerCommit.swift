import MartinetArchive
import MartinetBase
package import MartinetImageSpec
package import MartinetImages

extension ImageStore {
    /// Makes an image of a container: the layers of its image, and over them what it changed (`docker commit`).
    ///
    /// - Parameters:
    ///   - changes: the upper folder of the container's overlay mount.
    ///   - change: edits how the image wants to be run.
    package func commit(
        _ base: Image, changes: String, as name: ImageReference?, author: String? = nil, comment: String? = nil,
        change: (inout ProcessDefaults) throws -> Void = { _ in }
    ) throws -> Image {
        try working {
            let lowers = try unpack(base).reversed().map { try OpenFile.folder($0) }
            let now = runtime.now()
            let blob = try newBlob()
            let writer = TarWriter(blob)
            _ = try LayerDiff(changes: try OpenFile.folder(changes), lowers: lowers, time: now).write(to: writer)
            try writer.finish()
            let size = blob.size
            let digest = try blob.commit()
            var config = base.config
            config.created = now.rfc3339
            if let author { config.author = author }
            var defaults = base.defaults
            try change(&defaults)
            config.config = defaults
            config.rootfs.diffIDs.append(digest)
            var entry = ImageConfig.History(created: now.rfc3339, createdBy: "commit", emptyLayer: false)
            entry.comment = comment
            config.history = (config.history ?? []) + [entry]
            let layer = Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: size)
            let image = try putImage(config, layers: base.manifest.layers + [layer])
            if let name { try setName(name, to: image.target) }
            return image
        }
    }
}
