import Glibc
package import MartinetArchive
import MartinetBase
package import MartinetImageSpec

extension ImageStore {
    /// Writes images as one archive that is both an OCI layout and what `docker load` takes, as newer dockers do.
    ///
    /// The same images give the same bytes. An index is saved as the one image for `platform`.
    package func save(
        _ references: [ImageReference], to sink: any ByteSink, platform: Platform = .host
    ) throws {
        try working {
            let writer = TarWriter(sink)
            var items: [DockerArchiveItem] = []
            var manifests: [Descriptor] = []
            var blobs: Set<ContentDigest> = []
            for reference in references {
                let image = try image(reference, platform: platform)
                let type = image.manifest.mediaType ?? MediaType.ociManifest
                var descriptor = Descriptor(
                    mediaType: type, digest: image.manifestDigest, size: try blobSize(image.manifestDigest))
                descriptor.annotations = ["io.containerd.image.name": reference.description]
                if let tag = reference.tag { descriptor.annotations?["org.opencontainers.image.ref.name"] = tag }
                manifests.append(descriptor)
                items.append(
                    DockerArchiveItem(
                        config: "blobs/sha256/\(image.id.hex)",
                        repoTags: reference.tag == nil ? [] : [reference.familiar],
                        layers: image.manifest.layers.map { "blobs/sha256/\($0.digest.hex)" }))
                blobs.formUnion([image.manifestDigest, image.id])
                blobs.formUnion(image.manifest.layers.map(\.digest))
            }
            try writer.append(TarEntry("blobs", kind: .directory, mode: 0o755))
            try writer.append(TarEntry("blobs/sha256", kind: .directory, mode: 0o755))
            for blob in blobs.sorted() {
                try writer.begin(TarEntry("blobs/sha256/\(blob.hex)", size: try blobSize(blob)))
                try FileSource(try openBlob(blob)).forEachChunk { try writer.write($0) }
            }
            try writer.append(
                TarEntry("index.json"), content: try ImageJSON.encode(ImageIndex(manifests: manifests)))
            try writer.append(TarEntry("manifest.json"), content: try ImageJSON.encode(items))
            try writer.append(TarEntry("oci-layout"), content: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
            try writer.finish()
        }
    }

    /// Writes `image` with its parts: what a builder, an import or a commit ends with. Returns what a name can lead to.
    package func putImage(_ config: ImageConfig, layers: [Descriptor]) throws -> Image {
        let configBytes = try ImageJSON.encode(config)
        try putBlob(configBytes)
        let manifest = ImageManifest(
            config: Descriptor(mediaType: MediaType.ociConfig, content: configBytes), layers: layers)
        let bytes = try ImageJSON.encode(manifest)
        try putBlob(bytes)
        let target = Descriptor(mediaType: MediaType.ociManifest, content: bytes)
        return Image(target: target, manifestDigest: target.digest, manifest: manifest, config: config)
    }

    /// Makes an image of one layer out of a root file system's archive (`docker import`), plain or gzip.
    package func importRootfs(
        _ archive: any ByteSource, defaults: ProcessDefaults = ProcessDefaults(), platform: Platform = .host,
        as name: ImageReference? = nil
    ) throws -> Image {
        try working {
            let blob = try newBlob()
            // Written as it comes, while what it unpacks to is digested and read as an archive.
            let copied = ObservedSource(archive) { try blob.write($0) }
            let (plain, compression) = try decompressed(copied)
            let hashed = HashedSource(plain)
            let reader = TarReader(hashed)
            while try reader.next() != nil {}
            try hashed.forEachChunk { _ in }
            try copied.forEachChunk { _ in }
            let size = blob.size
            let digest = try blob.commit()
            var config = ImageConfig(platform: platform, diffIDs: [hashed.digest])
            config.config = defaults
            config.history = [.init(created: nil, createdBy: "import", emptyLayer: false)]
            let type = compression == .gzip ? MediaType.ociLayerGzip : MediaType.ociLayer
            let image = try putImage(config, layers: [Descriptor(mediaType: type, digest: digest, size: size)])
            if let name { try setName(name, to: image.target) }
            return image
        }
    }
}
