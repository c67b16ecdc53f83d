package import MartinetBase
package import MartinetClient
import MartinetSchema
import MartinetSelectors
package import MartinetStore

extension Registry {
    func get(_ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        let name = request.resource.name ?? ""
        try checkReachable(request.options.resourceVersion)
        guard let found = resource.cache.get(resource.key(namespace: request.resource.namespace, name: name)) else {
            throw APIError.notFound(request.resource)
        }
        return .stored(found, isNew: false)
    }

    /// A resourceVersion that the store has not reached has been waited for (`Freshness.swift`): the client asks again.
    func checkReachable(_ text: String) throws(APIError) {
        guard !text.isEmpty else { return }
        let revision = try Registry.revision(text)
        guard revision > store.revision else { return }
        throw Registry.tooLarge(revision, store.revision)
    }

    static func revision(_ text: String) throws(APIError) -> Revision {
        guard let number = Int64(text), number >= 0 else {
            throw APIError.badRequest("invalid resource version \(text.debugDescription): expected a whole number")
        }
        return Revision(number)
    }

    static func selection(_ request: APIRequest) throws(APIError) -> Selection {
        do throws(SelectorError) {
            var selection = Selection(
                namespace: request.resource.namespace,
                labels: try LabelSelector(parsing: request.options.labelSelector),
                fields: try FieldSelector(parsing: request.options.fieldSelector))
            // A name in the path of a list or watch is a selector on it.
            if let name = request.resource.name {
                selection.fields = try FieldSelector(parsing: "metadata.name=\(FieldSelector.escape(name))")
            }
            return selection
        } catch {
            throw APIError.badRequest(error.description)
        }
    }

    func checkSelectable(_ selection: Selection, _ resource: ServedResource) throws(APIError) {
        let known = ["metadata.name", "metadata.namespace"] + resource.kind.selectable
        for requirement in selection.fields.requirements where !known.contains(requirement.path) {
            throw APIError.badRequest(
                "field label not supported: \(requirement.path); \(resource.kind.plural) can be selected by \(known.joined(separator: ", "))"
            )
        }
    }

    // MARK: - List

    func list(_ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        let options = request.options
        let selection = try Registry.selection(request)
        try checkSelectable(selection, resource)
        try Registry.checkMatch(options)
        let limit = Int(clamping: max(0, options.limit))
        if !options.continue.isEmpty {
            guard options.resourceVersion.isEmpty || options.resourceVersion == "0" else {
                throw APIError.badRequest("specifying resource version is not allowed when using continue")
            }
            guard let token = ContinueToken(options.continue) else {
                throw APIError.badRequest("continue key is not valid: it is no token of this server")
            }
            return try page(
                resource, selection, from: resource.cache.prefix + token.start, limit: limit, at: token.revision)
        }
        try checkReachable(options.resourceVersion)
        if options.resourceVersionMatch == "Exact" {
            return try page(
                resource, selection, from: nil, limit: limit, at: try Registry.revision(options.resourceVersion))
        }
        return try page(resource, selection, from: nil, limit: limit, at: nil)
    }

    private static func checkMatch(_ options: APIRequest.Options) throws(APIError) {
        guard !options.resourceVersionMatch.isEmpty else { return }
        let match = options.resourceVersionMatch
        guard match == "Exact" || match == "NotOlderThan" else {
            throw invalidOption("resourceVersionMatch", "supported values: Exact, NotOlderThan")
        }
        guard !options.resourceVersion.isEmpty else {
            throw invalidOption(
                "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
        }
        guard options.continue.isEmpty else {
            throw invalidOption("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
        }
        guard match != "Exact" || options.resourceVersion != "0" else {
            throw invalidOption(
                "resourceVersionMatch", "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"")
        }
    }

    private static func invalidOption(_ field: String, _ message: String) -> APIError {
        var error = APIError(
            code: 422, reason: "Invalid", message: "ListOptions.meta.k8s.io \"\" is invalid: \(field): \(message)")
        error.group = "meta.k8s.io"
        error.kind = "ListOptions"
        error.causes = [.init(reason: "FieldValueForbidden", field: field, message: message)]
        return error
    }

    /// A page from the cache, or from history where the resource has changed since.
    private func page(
        _ resource: ServedResource, _ selection: Selection, from start: String?, limit: Int, at revision: Revision?
    ) throws(APIError) -> Reply {
        let page: ResourceCache.Page
        if let current = resource.cache.page(selection, from: start, limit: limit, at: revision) {
            page = current
        } else {
            page = try pastPage(resource, selection, from: start, limit: limit, at: revision ?? store.revision)
        }
        var token = ""
        if let next = page.next {
            token =
                ContinueToken(revision: page.revision, start: String(next.dropFirst(resource.cache.prefix.count))).text
        }
        let remaining = page.next != nil && !selection.isFiltered ? Int64(page.remaining) : nil
        return .list(
            Reply.List(
                kind: resource.kind, objects: page.objects, revision: page.revision, continue: token,
                remaining: remaining))
    }

    private func pastPage(
        _ resource: ServedResource, _ selection: Selection, from start: String?, limit: Int, at revision: Revision
    ) throws(APIError) -> ResourceCache.Page {
        var page = ResourceCache.Page(revision: revision)
        let prefix = resource.cache.keyPrefix(selection)
        var from = start
        do throws(StoreError) {
            repeat {
                let range = try store.range(prefix: prefix, from: from, limit: 500, at: revision)
                for stored in range.objects {
                    guard let object = cached(stored.key, stored.value, stored.modified, in: resource),
                        selection.matches(object)
                    else { continue }
                    if limit > 0, page.objects.count == limit {
                        if page.next == nil { page.next = object.key }
                        page.remaining += 1
                    } else {
                        page.objects.append(object)
                    }
                }
                from = range.more ? range.objects.last.map { $0.key + "\0" } : nil
            } while from != nil
        } catch {
            guard case .compacted = error.code, let start else { throw APIError.store(error) }
            // The client may go on from where it was, over what is there now.
            let token = ContinueToken(
                revision: nil, start: String(start.dropFirst(resource.cache.prefix.count)))
            var expired = APIError.expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
            )
            expired.continueToken = token.text
            throw expired
        }
        return page
    }

    // MARK: - Watch

    /// Opens a watch. Its events come to `sink` on `executor`; after `.ended` none.
    package func watch(
        _ request: APIRequest, as identity: Identity, on executor: any SerialExecutorPort,
        _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) throws(APIError) -> RegistryWatch {
        if let refusal = authorizer.refusal(identity, request) { throw refusal }
        guard let resource = served[request.resource] else { throw APIError.noSuchPath }
        guard !resource.isVirtual else { throw APIError.methodNotAllowed("watch") }
        let selection = try Registry.selection(request)
        try checkSelectable(selection, resource)
        let options = request.options
        let wanted = try Registry.revision(options.resourceVersion.isEmpty ? "0" : options.resourceVersion)
        if options.sendInitialEvents || wanted == .none {
            try checkReachable(options.resourceVersion)
            let markEnd = options.sendInitialEvents || (options.allowWatchBookmarks && options.resourceVersion.isEmpty)
            return try open(resource, selection, .current(markEnd: markEnd), executor, sink)
        }
        try checkReachable(options.resourceVersion)
        if let watch = try? open(resource, selection, .after(wanted), executor, sink) { return watch }
        return try resume(resource, selection, after: wanted, executor, sink)
    }

    private func open(
        _ resource: ServedResource, _ selection: Selection, _ start: ResourceCache.WatchStart,
        _ executor: any SerialExecutorPort, _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) throws(APIError) -> RegistryWatch {
        guard let (number, watcher) = resource.cache.watch(selection, start, on: executor, sink) else {
            throw APIError.expired("too old resource version")
        }
        return RegistryWatch(cache: resource.cache, number: number, watcher: watcher)
    }

    /// Reads from the store what the log has forgotten, then joins the log.
    private func resume(
        _ resource: ServedResource, _ selection: Selection, after revision: Revision,
        _ executor: any SerialExecutorPort, _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) throws(APIError) -> RegistryWatch {
        var after = revision
        let probe = Watcher(position: 0, revision: revision, selection: selection, executor: executor, sink: sink)
        while true {
            let range: EventRange
            do throws(StoreError) {
                range = try store.events(prefix: resource.cache.prefix, after: after, limit: 1000)
            } catch {
                guard case .compacted(let oldest) = error.code else { throw APIError.store(error) }
                throw APIError.expired("too old resource version: \(revision.value) (\(oldest.value))")
            }
            let seen = range.events.compactMap { event -> WatchEvent? in
                let previous = event.previous.flatMap { cached($0.key, $0.value, $0.modified, in: resource) }
                let object = event.kind == .put ? cached(event.key, event.value, event.revision, in: resource) : nil
                return probe.view(
                    of: LogEvent(
                        revision: event.revision, object: object, previous: previous,
                        tombstone: previous?.at(event.revision)))
            }
            if !seen.isEmpty { executor.submit { sink(seen) } }
            after = max(after, range.through)
            if let watch = try? open(resource, selection, .after(after), executor, sink) { return watch }
        }
    }
}

/// An open watch.
package struct RegistryWatch: Sendable {
    let cache: ResourceCache
    let number: Int
    let watcher: Watcher

    package func cancel() { cache.cancel(number) }
    /// What a bookmark may claim now: everything up to here has been handed to the sink.
    package var revision: Revision { cache.served(watcher) }
}
