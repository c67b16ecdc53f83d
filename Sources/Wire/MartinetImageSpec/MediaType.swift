/// The media types of images, OCI's and docker's.
package enum MediaType {
    package static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    package static let ociIndex = "application/vnd.oci.image.index.v1+json"
    package static let ociConfig = "application/vnd.oci.image.config.v1+json"
    package static let ociLayer = "application/vnd.oci.image.layer.v1.tar"
    package static let ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    package static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"

    package static let manifests = [ociManifest, dockerManifest]
    package static let indexes = [ociIndex, dockerIndex]

    package static func isManifest(_ type: String) -> Bool { manifests.contains(type) }
    package static func isIndex(_ type: String) -> Bool { indexes.contains(type) }

    /// Why a layer of this type cannot be honoured; nil where it can.
    package static func refusal(ofLayer type: String) -> String? {
        if type.hasSuffix("+zstd") { return "zstd layers are not supported yet" }
        if type.contains("nondistributable") || type.contains("foreign") {
            return "layers that must be fetched from elsewhere (foreign) are not supported"
        }
        if type.contains("encrypted") { return "encrypted layers are not supported" }
        let known = [ociLayer, ociLayerGzip, dockerLayerGzip, "application/vnd.docker.image.rootfs.diff.tar"]
        return known.contains(type) ? nil : "layers of type \(type) are not supported"
    }
}
