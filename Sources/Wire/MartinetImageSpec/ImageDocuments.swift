/// Points at content: its type, digest and size (OCI image-spec, descriptor).
package struct Descriptor: Hashable, Sendable, Codable {
    package var mediaType: String
    package var digest: ContentDigest
    package var size: Int64
    package var urls: [String]?
    package var annotations: [String: String]?
    package var platform: Platform?

    package init(mediaType: String, digest: ContentDigest, size: Int64, annotations: [String: String]? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
    }

    /// Describes `content` itself.
    package init(mediaType: String, content: [UInt8]) {
        self.init(mediaType: mediaType, digest: ContentDigest(of: content), size: Int64(content.count))
    }
}

/// What a program needs to run: operating system and processor, in Go's words.
package struct Platform: Hashable, Sendable, Codable, CustomStringConvertible {
    package var architecture: String
    package var os: String
    package var variant: String?

    package init(architecture: String, os: String = "linux", variant: String? = nil) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
    }

    /// Of the machine that this was compiled for.
    package static var host: Platform {
        #if arch(arm64)
            Platform(architecture: "arm64", variant: "v8")
        #else
            Platform(architecture: "amd64")
        #endif
    }

    package var description: String { ([os, architecture] + (variant.map { [$0] } ?? [])).joined(separator: "/") }

    /// Whether what is made for `self` runs on `host`: arm64 without a variant is v8.
    package func runs(on host: Platform) -> Bool {
        func normal(_ platform: Platform) -> String? {
            platform.architecture == "arm64" && platform.variant == "v8" ? nil : platform.variant
        }
        return os == host.os && architecture == host.architecture && normal(self) == normal(host)
    }
}

/// One image: its configuration and its layers, the lowest first (OCI image-spec, manifest; docker's schema 2).
package struct ImageManifest: Hashable, Sendable, Codable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var config: Descriptor
    package var layers: [Descriptor]
    package var annotations: [String: String]?

    package init(config: Descriptor, layers: [Descriptor], mediaType: String = MediaType.ociManifest) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}

/// Several images under one name, one for each platform (OCI image-spec, index; docker's manifest list).
package struct ImageIndex: Hashable, Sendable, Codable {
    package var schemaVersion: Int
    package var mediaType: String?
    package var manifests: [Descriptor]
    package var annotations: [String: String]?

    package init(manifests: [Descriptor], mediaType: String = MediaType.ociIndex) {
        schemaVersion = 2
        self.mediaType = mediaType
        self.manifests = manifests
    }

    /// The manifest for `platform`: the one that names it, else the only one that names none.
    package func manifest(for platform: Platform) -> Descriptor? {
        let images = manifests.filter { MediaType.isManifest($0.mediaType) || MediaType.isIndex($0.mediaType) }
        if let exact = images.first(where: { $0.platform?.runs(on: platform) == true }) { return exact }
        let silent = images.filter { $0.platform == nil }
        return silent.count == 1 ? silent.first : nil
    }

    /// For messages: the platforms that there are.
    package var platforms: String {
        manifests.compactMap { $0.platform?.description }.filter { $0 != "unknown/unknown" }.joined(separator: ", ")
    }
}

/// One entry of docker-archive's manifest.json (docker's image-spec 1.2, "Combined Image JSON").
package struct DockerArchiveItem: Hashable, Sendable, Codable {
    package var config: String
    package var repoTags: [String]?
    package var layers: [String]

    package init(config: String, repoTags: [String]?, layers: [String]) {
        self.config = config
        self.repoTags = repoTags
        self.layers = layers
    }

    enum CodingKeys: String, CodingKey {
        case config = "Config"
        case repoTags = "RepoTags"
        case layers = "Layers"
    }
}
