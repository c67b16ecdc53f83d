package import MartinetBase
package import MartinetClient
import MartinetSchema
import MartinetSelectors
package import MartinetStore

extension Registry {
    func get(_ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        let name = request.resource.name ?? ""
        try checkReachable(request)
        guard let found = resource.cache.get(resource.key(namespace: request.resource.namespace, name: name)) else {
            throw APIError.notFound(request.resource)
        }
        return .stored(try viewed(found, resource), isNew: false)
    }

    /// A resourceVersion that the store has not reached has been waited for (`Freshness.swift`): the client asks again.
    func checkReachable(_ request: APIRequest) throws(APIError) {
        guard !request.options.resourceVersion.isEmpty else { return }
        let revision = try Registry.revision(request.options.resourceVersion)
        guard revision > store.revision else { return }
        throw Registry.tooLarge(revision, store.revision, request)
    }

    /// A version as clients say it: digits alone. What is over 63 bits is as much to come as anything.
    static func revision(_ text: String) throws(APIError) -> Revision {
        guard text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = UInt64(text) else {
            throw APIError.badRequest("invalid resource version \(text.debugDescription): expected a whole number")
        }
        return Revision(Int64(clamping: number))
    }

    static func selection(_ request: APIRequest) throws(APIError) -> Selection {
        var selection = Selection(namespace: request.resource.namespace)
        do throws(SelectorError) {
            selection.labels = try LabelSelector(parsing: request.options.labelSelector)
            selection.fields = try FieldSelector(parsing: request.options.fieldSelector)
            // A name in the path of a watch is a selector on it, and there may be no other one.
            guard let name = request.resource.name else { return selection }
            if selection.fields.isEmpty {
                selection.fields = try FieldSelector(parsing: "metadata.name=\(FieldSelector.escape(name))")
            }
        } catch {
            throw APIError.badRequest(error.description)
        }
        guard selection.fields.exact("metadata.name") == request.resource.name else {
            throw APIError.badRequest("fieldSelector metadata.name doesn't match the requested name")
        }
        return selection
    }

    func checkSelectable(_ selection: Selection, _ resource: ServedResource) throws(APIError) {
        let known = ["metadata.name", "metadata.namespace"] + resource.kind.selectable
        for requirement in selection.fields.requirements where !known.contains(requirement.path) {
            throw APIError.badRequest(
                "field label not supported: \(requirement.path); \(resource.kind.plural) can be selected by \(known.joined(separator: ", "))"
            )
        }
    }

    /// What a list or watch is about, where its parameters are sound; in upstream's order of refusals.
    func checkRead(
        _ request: APIRequest, _ options: APIRequest.Options, _ resource: ServedResource
    ) throws(APIError) -> Selection {
        let selection = try Registry.selection(request)
        try Registry.checkListOptions(options, isWatch: request.verb == .watch)
        try checkSelectable(selection, resource)
        if let conversion = resource.conversion { try checkSelectable(selection, resource, conversion) }
        return selection
    }

    // MARK: - List

    func list(_ request: APIRequest, _ resource: ServedResource) throws(APIError) -> Reply {
        let options = request.options
        let selection = try checkRead(request, options, resource)
        // Whoever takes whatever is there takes all of it: upstream's cache knows no pages at 0.
        let limit = options.resourceVersion == "0" ? 0 : Int(clamping: max(0, options.limit))
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
        try checkReachable(request)
        guard let wanted = try Registry.exactRevision(options) else {
            return try page(resource, selection, from: nil, limit: limit, at: nil)
        }
        return try page(resource, selection, from: nil, limit: limit, at: wanted)
    }

    /// The revision that a list is to be of; nil where the newest one will do. A limit without a match asks for exactly the
    /// revision that it names, for the sake of clients that are older than matches.
    static func exactRevision(_ options: APIRequest.Options) throws(APIError) -> Revision? {
        guard !options.resourceVersion.isEmpty, options.resourceVersion != "0" else { return nil }
        let revision = try revision(options.resourceVersion)
        let isExact = options.resourceVersionMatch == "Exact"
        let isOld = options.resourceVersionMatch.isEmpty && options.limit > 0
        return revision == .none || !isExact && !isOld ? nil : revision
    }

    /// A page from the cache, or from history where the resource has changed since.
    private func page(
        _ resource: ServedResource, _ selection: Selection, from start: String?, limit: Int, at revision: Revision?
    ) throws(APIError) -> Reply {
        let page: ResourceCache.Page
        if let revision, revision < compactor.oldest {
            // That the resource has not changed since is luck: a client must not come to rely on it.
            throw expired(resource, from: start, "revision \(revision.value) is older than what is kept")
        }
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
                kind: resource.kind, objects: try viewed(page.objects, resource), revision: page.revision,
                continue: token,
                remaining: remaining))
    }

    private func expired(_ resource: ServedResource, from start: String?, _ why: String) -> APIError {
        guard let start else { return .expired("The resourceVersion for the provided list is too old: \(why)") }
        // The client may go on from where it was, over what is there now.
        let token = ContinueToken(revision: nil, start: String(start.dropFirst(resource.cache.prefix.count)))
        var expired = APIError.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
        )
        expired.continueToken = token.text
        return expired
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
                    if limit > 0, page.objects.count == limit {
                        if page.next == nil { page.next = stored.key }
                        page.remaining += 1
                        if selection.isFiltered { return page }
                        continue
                    }
                    guard let object = cached(stored.key, stored.value, stored.modified, in: resource),
                        selection.matches(object)
                    else { continue }
                    page.objects.append(object)
                }
                from = range.more ? range.objects.last.map { $0.key + "\0" } : nil
            } while from != nil
        } catch {
            guard case .compacted = error.code else { throw APIError.store(error) }
            throw expired(resource, from: start, error.message)
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
        let options = request.options.withListDefaults(isWatch: true)
        let selection = try checkRead(request, options, resource)
        if let past = request.options.past {
            let start = try watchStart(past, request, resource)
            return try resume(resource, selection, after: start, executor, sink)
        }
        let wanted = try Registry.revision(options.resourceVersion.isEmpty ? "0" : options.resourceVersion)
        guard let conversion = resource.conversion else {
            return try begin(request, options, resource, selection, wanted, executor, sink)
        }
        let start = wanted == .none ? reached.revision : wanted
        let events = ConvertedEvents(conversion, resource.kind, after: start, log: log, on: executor, sink)
        var watch = try begin(request, options, resource, selection, wanted, conversion.watching) { events.deliver($0) }
        watch.converted = events
        return watch
    }

    private func begin(
        _ request: APIRequest, _ options: APIRequest.Options, _ resource: ServedResource, _ selection: Selection,
        _ wanted: Revision, _ executor: any SerialExecutorPort, _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) throws(APIError) -> RegistryWatch {
        if options.sendInitialEvents {
            try checkReachable(request)
            return try open(resource, selection, .current(markEnd: options.allowWatchBookmarks), executor, sink)
        }
        if wanted == .none {
            let start: ResourceCache.WatchStart = options.refusesInitialEvents ? .now : .current(markEnd: false)
            return try open(resource, selection, start, executor, sink)
        }
        if let watch = try? open(resource, selection, .after(wanted), executor, sink) { return watch }
        guard wanted >= compactor.oldest else {
            throw APIError.expired("too old resource version: \(wanted.value) (\(compactor.oldest.value))")
        }
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
    /// Where its events are converted on their way.
    var converted: ConvertedEvents?

    package func cancel() { cache.cancel(number) }
    /// What a bookmark may claim now: everything up to here has been handed to the sink.
    package var revision: Revision { converted?.delivered ?? cache.served(watcher) }
}
