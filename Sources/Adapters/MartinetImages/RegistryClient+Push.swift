import Glibc
import MartinetArchive
package import MartinetImageSpec

extension RegistryClient {
    /// Sends the image that `source` names (for `platform`) under `destination`. What the registry has is not sent.
    package func push(
        _ source: ImageReference, from store: ImageStore, as destination: ImageReference, platform: Platform = .host,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws {
        do {
            try await pushSteps(source, from: store, as: destination, platform: platform, progress: progress)
        } catch let error as ImageStoreError {
            throw error.naming("push \(destination.familiar)")
        }
    }

    private func pushSteps(
        _ source: ImageReference, from store: ImageStore, as destination: ImageReference, platform: Platform,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws {
        let lease = try store.work()
        let image = try store.image(source, platform: platform)
        var sent: Set<ContentDigest> = []
        for blob in image.manifest.layers + [image.manifest.config] where sent.insert(blob.digest).inserted {
            progress(PullProgress(digest: blob.digest, size: blob.size, step: .began))
            let fresh = try await send(blob, to: destination, from: store)
            progress(PullProgress(digest: blob.digest, size: blob.size, step: fresh ? .complete : .exists))
        }
        let type = image.manifest.mediaType ?? MediaType.ociManifest
        let request = RegistryRequest(
            "PUT",
            url(
                "\(destination.path)/manifests/\(destination.digest == nil ? destination.target : image.manifestDigest.description)"
            ),
            headers: [("Content-Type", type)], body: .bytes(try store.readBlob(image.manifestDigest)))
        let response = try await perform(request, scope: pushScope(destination), step: "manifest")
        guard response.status == 201 else { throw await failure(response, "manifest") }
        lease.end()
    }

    private func pushScope(_ reference: ImageReference) -> String { "repository:\(reference.path):pull,push" }

    /// False where the registry has it already.
    private func send(_ blob: Descriptor, to reference: ImageReference, from store: ImageStore) async throws -> Bool {
        let scope = pushScope(reference)
        let step = "blob \(blob.digest.short)"
        let there = try await perform(
            RegistryRequest("HEAD", url("\(reference.path)/blobs/\(blob.digest)")), scope: scope, step: step)
        if there.status == 200 { return false }
        let begun = try await perform(
            RegistryRequest("POST", url("\(reference.path)/blobs/uploads/"), headers: [("Content-Length", "0")]),
            scope: scope, step: step)
        guard begun.status == 202, let location = begun.header("Location"),
            let place = RegistryURL(location, relativeTo: base)
        else { throw await failure(begun, step) }
        guard place.isSecure || !base.isSecure else {
            throw problem(.registry, step, "takes uploads over plain http only, which is refused")
        }
        let digest = blob.digest
        let body = RegistryRequest.Body.stream(length: blob.size) {
            let file = try store.openBlob(digest)
            return RegistryBody { try FileSource(file).readPiece() }
        }
        let request = RegistryRequest(
            "PUT", place.appending(query: "digest", digest.description),
            headers: [("Content-Type", "application/octet-stream"), ("Content-Length", String(blob.size))], body: body)
        let response = try await perform(request, scope: scope, step: step)
        guard response.status == 201 else { throw await failure(response, step) }
        return true
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
