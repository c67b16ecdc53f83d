import MartinetBase
import MartinetImageSpec

extension RegistryServer {
    // MARK: - Manifests

    mutating func manifest(_ name: String, _ reference: String, _ request: Request) -> Response {
        switch request.method {
        case "GET", "HEAD":
            guard let repository = repositories[name] else {
                return problem(404, "NAME_UNKNOWN", "no repository \(name)")
            }
            let digest = (try? ContentDigest(reference)) ?? repository.tags[reference]
            guard let digest, let manifest = repository.manifests[digest] else {
                return problem(404, "MANIFEST_UNKNOWN", "no manifest \(reference) in \(name)")
            }
            let headers = [
                ("Content-Type", manifest.mediaType), ("Docker-Content-Digest", digest.description),
                ("Content-Length", String(manifest.content.count)),
            ]
            return Response(status: 200, headers: headers, body: request.method == "HEAD" ? [] : manifest.content)
        case "PUT": return putManifest(name, reference, request)
        case "DELETE":
            if let digest = try? ContentDigest(reference) {
                guard repositories[name]?.manifests.removeValue(forKey: digest) != nil else {
                    return problem(404, "MANIFEST_UNKNOWN", "no manifest \(reference) in \(name)")
                }
                let kept = repositories[name]?.tags.filter { $0.value != digest } ?? [:]
                repositories[name]?.tags = kept
            } else if repositories[name]?.tags.removeValue(forKey: reference) == nil {
                return problem(404, "MANIFEST_UNKNOWN", "no manifest \(reference) in \(name)")
            }
            return Response(status: 202, headers: [], body: [])
        default: return problem(405, "UNSUPPORTED", "\(request.method) is not possible for manifests")
        }
    }

    private mutating func putManifest(_ name: String, _ reference: String, _ request: Request) -> Response {
        let type = request.header("Content-Type") ?? ""
        guard request.body.count <= 4 << 20 else { return problem(413, "SIZE_INVALID", "manifests have at most 4 MiB") }
        let digest = ContentDigest(of: request.body)
        if let wanted = try? ContentDigest(reference) {
            guard wanted == digest else { return problem(400, "DIGEST_INVALID", "the manifest is \(digest)") }
        } else if !ImageReference.isTag(reference) {
            return problem(400, "TAG_INVALID", "expected a tag or a digest")
        }
        let repository = repositories[name] ?? Repository()
        do {
            if MediaType.isIndex(type) {
                let index = try ImageJSON.decode(ImageIndex.self, from: request.body, of: "index")
                for child in index.manifests where repository.manifests[child.digest] == nil {
                    return problem(404, "MANIFEST_BLOB_UNKNOWN", "manifest \(child.digest) is not here yet")
                }
            } else if MediaType.isManifest(type) {
                let manifest = try ImageJSON.decode(ImageManifest.self, from: request.body, of: "manifest")
                for blob in [manifest.config] + manifest.layers where !repository.blobs.contains(blob.digest) {
                    return problem(404, "MANIFEST_BLOB_UNKNOWN", "blob \(blob.digest) is not here yet")
                }
            } else {
                return problem(415, "MANIFEST_INVALID", "manifests of type \(type) are not supported")
            }
        } catch {
            return problem(400, "MANIFEST_INVALID", "\(error)")
        }
        repositories[name, default: Repository()].manifests[digest] = Manifest(mediaType: type, content: request.body)
        if ImageReference.isTag(reference) { repositories[name]?.tags[reference] = digest }
        let headers = [("Location", "/v2/\(name)/manifests/\(digest)"), ("Docker-Content-Digest", digest.description)]
        return Response(status: 201, headers: headers, body: [])
    }

    // MARK: - Blobs

    func blob(_ name: String, _ text: String, _ request: Request) -> Response {
        guard let digest = try? ContentDigest(text) else { return problem(400, "DIGEST_INVALID", "expected a digest") }
        guard repositories[name]?.blobs.contains(digest) == true, let content = blobs[digest] else {
            return problem(404, "BLOB_UNKNOWN", "no blob \(digest) in \(name)")
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            return problem(405, "UNSUPPORTED", "\(request.method) is not possible for blobs")
        }
        if let blobHost, request.method == "GET" {
            return Response(
                status: 307, headers: [("Location", "https://\(blobHost)/data/\(digest.hex)?signed=yes")], body: [])
        }
        return serve(content, digest, request)
    }

    /// What the other host answers: without asking who it is, and refusing credentials that were not meant for it.
    func delivered(_ path: String, _ request: Request) -> Response {
        guard request.header("Authorization") == nil else {
            return problem(400, "UNSUPPORTED", "only one way to authenticate is allowed")
        }
        guard path.hasPrefix("/data/"), let digest = try? ContentDigest(hex: String(path.dropFirst(6))),
            let content = blobs[digest]
        else { return problem(404, "BLOB_UNKNOWN", "no such blob") }
        return serve(content, digest, request)
    }

    private func serve(_ content: [UInt8], _ digest: ContentDigest, _ request: Request) -> Response {
        var headers = [("Docker-Content-Digest", digest.description), ("Accept-Ranges", "bytes")]
        if let range = request.header("Range"), range.hasPrefix("bytes="), range.hasSuffix("-") {
            guard let start = Int(range.dropFirst(6).dropLast()), start >= 0, start < content.count else {
                return problem(416, "RANGE_INVALID", "the blob has \(content.count) bytes")
            }
            headers.append(("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)"))
            return Response(status: 206, headers: headers, body: Array(content[start...]))
        }
        headers.append(("Content-Length", String(content.count)))
        return Response(status: 200, headers: headers, body: request.method == "HEAD" ? [] : content)
    }

    mutating func upload(_ name: String, _ id: String?, _ request: Request, _ query: Query) -> Response {
        guard let id else {
            guard request.method == "POST" else { return problem(405, "UNSUPPORTED", "expected POST") }
            if let text = query["mount"], let digest = try? ContentDigest(text), let from = query["from"],
                repositories[from]?.blobs.contains(digest) == true
            {
                repositories[name, default: Repository()].blobs.insert(digest)
                return created(name, digest)
            }
            if let text = query["digest"] { return store(request.body, as: text, in: name) }
            let id = nextID()
            guard uploads.count < 256 else { return problem(429, "TOOMANYREQUESTS", "too many uploads at once") }
            uploads[id] = (name, [])
            return progress(name, id, status: 202)
        }
        guard var upload = uploads[id], upload.repository == name else {
            return problem(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
        }
        switch request.method {
        case "GET": return progress(name, id, status: 204)
        case "DELETE":
            uploads[id] = nil
            return Response(status: 204, headers: [], body: [])
        case "PATCH", "PUT":
            guard request.body.count <= uploadBytesMax - upload.content.count else {
                return problem(413, "SIZE_INVALID", "blobs have at most \(uploadBytesMax) bytes")
            }
            if let range = request.header("Content-Range"), Int(range.prefix { $0 != "-" }) != upload.content.count {
                return problem(416, "RANGE_INVALID", "expected bytes from \(upload.content.count) on")
            }
            upload.content += request.body
            uploads[id] = upload
            guard request.method == "PUT" else { return progress(name, id, status: 202) }
            guard let text = query["digest"] else { return problem(400, "DIGEST_INVALID", "expected digest=") }
            let response = store(upload.content, as: text, in: name)
            if response.status == 201 { uploads[id] = nil }
            return response
        default: return problem(405, "UNSUPPORTED", "\(request.method) is not possible for uploads")
        }
    }

    private func progress(_ name: String, _ id: String, status: Int) -> Response {
        let count = uploads[id]?.content.count ?? 0
        let headers = [("Location", "/v2/\(name)/blobs/uploads/\(id)"), ("Range", "0-\(max(0, count - 1))")]
        return Response(status: status, headers: headers, body: [])
    }

    private mutating func store(_ content: [UInt8], as text: String, in name: String) -> Response {
        let actual = ContentDigest(of: content)
        guard let digest = try? ContentDigest(text), digest == actual else {
            return problem(400, "DIGEST_INVALID", "the content is \(actual)")
        }
        blobs[digest] = content
        repositories[name, default: Repository()].blobs.insert(digest)
        return created(name, digest)
    }

    private func created(_ name: String, _ digest: ContentDigest) -> Response {
        let headers = [("Location", "/v2/\(name)/blobs/\(digest)"), ("Docker-Content-Digest", digest.description)]
        return Response(status: 201, headers: headers, body: [])
    }

    // MARK: - Who may

    func refusal(of request: Request, _ route: Route) -> Response? {
        guard let authentication else { return nil }
        let reads = request.method == "GET" || request.method == "HEAD"
        if authentication.scheme == .basic {
            if reads, !authentication.pullNeedsLogin { return nil }
            if let header = request.header("Authorization"), knows(header, authentication) { return nil }
            let challenge = "Basic realm=\"\(authentication.service)\""
            return problem(401, "UNAUTHORIZED", "expected a login", headers: [("Www-Authenticate", challenge)])
        }
        let scope = route.repository.map { "repository:\($0):\(reads ? "pull" : "push")" }
        if let header = request.header("Authorization"), header.lowercased().hasPrefix("bearer "),
            let allowed = tokens[String(header.dropFirst(7))], scope.map({ allowed.contains($0) }) ?? true
        {
            return nil
        }
        var challenge = "Bearer realm=\"\(authentication.realm)\",service=\"\(authentication.service)\""
        if let name = route.repository { challenge += ",scope=\"repository:\(name):\(reads ? "pull" : "pull,push")\"" }
        return problem(401, "UNAUTHORIZED", "expected a token", headers: [("Www-Authenticate", challenge)])
    }

    private func knows(_ header: String, _ authentication: Authentication) -> Bool {
        guard header.lowercased().hasPrefix("basic ") else { return false }
        return authentication.users.contains { Base64.encode("\($0.key):\($0.value)") == header.dropFirst(6) }
    }

    mutating func token(_ request: Request, _ query: Query) -> Response {
        guard let authentication else { return problem(404, "NOT_FOUND", "no tokens are needed here") }
        let header = request.header("Authorization")
        let isUser = header.map { knows($0, authentication) } ?? false
        guard header == nil || isUser else { return problem(401, "UNAUTHORIZED", "wrong user or password") }
        var allowed: Set<String> = []
        for scope in query.all("scope") {
            let parts = scope.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts[0] == "repository" else { continue }
            for action in parts[2].split(separator: ",") {
                let may = isUser || (action == "pull" && !authentication.pullNeedsLogin)
                if may { allowed.insert("repository:\(parts[1]):\(action)") }
            }
        }
        let token = "t" + nextID()
        tokens[token] = allowed
        return Response(status: 200, headers: [json], body: Array(#"{"token":"\#(token)","expires_in":300}"#.utf8))
    }
}
