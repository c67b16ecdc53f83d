package import MartinetImageSpec

/// How far a pull is.
package struct PullProgress: Sendable {
    package enum Step: Sendable { case exists, began, complete }
    package let digest: ContentDigest
    package let size: Int64
    package let step: Step
}

extension RegistryClient {
    /// Fetches an image for `platform` into the store and names it. Content that is there already is not fetched.
    ///
    /// Everything is verified against the digests that lead to it; the name is set last, when all is there.
    package func pull(
        _ reference: ImageReference, into store: ImageStore, platform: Platform = .host,
        progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws -> Image {
        do {
            return try await pullSteps(reference, into: store, platform: platform, progress: progress)
        } catch let error as ImageStoreError {
            throw error.naming("pull \(reference.familiar)")
        }
    }

    private func pullSteps(
        _ reference: ImageReference, into store: ImageStore, platform: Platform,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws -> Image {
        let lease = try store.work()
        let target = try await fetchDocument(reference.target, of: reference, into: store)
        var descriptor = target
        for _ in 0..<4 where MediaType.isIndex(descriptor.mediaType) {
            let index = try ImageJSON.decode(
                ImageIndex.self, from: try store.readBlob(descriptor.digest), of: reference.familiar)
            guard let chosen = index.manifest(for: platform) else {
                throw ImageStoreError(
                    .notFound, "the image is for \(index.platforms), expected \(platform)")
            }
            descriptor = try await fetchDocument(chosen.digest.description, of: reference, into: store)
        }
        guard MediaType.isManifest(descriptor.mediaType) else {
            throw ImageError(.unsupported, "image \(reference.familiar): \(descriptor.mediaType) is not supported")
        }
        let manifest = try ImageJSON.decode(
            ImageManifest.self, from: try store.readBlob(descriptor.digest), of: reference.familiar)
        for layer in manifest.layers {
            if let refusal = MediaType.refusal(ofLayer: layer.mediaType) {
                throw ImageStoreError(.refused, refusal)
            }
        }
        try await fetchBlobs([manifest.config] + manifest.layers, of: reference, into: store, progress)
        let image = try store.image(target, named: reference.familiar, platform: platform)
        try store.setName(reference, to: target, isPulled: true)
        lease.end()
        return image
    }

    /// A manifest or index, verified and stored.
    private func fetchDocument(
        _ name: String, of reference: ImageReference, into store: ImageStore
    ) async throws -> Descriptor {
        let expected = try? ContentDigest(name)
        let accept = (MediaType.manifests + MediaType.indexes).map { ("Accept", $0) }
        let request = RegistryRequest("GET", url("\(reference.path)/manifests/\(name)"), headers: accept)
        let response = try await perform(request, scope: "repository:\(reference.path):pull", step: "manifest")
        guard response.status == 200 else { throw await failure(response, "manifest") }
        let body = try await response.body.readAll(limit: 4 << 20)
        let actual = ContentDigest(of: body)
        if let expected, expected != actual {
            throw problem(.mismatch, "manifest", "expected \(expected), was sent \(actual)")
        }
        let kind = try ImageJSON.decode(DocumentKind.self, from: body, of: reference.familiar)
        guard kind.schemaVersion == nil || kind.schemaVersion == 2 else {
            throw ImageError(
                .unsupported, "image \(reference.familiar): schema \(kind.schemaVersion ?? 0) is not supported")
        }
        let sent = response.header("Content-Type").map { String($0.prefix { $0 != ";" }) }
        try store.putBlob(body)
        // The document's own word counts before the header's: it is what the digest covers.
        let type = kind.mediaType ?? sent.flatMap { MediaType.isManifest($0) || MediaType.isIndex($0) ? $0 : nil }
        return Descriptor(mediaType: type ?? kind.resolved, content: body)
    }

    /// Several at once, never more than configured; the first failure ends the others.
    private func fetchBlobs(
        _ blobs: [Descriptor], of reference: ImageReference, into store: ImageStore,
        _ progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws {
        var seen: Set<ContentDigest> = []
        var pending = blobs.filter { seen.insert($0.digest).inserted }[...]
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            while let blob = pending.popFirst() {
                if store.hasBlob(blob.digest) {
                    progress(PullProgress(digest: blob.digest, size: blob.size, step: .exists))
                    continue
                }
                if running >= max(1, configuration.parallelLayers) {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask {
                    progress(PullProgress(digest: blob.digest, size: blob.size, step: .began))
                    try await self.fetch(blob, of: reference, into: store)
                    progress(PullProgress(digest: blob.digest, size: blob.size, step: .complete))
                }
            }
            try await group.waitForAll()
        }
    }

    /// One blob; where the connection breaks off it goes on from there.
    private func fetch(_ blob: Descriptor, of reference: ImageReference, into store: ImageStore) async throws {
        let writer = try store.newBlob()
        var attempt = 0
        while true {
            attempt += 1
            let begun = writer.size
            do {
                try await receive(blob, of: reference, into: writer)
                try writer.commit(expecting: blob.digest, size: blob.size)
                return
            } catch let error as ImageStoreError where error.code == .mismatch && attempt < configuration.attemptsMax {
                // Damaged on its way, or a part that was not a part of the same: all of it again.
                try writer.restart()
            } catch let error as ImageStoreError where !error.isRetryable {
                throw error.message.hasPrefix(base.authority) ? error : error.naming(base.authority)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // A long blob over a bad line gets there as long as it gets on.
                if writer.size - begun >= 1 << 20 { attempt = 1 }
                guard attempt < configuration.attemptsMax else {
                    throw problem(.unreachable, "blob \(blob.digest.short)", "broke off \(attempt) times", cause: error)
                }
            }
            try await pause(attempt)
        }
    }

    private func receive(_ blob: Descriptor, of reference: ImageReference, into writer: BlobWriter) async throws {
        guard blob.size >= 0 else { throw problem(.registry, "blob \(blob.digest.short)", "has a negative size") }
        var headers: [(String, String)] = []
        if writer.size > 0 { headers.append(("Range", "bytes=\(writer.size)-")) }
        let request = RegistryRequest("GET", url("\(reference.path)/blobs/\(blob.digest)"), headers: headers)
        let step = "blob \(blob.digest.short)"
        let response = try await perform(request, scope: "repository:\(reference.path):pull", step: step)
        switch response.status {
        case 200: if writer.size > 0 { try writer.restart() }
        case 206:
            let from = response.header("Content-Range").flatMap { Int64($0.dropFirst(6).prefix { $0 != "-" }) }
            guard from == writer.size else {
                throw problem(.mismatch, step, "the registry went on at another place")
            }
        default: throw await failure(response, step)
        }
        while let piece = try await response.body.next() {
            guard Int64(piece.count) <= blob.size - writer.size else {
                throw problem(.mismatch, step, "is longer than \(blob.size) bytes")
            }
            try piece.withUnsafeBytes { try writer.write($0) }
        }
        guard writer.size == blob.size else {
            throw problem(.unreachable, step, "ended after \(writer.size) of \(blob.size) bytes")
        }
    }
}
