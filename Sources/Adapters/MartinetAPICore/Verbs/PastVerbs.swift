import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore

// Reads of what has been, by parameters that only Martinet knows (docs/history.md). Whoever may get or list something now may
// get or list what it was: the request's verb and resource are those of the ordinary read, and are authorized as such.
extension Registry {
    /// How many versions of an object one answer has at most; the newest ones.
    static let versionsMax = 500
    /// How far back a watch of the past may begin.
    private static let watchedRevisionsMax: Int64 = 100_000
    /// How many objects are read from history at once.
    private static let chunk = 5000

    func past(_ past: PastOptions, _ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        guard !resource.isVirtual, request.resource.subresource.isEmpty else {
            throw APIError.badRequest("at, atRevision and history are parameters of objects that are stored")
        }
        let options = request.options
        guard options.resourceVersion.isEmpty, options.resourceVersionMatch.isEmpty else {
            throw APIError.badRequest("resourceVersion does not go together with at, atRevision or history")
        }
        if let history = past.history {
            guard request.verb == .get, past.time == nil, past.revision == nil, history == "true" else {
                throw APIError.badRequest(
                    "history=true asks for the versions of one object, and goes with no other time")
            }
            return try versions(request, resource)
        }
        let revision = try revision(past, request, resource)
        switch request.verb {
        case .get: return try pastObject(request, resource, revision)
        case .list: return try pastList(request, resource, revision)
        default: throw APIError.badRequest("at and atRevision are parameters of get, list and watch")
        }
    }

    /// The revision that `at` or `atRevision` means.
    func revision(
        _ past: PastOptions, _ request: APIRequest, _ resource: ServedResource
    ) throws(APIError) -> Revision {
        do throws(StoreError) {
            switch (past.time, past.revision) {
            case (nil, let text?):
                let revision = try parsed { () throws(APIError) in try Registry.revision(text) }.get()
                guard revision > .none else { throw StoreError(.invalid, "atRevision must be at least 1") }
                return revision
            case (let text?, nil):
                guard let history = store as? any HistoryStore else {
                    throw StoreError(.invalid, "this store keeps no times, only atRevision can be asked for")
                }
                guard let time = PastTime.parse(text, now: runtime.now()) else {
                    throw StoreError(
                        .invalid,
                        "at must be an RFC 3339 time or how long ago, as 10m or 1h30m, found \(text.debugDescription)")
                }
                return try history.revision(at: time)
            default: throw StoreError(.invalid, "one of at and atRevision is expected")
            }
        } catch {
            throw Registry.refusal(error)
        }
    }

    private func parsed(_ body: () throws(APIError) -> Revision) -> Result<Revision, StoreError> {
        do throws(APIError) { return .success(try body()) } catch {
            return .failure(StoreError(.invalid, error.message))
        }
    }

    private static func refusal(_ error: StoreError) -> APIError {
        switch error.code {
        case .invalid: APIError.badRequest(error.message)
        case .future(let newest): APIError.badRequest("that revision is not reached, the newest is \(newest)")
        case .compacted: APIError.expired("that is no longer remembered: \(error.message)")
        default: APIError.store(error)
        }
    }

    private func reading<R>(_ body: () throws(StoreError) -> R) throws(APIError) -> R {
        do throws(StoreError) { return try body() } catch { throw Registry.refusal(error) }
    }

    /// Where a watch of the past begins.
    func watchStart(
        _ past: PastOptions, _ request: APIRequest, _ resource: ServedResource
    ) throws(APIError) -> Revision {
        let start = try revision(past, request, resource)
        guard start <= store.revision else { throw APIError.badRequest("that revision is not reached") }
        // All of it is handed over at once.
        guard store.revision.value - start.value <= Registry.watchedRevisionsMax else {
            throw APIError.badRequest(
                "a watch can begin at most \(Registry.watchedRevisionsMax) revisions ago, at \(start.value) it would be more"
            )
        }
        return start
    }

    private func pastObject(
        _ request: APIRequest, _ resource: ServedResource, _ revision: Revision
    ) throws(APIError) -> Reply {
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        let found = try reading { () throws(StoreError) in try store.get(key, at: revision) }
        guard let found, let object = cached(found.key, found.value, found.modified, in: resource) else {
            throw APIError.notFound(request.resource)
        }
        return .stored(object, isNew: false)
    }

    private func pastList(
        _ request: APIRequest, _ resource: ServedResource, _ wanted: Revision
    ) throws(APIError) -> Reply {
        let selection = try Registry.selection(request)
        try checkSelectable(selection, resource)
        let limit = Int(clamping: max(0, request.options.limit))
        var revision = wanted
        var from: String?
        if !request.options.continue.isEmpty {
            // The token says which revision: "ten minutes ago" is another one with every page.
            guard let token = ContinueToken(request.options.continue), let begun = token.revision else {
                throw APIError.badRequest("continue key is not valid: it is no token of a list of the past")
            }
            revision = begun
            from = resource.cache.prefix + token.start
        }
        var objects: [CachedObject] = []
        var next: String?
        repeat {
            let size = limit > 0 ? min(limit + 1, Registry.chunk) : Registry.chunk
            let page = try reading { () throws(StoreError) in
                try store.range(prefix: resource.cache.keyPrefix(selection), from: from, limit: size, at: revision)
            }
            from = page.more ? page.objects.last.map { $0.key + "\0" } : nil
            for stored in page.objects {
                guard let object = cached(stored.key, stored.value, stored.modified, in: resource),
                    selection.matches(object)
                else { continue }
                if limit > 0, objects.count == limit {
                    next = stored.key
                    break
                }
                objects.append(object)
            }
        } while from != nil && next == nil
        let token = next.map {
            ContinueToken(revision: revision, start: String($0.dropFirst(resource.cache.prefix.count))).text
        }
        return .list(
            Reply.List(
                kind: resource.kind, objects: objects, revision: revision, continue: token ?? "", remaining: nil))
    }

    // MARK: - Versions

    /// A list of one object's versions, oldest first, each as it was and with annotations that say what happened then.
    private func versions(_ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        guard let history = store as? any HistoryStore else {
            throw APIError.badRequest("this store remembers no changes")
        }
        let key = resource.key(namespace: request.resource.namespace, name: request.resource.name ?? "")
        let changes = try reading { () throws(StoreError) in
            try history.changes(of: key, limit: Registry.versionsMax)
        }
        guard !changes.isEmpty else { throw APIError.notFound(request.resource) }
        var objects: [CachedObject] = []
        var before: Object?
        for (index, change) in changes.enumerated() {
            let current = change.object.flatMap { cached($0.key, $0.value, $0.modified, in: resource)?.object }
            guard var shown = current ?? before else { continue }
            let kind: String
            if current == nil {
                kind = "deleted"
            } else if let object = change.object, object.version == 1 {
                kind = "created"
            } else {
                // The first one remembered may be a change of something forgotten.
                kind = index == 0 ? "kept" : "changed"
            }
            var notes: [(String, String)] = [("change", kind), ("revision", String(change.revision.value))]
            if let time = change.time { notes.append(("time", time.rfc3339Micro)) }
            if let current, kind != "kept" {
                let by = VersionDifference.managers(before, current)
                if !by.isEmpty { notes.append(("by", by.joined(separator: ","))) }
                let fields = kind == "changed" ? VersionDifference.fields(before, current) : []
                if !fields.isEmpty { notes.append(("fields", fields.joined(separator: ","))) }
            }
            shown.setResourceVersion(String(change.revision.value))
            var metadata = shown.metadata
            for (name, text) in notes { metadata.annotations["history.martinet.io/\(name)"] = text }
            shown.metadata = metadata
            let (namespace, name) = resource.split(key)
            objects.append(
                CachedObject(
                    key: key, namespace: namespace, name: name, revision: change.revision,
                    json: JSONEncoder.encode(shown), type: resource.kind.type, labels: [], fields: [], object: shown))
            before = current
        }
        return .list(
            Reply.List(
                kind: resource.kind, objects: objects, revision: store.revision, continue: "", remaining: nil))
    }
}
