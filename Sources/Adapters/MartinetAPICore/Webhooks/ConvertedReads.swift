import MartinetStrategies
import MartinetSelectors
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization

extension Registry {
    /// The current object of a key as a version shows it.
    func current(_ key: String, _ resource: ServedResource) throws(APIError) -> CachedObject? {
        guard let cached = resource.cache.get(key) else { return nil }
        return try viewed(cached, resource)
    }

    /// A stored object as a version shows it.
    @inline(__always)
    func viewed(_ cached: CachedObject, _ resource: ServedResource) throws(APIError) -> CachedObject {
        guard let conversion = resource.conversion else { return cached }
        return try conversion.view([cached], as: resource.kind, isList: false).first ?? cached
    }

    @inline(__always)
    func viewed(_ objects: [CachedObject], _ resource: ServedResource) throws(APIError) -> [CachedObject] {
        guard let conversion = resource.conversion else { return objects }
        return try conversion.view(objects, as: resource.kind, isList: true)
    }

    /// Answers a write with what is now served, which somebody may have to convert first.
    func answer(_ cached: CachedObject, _ resource: ServedResource, _ completion: @escaping Completion) {
        guard let conversion = resource.conversion, cached.type != resource.kind.type else {
            return completion(.success(.stored(cached, isNew: false)))
        }
        let refuse: @Sendable (APIError) -> Void = { error in
            completion(.failure(.internalError("\(cached.key) was written, its answer cannot be made: \(error)")))
        }
        offLoop(APIRequest(.get, ResourceName(resource.kind)), refuse: refuse) { _ in
            do throws(APIError) {
                let view = try conversion.view([cached], as: resource.kind, isList: false)
                completion(.success(.stored(view.first ?? cached, isNew: false)))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// A stored value of a resource whose versions a webhook converts: in the version that it was written in.
    func asStored(
        _ key: String, _ record: StoredRecord, _ revision: Revision, _ resource: ServedResource,
        _ conversion: WebhookConversion
    ) -> CachedObject? {
        let (namespace, name) = resource.split(key)
        var json = record.json(resourceVersion: revision.value)
        let version = conversion.version(of: json)
        var (labels, fields) = (record.labels, record.fields)
        let isCurrent = record.fingerprint == resource.fingerprint
        if !isCurrent {
            guard let decoded = try? JSONDecoder.decode(json, as: version.kind.type) else { return nil }
            var object = decoded.object
            Defaults.apply(to: &object)
            version.strategy.setDefaults(&object)
            json = JSONEncoder.encode(object)
            (labels, fields) = index(object, version.strategy)
        }
        return CachedObject(
            key: key, namespace: namespace, name: name, revision: revision, json: json, type: version.kind.type,
            labels: labels, fields: fields, isCurrent: isCurrent,
            isMigrated: version.kind == conversion.storage.kind)
    }

    /// Selectors look at objects as they are stored: what only another version can be selected by is refused.
    func checkSelectable(
        _ selection: Selection, _ resource: ServedResource, _ conversion: WebhookConversion
    ) throws(APIError) {
        let known = ["metadata.name", "metadata.namespace"] + conversion.storage.kind.selectable
        for requirement in selection.fields.requirements where !known.contains(requirement.path) {
            throw APIError.badRequest(
                "field label not supported: \(requirement.path): a webhook converts \(resource.kind.plural), which can be selected by what \(conversion.storage.kind.apiVersion) can: \(known.joined(separator: ", "))"
            )
        }
    }
}

/// Converts the events of one watch, in their order, and hands them on.
final class ConvertedEvents: Sendable {
    private struct State {
        var delivered: Revision
        var isOver = false
    }
    private let conversion: WebhookConversion
    private let kind: Kind
    private let executor: any SerialExecutorPort
    private let sink: @Sendable ([WatchEvent]) -> Void
    private let log: Log
    private let state: Mutex<State>

    init(
        _ conversion: WebhookConversion, _ kind: Kind, after revision: Revision, log: Log,
        on executor: any SerialExecutorPort, _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) {
        self.conversion = conversion
        self.kind = kind
        self.executor = executor
        self.sink = sink
        self.log = log
        state = Mutex(State(delivered: revision))
    }

    /// The last event that was handed on: a bookmark must not say more.
    var delivered: Revision { state.withLock { $0.delivered } }

    /// Runs on the conversion's own executor, where it may wait.
    func deliver(_ events: [WatchEvent]) {
        guard !state.withLock({ $0.isOver }) else { return }
        let objects = events.compactMap(\.object)
        do throws(APIError) {
            var views = try conversion.view(objects, as: kind, isList: false)[...]
            let converted = events.map { event in
                event.object == nil ? event : event.with(views.popFirst())
            }
            if let last = events.compactMap(\.revision).last {
                state.withLock { $0.delivered = max($0.delivered, last) }
            }
            executor.submit { [sink] in sink(converted) }
        } catch {
            // Whoever watches begins anew, and learns from its list what is wrong.
            log.warning("a watch ends: its events cannot be converted", [("error", error.message)])
            state.withLock { $0.isOver = true }
            executor.submit { [sink] in sink([.ended]) }
        }
    }
}

extension WatchEvent {
    fileprivate var object: CachedObject? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object
        case .bookmark, .ended: nil
        }
    }

    fileprivate var revision: Revision? {
        if case .bookmark(let revision, _) = self { revision } else { object?.revision }
    }

    fileprivate func with(_ view: CachedObject?) -> WatchEvent {
        guard let view else { return self }
        switch self {
        case .added: return .added(view)
        case .modified: return .modified(view)
        case .deleted: return .deleted(view)
        case .bookmark, .ended: return self
        }
    }
}
