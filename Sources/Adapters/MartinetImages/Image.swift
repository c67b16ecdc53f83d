package import MartinetImageSpec

/// One image in the store, for one platform.
package struct Image: Sendable {
    /// What its name leads to: the manifest, or an index above it.
    package let target: Descriptor
    package let manifestDigest: ContentDigest
    package let manifest: ImageManifest
    package let config: ImageConfig

    /// The digest of the configuration: what docker calls an image's id.
    package var id: ContentDigest { manifest.config.digest }
    package var defaults: ProcessDefaults { config.config ?? ProcessDefaults() }
    /// The same image, as if it wanted to be run otherwise.
    package func with(defaults: ProcessDefaults) -> Image {
        var config = config
        config.config = defaults
        return Image(target: target, manifestDigest: manifestDigest, manifest: manifest, config: config)
    }

    /// Bytes of its layers as they are stored.
    package var layerBytes: Int64 { manifest.layers.reduce(0) { $0.addingReportingOverflow($1.size).partialValue } }
}

extension ImageStore {
    /// The image that `reference` leads to. Throws `.notFound` where there is none, or none for `platform`.
    package func image(_ reference: ImageReference, platform: Platform = .host) throws -> Image {
        if let target = try target(of: reference) {
            return try image(target, named: reference.familiar, platform: platform)
        }
        // A digest names its content wherever it came from.
        if let digest = reference.digest, hasBlob(digest) {
            let bytes = try readBlob(digest)
            let kind = try ImageJSON.decode(DocumentKind.self, from: bytes, of: reference.familiar)
            let target = Descriptor(mediaType: kind.resolved, content: bytes)
            return try image(target, named: reference.familiar, platform: platform)
        }
        throw notFound(reference.familiar)
    }

    /// The image that somebody means by a name, a digest, or the first digits of an id.
    package func find(_ text: String, platform: Platform = .host) throws -> Image {
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        let name = text.hasPrefix("sha256:") ? nil : try? ImageReference(text)
        if let name, let target = try target(of: name) { return try image(target, named: text, platform: platform) }
        if digits.utf8.count >= 4, digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) {
            var found: [ContentDigest: Image] = [:]
            for (reference, target) in try allNames() {
                guard let image = try? image(target, named: reference.familiar, platform: platform) else { continue }
                if image.id.hex.hasPrefix(digits) || image.manifestDigest.hex.hasPrefix(digits) {
                    found[image.id] = image
                }
            }
            guard found.count <= 1 else {
                throw ImageStoreError(.notFound, "image \(text): begins the ids of \(found.count) images")
            }
            if let image = found.values.first { return image }
        }
        if let name { return try image(name, platform: platform) }
        throw notFound(text)
    }

    /// From a descriptor of a manifest or an index, down to the configuration.
    package func image(_ target: Descriptor, named name: String, platform: Platform = .host) throws -> Image {
        var descriptor = target
        // An index may lead to another one; a hostile one must not lead in circles.
        for _ in 0..<4 {
            guard MediaType.isIndex(descriptor.mediaType) else { break }
            let index = try ImageJSON.decode(ImageIndex.self, from: try readBlob(descriptor.digest), of: name)
            guard let chosen = index.manifest(for: platform) else {
                throw ImageStoreError(
                    .notFound, "image \(name): is for \(index.platforms), expected \(platform)")
            }
            descriptor = chosen
        }
        guard MediaType.isManifest(descriptor.mediaType) else {
            throw ImageError(.unsupported, "image \(name): \(descriptor.mediaType) is no manifest")
        }
        let manifest = try ImageJSON.decode(ImageManifest.self, from: try readBlob(descriptor.digest), of: name)
        let config = try ImageJSON.decode(
            ImageConfig.self, from: try readBlob(manifest.config.digest), of: "\(name), configuration")
        guard config.rootfs.diffIDs.count == manifest.layers.count else {
            throw ImageError(
                .invalidDocument,
                "image \(name): \(manifest.layers.count) layers, but \(config.rootfs.diffIDs.count) diff ids")
        }
        return Image(target: target, manifestDigest: descriptor.digest, manifest: manifest, config: config)
    }
}

/// Enough of a document to tell what it is, where nobody else said.
package struct DocumentKind: Codable {
    var mediaType: String?
    var manifests: [Descriptor]?
    var schemaVersion: Int?

    package var resolved: String { mediaType ?? (manifests == nil ? MediaType.ociManifest : MediaType.ociIndex) }
}
