import Glibc
import MartinetArchive
package import MartinetImageSpec

extension RegistryClient {
    /// Sends the image that `source` names (for `platform`) under `destination`. What the registry has is not sent.
    package func push(
        _ source: ImageReference, from store: ImageStore, as destination: ImageReference, platform: Platform = .host
    ) async throws {
        let lease = try store.work()
        let image = try store.image(source, platform: platform)
        var sent: Set<ContentDigest> = []
        for blob in image.manifest.layers + [image.manifest.config] where sent.insert(blob.digest).inserted {
            try await send(blob, to: destination, from: store)
        }
        let type = image.manifest.mediaType ?? MediaType.ociManifest
        let request = RegistryRequest(
            "PUT",
            url(
                "\(destination.path)/manifests/\(destination.digest == nil ? destination.target : image.manifestDigest.description)"
            ),
            headers: [("Content-Type", type)], body: .bytes(try store.readBlob(image.manifestDigest)))
        let response = try await perform(request, scope: pushScope(destination))
        guard response.status == 201 else { throw await failure(response, "image \(destination.familiar)") }
        lease.end()
    }

    private func pushScope(_ reference: ImageReference) -> String { "repository:\(reference.path):pull,push" }

    private func send(_ blob: Descriptor, to reference: ImageReference, from store: ImageStore) async throws {
        let scope = pushScope(reference)
        let there = try await perform(
            RegistryRequest("HEAD", url("\(reference.path)/blobs/\(blob.digest)")), scope: scope)
        if there.status == 200 { return }
        let begun = try await perform(
            RegistryRequest("POST", url("\(reference.path)/blobs/uploads/"), headers: [("Content-Length", "0")]),
            scope: scope)
        guard begun.status == 202, let location = begun.header("Location"),
            let place = RegistryURL(location, relativeTo: base)
        else { throw await failure(begun, "upload of \(blob.digest)") }
        guard place.isSecure || !base.isSecure else {
            throw ImageStoreError(.registry, "registry \(domain): takes uploads over plain http only, which is refused")
        }
        let digest = blob.digest
        let body = RegistryRequest.Body.stream(length: blob.size) {
            let file = try store.openBlob(digest)
            return RegistryBody { try FileSource(file).readPiece() }
        }
        let request = RegistryRequest(
            "PUT", place.appending(query: "digest", digest.description),
            headers: [("Content-Type", "application/octet-stream"), ("Content-Length", String(blob.size))], body: body)
        let response = try await perform(request, scope: scope)
        guard response.status == 201 else { throw await failure(response, "upload of \(digest)") }
    }
}

extension FileSource {
    /// The next piece, nil at the end.
    func readPiece() throws -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 128 << 10)
        let count = try piece.withUnsafeMutableBytes { try read(into: $0) }
        return count == 0 ? nil : Array(piece[..<count])
    }
}
