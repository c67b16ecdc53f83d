package import MartinetArchive
package import MartinetImageSpec

/// One image that an archive brought.
package struct LoadedImage: Sendable {
    package let image: Image
    /// The names it got; empty where the archive had none.
    package let names: [ImageReference]
}

extension ImageStore {
    /// Loads `docker save`'s archives and OCI layouts, plain or gzip, in one pass: they may come from a pipe.
    ///
    /// Where an archive is both (as newer dockers write it), the OCI side counts, with manifest.json's names.
    package func load(_ archive: any ByteSource) throws -> [LoadedImage] {
        try working { try ImageLoader(store: self).load(archive) }
    }

    package func load(path: String) throws -> [LoadedImage] { try load(FileSource(path: path)) }
}

/// What an archive's members turned into, on the way through.
private final class ImageLoader {
    private let store: ImageStore
    private var members: [String: ContentDigest] = [:]
    private var links: [String: String] = [:]

    init(store: ImageStore) { self.store = store }

    func load(_ archive: any ByteSource) throws -> [LoadedImage] {
        let reader = TarReader(try decompressed(archive).source)
        while let entry = try reader.next() { try take(entry, reader) }
        let docker = try document("manifest.json").map {
            try ImageJSON.decode([DockerArchiveItem].self, from: $0, of: "manifest.json")
        }
        if let bytes = try document("index.json") {
            let index = try ImageJSON.decode(ImageIndex.self, from: bytes, of: "index.json")
            return try loadLayout(index, docker ?? [])
        }
        guard let docker else {
            throw ImageStoreError(
                .refused, "archive: is no image; expected manifest.json (docker save) or index.json (OCI layout)")
        }
        return try docker.map { try loadDocker($0) }
    }

    private func take(_ entry: TarEntry, _ reader: TarReader) throws {
        let name = normal(entry.pathText, from: "")
        guard members.count + links.count < 100_000 else {
            throw ImageStoreError(.refused, "archive: too many members")
        }
        switch entry.kind {
        case .file:
            let blob = try store.newBlob()
            try reader.content.forEachChunk { try blob.write($0) }
            members[name] = try blob.commit(expecting: try digest(inName: name))
        case .symlink, .hardlink:
            // Docker before 25 wrote a layer once and linked the images' folders to it.
            let folder = entry.kind == .symlink ? name.split(separator: "/").dropLast().joined(separator: "/") : ""
            links[name] = normal(entry.linkTargetText, from: folder)
        default: break
        }
    }

    /// An OCI layout's blobs are named after their digests; what is another digest is refused, not guessed.
    private func digest(inName name: String) throws -> ContentDigest? {
        let parts = name.split(separator: "/")
        guard parts.count == 3, parts[0] == "blobs" else { return nil }
        return try ContentDigest("\(parts[1]):\(parts[2])")
    }

    private func normal(_ path: String, from folder: String) -> String {
        var parts: [Substring] = []
        for part in "\(folder)/\(path)".split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private func member(_ name: String) -> ContentDigest? {
        var name = normal(name, from: "")
        for _ in 0..<8 {
            if let digest = members[name] { return digest }
            guard let next = links[name] else { return nil }
            name = next
        }
        return nil
    }

    private func document(_ name: String) throws -> [UInt8]? { try member(name).map { try store.readBlob($0) } }

    private func loadDocker(_ item: DockerArchiveItem) throws -> LoadedImage {
        guard let config = member(item.config) else {
            throw ImageStoreError(.refused, "archive: \(item.config), which manifest.json names, is missing")
        }
        let layers = try item.layers.map { name throws -> Descriptor in
            guard let digest = member(name) else {
                throw ImageStoreError(.refused, "archive: layer \(name), which manifest.json names, is missing")
            }
            let file = try store.openBlob(digest)
            var first = [UInt8](repeating: 0, count: 6)
            let count = try first.withUnsafeMutableBytes { try FileSource(file).readFully(into: $0) }
            let type =
                switch Compression(firstBytes: first[..<count]) {
                case .none: MediaType.ociLayer
                case .gzip: MediaType.ociLayerGzip
                case let other: MediaType.ociLayer + "+" + other.rawValue
                }
            return Descriptor(mediaType: type, digest: digest, size: try store.blobSize(digest))
        }
        let configDescriptor = Descriptor(
            mediaType: MediaType.ociConfig, digest: config, size: try store.blobSize(config))
        let bytes = try ImageJSON.encode(ImageManifest(config: configDescriptor, layers: layers))
        try store.putBlob(bytes)
        return try finish(Descriptor(mediaType: MediaType.ociManifest, content: bytes), names: item.repoTags ?? [])
    }

    private func loadLayout(_ index: ImageIndex, _ docker: [DockerArchiveItem]) throws -> [LoadedImage] {
        var loaded: [LoadedImage] = []
        for var descriptor in index.manifests {
            let notes = descriptor.annotations ?? [:]
            var names = [notes["io.containerd.image.name"]].compactMap { $0 }
            // A bare reference name is often a tag without its repository, which names nothing by itself.
            if names.isEmpty, let name = notes["org.opencontainers.image.ref.name"],
                name.contains(where: { ":/".contains($0) })
            {
                names = [name]
            }
            guard store.hasBlob(descriptor.digest) else {
                throw ImageStoreError(.refused, "archive: \(descriptor.digest), which index.json names, is missing")
            }
            descriptor.annotations = nil
            if MediaType.isManifest(descriptor.mediaType) {
                let manifest = try ImageJSON.decode(
                    ImageManifest.self, from: try store.readBlob(descriptor.digest), of: "manifest")
                let same = docker.filter { member($0.config) == manifest.config.digest }
                names += same.flatMap { $0.repoTags ?? [] }
            }
            loaded.append(try finish(descriptor, names: names))
        }
        return loaded
    }

    private func finish(_ target: Descriptor, names: [String]) throws -> LoadedImage {
        var references: [ImageReference] = []
        for name in try names.map({ try ImageReference($0) }) where !references.contains(name) {
            references.append(name)
        }
        let image = try store.image(target, named: references.first?.familiar ?? "\(target.digest)")
        for layer in image.manifest.layers {
            guard store.hasBlob(layer.digest) else {
                throw ImageStoreError(.refused, "archive: layer \(layer.digest) is missing")
            }
            if let refusal = MediaType.refusal(ofLayer: layer.mediaType) {
                throw ImageStoreError(.refused, "archive: layer \(layer.digest): \(refusal)")
            }
        }
        // Only now: a name never leads to an image that is not whole.
        for reference in references { try store.setName(reference, to: target) }
        return LoadedImage(image: image, names: references)
    }
}
