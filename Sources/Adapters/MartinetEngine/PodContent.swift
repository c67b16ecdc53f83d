package import MartinetAPI
import MartinetSchema

/// What a pod is configured from besides its own object, as it was at one moment.
package struct PodContent: Sendable {
    package struct TokenKey: Hashable, Sendable {
        package let audience: String
        /// Seconds.
        package let expiration: Int64
        package init(audience: String, expiration: Int64) {
            self.audience = audience
            self.expiration = expiration
        }
    }

    package var configMaps: [String: ConfigMap] = [:]
    package var secrets: [String: Secret] = [:]
    package var tokens: [TokenKey: String] = [:]
    /// Those of the pod's namespace, and the API's own.
    package var services: [Service] = []
    package init() {}
}

/// The names of what a pod is configured from.
package struct ContentReferences: Hashable, Sendable {
    package var configMaps: Set<String> = []
    package var secrets: Set<String> = []
    package var tokens: Set<PodContent.TokenKey> = []

    package init(_ pod: Pod) {
        for reference in pod.spec.imagePullSecrets where !reference.name.isEmpty { secrets.insert(reference.name) }
        for volume in pod.spec.volumes {
            if let source = volume.configMap { configMaps.insert(source.name) }
            if let source = volume.secret { secrets.insert(source.secretName) }
            for source in volume.projected?.sources ?? [] {
                if let part = source.configMap { configMaps.insert(part.name) }
                if let part = source.secret { secrets.insert(part.name) }
                if let part = source.serviceAccountToken { tokens.insert(ContentReferences.key(part)) }
            }
        }
        for container in Array(pod.spec.initContainers) + Array(pod.spec.containers) {
            for source in container.envFrom {
                if let part = source.configMapRef { configMaps.insert(part.name) }
                if let part = source.secretRef { secrets.insert(part.name) }
            }
            for variable in container.env {
                if let part = variable.valueFrom?.configMapKeyRef { configMaps.insert(part.name) }
                if let part = variable.valueFrom?.secretKeyRef { secrets.insert(part.name) }
            }
        }
    }

    package static func key(_ source: ServiceAccountTokenProjection) -> PodContent.TokenKey {
        PodContent.TokenKey(audience: source.audience, expiration: source.expirationSeconds ?? 3600)
    }
}

extension ConfigMap {
    /// Text and bytes under one roof.
    var files: [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (key, value) in data { files[key] = Array(value.utf8) }
        for entry in binaryData.entries { if case .bytes(let bytes) = entry.value { files[entry.key] = bytes } }
        return files
    }
}

extension Secret {
    var files: [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for entry in data.entries { if case .bytes(let bytes) = entry.value { files[entry.key] = bytes } }
        for (key, value) in stringData { files[key] = Array(value.utf8) }
        return files
    }
}
