/// How an image wants to be run, and what it is made of (OCI image-spec, config).
package struct ImageConfig: Hashable, Sendable, Codable {
    package struct RootFS: Hashable, Sendable, Codable {
        package var type = "layers"
        /// Digests of the layers' uncompressed archives, the lowest first.
        package var diffIDs: [ContentDigest]
        package init(diffIDs: [ContentDigest]) { self.diffIDs = diffIDs }
        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    package struct History: Hashable, Sendable, Codable {
        package var created: String?
        package var createdBy: String?
        package var comment: String?
        package var emptyLayer: Bool?
        package init(created: String?, createdBy: String?, emptyLayer: Bool) {
            self.created = created
            self.createdBy = createdBy
            self.emptyLayer = emptyLayer ? true : nil
        }
        enum CodingKeys: String, CodingKey {
            case created, comment
            case createdBy = "created_by"
            case emptyLayer = "empty_layer"
        }
    }

    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    package var variant: String?
    package var config: ProcessDefaults?
    package var rootfs: RootFS
    package var history: [History]?

    package init(platform: Platform, diffIDs: [ContentDigest] = []) {
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant
        config = ProcessDefaults()
        rootfs = RootFS(diffIDs: diffIDs)
        history = []
    }

    package var platform: Platform { Platform(architecture: architecture, os: os, variant: variant) }

    /// The names of the folders that the layers are unpacked to, the lowest first (OCI image-spec, config, "ChainID").
    package var chainIDs: [ContentDigest] { ImageConfig.chainIDs(of: rootfs.diffIDs) }

    package static func chainIDs(of diffIDs: [ContentDigest]) -> [ContentDigest] {
        var chain: [ContentDigest] = []
        for diff in diffIDs {
            chain.append(chain.last.map { ContentDigest(of: "\($0) \(diff)") } ?? diff)
        }
        return chain
    }
}

/// What a container of the image does unless it is told otherwise.
package struct ProcessDefaults: Hashable, Sendable, Codable {
    package struct Nothing: Hashable, Sendable, Codable {
        package init() {}
    }
    /// Times in nanoseconds; the test as docker writes it: `CMD`, `CMD-SHELL` or `NONE` first.
    package struct HealthCheck: Hashable, Sendable, Codable {
        package var test: [String]?
        package var interval: Int64?
        package var timeout: Int64?
        package var startPeriod: Int64?
        package var retries: Int?
        package init(test: [String]) { self.test = test }
        enum CodingKeys: String, CodingKey {
            case test = "Test"
            case interval = "Interval"
            case timeout = "Timeout"
            case startPeriod = "StartPeriod"
            case retries = "Retries"
        }
    }

    /// `user[:group]`, by name or number; resolved inside the container's own passwd.
    package var user: String?
    package var exposedPorts: [String: Nothing]?
    package var environment: [String]?
    package var entrypoint: [String]?
    package var command: [String]?
    package var volumes: [String: Nothing]?
    package var workingDirectory: String?
    package var labels: [String: String]?
    package var stopSignal: String?
    package var shell: [String]?
    package var onBuild: [String]?
    package var healthCheck: HealthCheck?

    package init() {}

    enum CodingKeys: String, CodingKey {
        case user = "User"
        case exposedPorts = "ExposedPorts"
        case environment = "Env"
        case entrypoint = "Entrypoint"
        case command = "Cmd"
        case volumes = "Volumes"
        case workingDirectory = "WorkingDir"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case shell = "Shell"
        case onBuild = "OnBuild"
        case healthCheck = "Healthcheck"
    }
}
