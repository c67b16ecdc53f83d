import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

/// The least of an API server that components can run against, until the real one takes its place.
///
/// Knows resourceVersions, uids, generations, graceful deletion, finalizers, status and binding, merge patches of
/// metadata and watches with streaming lists; neither defaults nor validation.
final class FakeAPIServer: APIClient {
    struct Stored {
        var object: Object
        let type: ObjectType
    }

    struct Watcher {
        let type: ObjectType
        let namespace: String?
        let nodeName: String?
        let executor: any SerialExecutorPort
        let sink: @Sendable (WatchMessage) -> Void
    }

    struct State {
        var revision: UInt64 = 1
        var objects: [String: [ObjectKey: Object]] = [:]
        var watchers: [UInt64: Watcher] = [:]
        var nextWatcher: UInt64 = 0
    }

    private let runtime: any Runtime
    private let state = Mutex(State())

    init(runtime: any Runtime) { self.runtime = runtime }

    func all<V: View>(_ view: V.Type) -> [V] {
        state.withLock { state in
            (state.objects[V.type.name] ?? [:]).sorted { $0.key < $1.key }.map { V(object: $0.value) }
        }
    }

    func get<V: View>(_ view: V.Type, _ namespace: String, _ name: String) -> V? {
        state.withLock { $0.objects[V.type.name]?[ObjectKey(namespace: namespace, name: name)] }.map(V.init(object:))
    }

    /// Writes at once, for the test itself.
    @discardableResult
    func apply(_ request: APIRequest) -> Result<Object, APIError> { perform(request) }

    func edit<V: View>(_ view: V.Type, _ namespace: String, _ name: String, _ change: (inout V) -> Void) {
        guard var object = get(view, namespace, name) else { return }
        change(&object)
        _ = perform(.update(object))
    }

    func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        executor.submit { [self] in
            let result = perform(request)
            executor.submit { completion(result) }
        }
    }

    private struct Port: WatchPort {
        let end: @Sendable () -> Void
        func cancel() { end() }
    }

    func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort {
        guard let type = FakeAPIServer.type(of: request.resource) else {
            executor.submit { sink(.ended(FakeAPIServer.notFound(request.resource))) }
            return Port {}
        }
        let selector = request.options.fieldSelector
        let watcher = Watcher(
            type: type, namespace: request.resource.namespace,
            nodeName: selector.hasPrefix("spec.nodeName=") ? String(selector.dropFirst(14)) : nil, executor: executor,
            sink: sink)
        let number: UInt64 = state.withLock { state in
            state.nextWatcher += 1
            // Whoever comes back with a revision is told to list again: the fake keeps no history.
            if !request.options.sendInitialEvents {
                let isNew = request.options.resourceVersion == String(state.revision)
                guard isNew else {
                    executor.submit { sink(.ended(APIError(code: 410, reason: "Expired", message: "too old"))) }
                    return state.nextWatcher
                }
            } else {
                for (_, object) in (state.objects[type.name] ?? [:]).sorted(by: { $0.key < $1.key })
                where watcher.shows(object) {
                    executor.submit { sink(.added(object)) }
                }
                let version = String(state.revision)
                executor.submit { sink(.bookmark(resourceVersion: version, initialEventsEnd: true)) }
            }
            state.watchers[state.nextWatcher] = watcher
            return state.nextWatcher
        }
        return Port { [self] in state.withLock { $0.watchers[number] = nil } }
    }

    // MARK: - Verbs

    static func type(of resource: ResourceName) -> ObjectType? {
        Schema.builtin.kinds.first {
            $0.group == resource.group && $0.version == resource.version && $0.plural == resource.plural
        }?.type
    }

    static func notFound(_ resource: ResourceName) -> APIError {
        APIError(code: 404, reason: "NotFound", message: "\(resource) not found")
    }

    private func perform(_ request: APIRequest) -> Result<Object, APIError> {
        guard let type = FakeAPIServer.type(of: request.resource) else {
            return .failure(FakeAPIServer.notFound(request.resource))
        }
        return state.withLock { state in
            switch request.verb {
            case .create where request.resource.subresource == "binding": bind(request, &state)
            case .create: create(request, type, &state)
            case .list: list(request, type, &state)
            case .get, .update, .patch, .delete: change(request, type, &state)
            case .deletecollection: deleteAll(request, type, &state)
            case .watch: .failure(APIError(code: 405, reason: "MethodNotAllowed", message: "watch is no request"))
            }
        }
    }

    private func list(_ request: APIRequest, _ type: ObjectType, _ state: inout State) -> Result<Object, APIError> {
        guard let listType = type.kind?.listType, let slot = listType.field(named: "items")?.slot else {
            return .failure(FakeAPIServer.notFound(request.resource))
        }
        var list = Object(type: listType)
        let objects = (state.objects[type.name] ?? [:]).sorted { $0.key < $1.key }
            .filter { request.resource.namespace == nil || $0.key.namespace == request.resource.namespace }
        list[slot] = .list(objects.map { .object($0.value) })
        if let metadata = listType.field(named: "metadata")?.slot {
            list[metadata] = .object(ListMeta { $0.resourceVersion = String(state.revision) }.object)
        }
        return .success(list)
    }

    private func create(_ request: APIRequest, _ type: ObjectType, _ state: inout State) -> Result<Object, APIError> {
        guard var object = request.object else {
            return .failure(APIError(code: 400, reason: "BadRequest", message: "nothing to create"))
        }
        var metadata = object.metadata
        if metadata.name.isEmpty { metadata.name = metadata.generateName + runtime.nameSuffix() }
        if let namespace = request.resource.namespace { metadata.namespace = namespace }
        if state.objects[type.name]?[metadata.key] != nil {
            return .failure(
                APIError(code: 409, reason: "AlreadyExists", message: "\(metadata.name) already exists"))
        }
        metadata.uid = runtime.uid()
        metadata.generation = 1
        metadata.creationTimestamp = runtime.now()
        object[0] = .object(metadata.object)
        if var pod = object.view(Pod.self), pod.status.phase.isEmpty {
            pod.status.phase = "Pending"
            object = pod.object
        }
        if var namespace = object.view(Namespace.self) {
            namespace.spec.finalizers = ["kubernetes"]
            namespace.status.phase = "Active"
            object = namespace.object
        }
        return .success(store(object, nil, &state))
    }

    private func bind(_ request: APIRequest, _ state: inout State) -> Result<Object, APIError> {
        let key = ObjectKey(namespace: request.resource.namespace ?? "", name: request.resource.name ?? "")
        guard let binding = request.object?.view(Binding.self), let old = state.objects[Pod.type.name]?[key] else {
            return .failure(FakeAPIServer.notFound(request.resource))
        }
        var pod = Pod(object: old)
        guard pod.spec.nodeName.isEmpty else {
            return .failure(APIError(code: 409, reason: "Conflict", message: "\(key) is bound already"))
        }
        pod.spec.nodeName = binding.target.name
        _ = store(pod.object, old, &state)
        return .success(Status { $0.status = "Success" }.object)
    }

    private func change(_ request: APIRequest, _ type: ObjectType, _ state: inout State) -> Result<Object, APIError> {
        let key = ObjectKey(namespace: request.resource.namespace ?? "", name: request.resource.name ?? "")
        guard let old = state.objects[type.name]?[key] else {
            if request.verb == .patch, request.patch?.type == .apply {
                var object = Object(type: type)
                object[0] = .object(
                    ObjectMeta {
                        $0.name = key.name
                        $0.namespace = key.namespace
                    }.object)
                return create(
                    APIRequest(.create, request.resource, object: merge(request, into: object)), type, &state)
            }
            return .failure(FakeAPIServer.notFound(request.resource))
        }
        switch request.verb {
        case .get: return .success(old)
        case .delete: return delete(request, old, &state)
        default: break
        }
        var new = old
        if request.verb == .patch {
            new = merge(request, into: old)
        } else if let object = request.object {
            new = object
        }
        let version = new.metadata.resourceVersion
        if !version.isEmpty, version != old.metadata.resourceVersion {
            return .failure(APIError(code: 409, reason: "Conflict", message: "\(key) has been modified"))
        }
        var metadata = new.metadata
        if !metadata.uid.isEmpty, metadata.uid != old.metadata.uid {
            return .failure(APIError(code: 409, reason: "Conflict", message: "\(key) is another object now"))
        }
        metadata.uid = old.metadata.uid
        metadata.deletionGracePeriodSeconds = old.metadata.deletionGracePeriodSeconds
        metadata.creationTimestamp = old.metadata.creationTimestamp
        metadata.deletionTimestamp = old.metadata.deletionTimestamp
        metadata.resourceVersion = old.metadata.resourceVersion
        metadata.generation = old.metadata.generation
        if request.resource.subresource == "status" {
            new = replace("status", of: old, by: new)
        } else {
            let status = replace("status", of: new, by: old)
            new = status
            if replace("metadata", of: new, by: old) != old { metadata.generation += 1 }
            new[0] = .object(metadata.object)
        }
        if new == old { return .success(old) }
        return .success(store(new, old, &state))
    }

    private func replace(_ field: String, of object: Object, by other: Object) -> Object {
        guard let slot = object.type.field(named: field)?.slot else { return object }
        var object = object
        object[slot] = other[slot]
        return object
    }

    private func deleteAll(_ request: APIRequest, _ type: ObjectType, _ state: inout State) -> Result<Object, APIError>
    {
        for (key, object) in (state.objects[type.name] ?? [:]).sorted(by: { $0.key < $1.key })
        where key.namespace == request.resource.namespace {
            _ = delete(request, object, &state)
        }
        return .success(Status { $0.status = "Success" }.object)
    }

    private func delete(_ request: APIRequest, _ old: Object, _ state: inout State) -> Result<Object, APIError> {
        let options = request.object?.view(DeleteOptions.self)
        var metadata = old.metadata
        if let uid = options?.preconditions?.uid, uid != metadata.uid {
            return .failure(APIError(code: 409, reason: "Conflict", message: "the uid does not match"))
        }
        if metadata.deletionTimestamp == nil {
            switch options?.propagationPolicy {
            case "Foreground": metadata.finalizers.append("foregroundDeletion")
            case "Orphan": metadata.finalizers.append("orphan")
            default: break
            }
        }
        let grace = options?.gracePeriodSeconds ?? 30
        let isGraceful = grace > 0 && !(old.view(Pod.self)?.spec.nodeName.isEmpty ?? true)
        let isHeld = !metadata.finalizers.isEmpty || !(old.view(Namespace.self)?.spec.finalizers.isEmpty ?? true)
        if isGraceful || isHeld {
            if metadata.deletionTimestamp == nil || (metadata.deletionGracePeriodSeconds ?? 0) > 0 && !isGraceful {
                metadata.deletionTimestamp = metadata.deletionTimestamp ?? runtime.now()
                metadata.deletionGracePeriodSeconds = isGraceful ? grace : 0
                var object = old
                object[0] = .object(metadata.object)
                if var namespace = object.view(Namespace.self) {
                    namespace.status.phase = "Terminating"
                    object = namespace.object
                }
                return .success(store(object, old, &state))
            }
            return .success(old)
        }
        return .success(remove(old, &state))
    }

    // MARK: - Storing and telling

    private func store(_ object: Object, _ old: Object?, _ state: inout State) -> Object {
        var object = object
        var metadata = object.metadata
        if metadata.deletionTimestamp != nil, metadata.finalizers.isEmpty,
            metadata.deletionGracePeriodSeconds ?? 0 == 0,
            object.view(Namespace.self)?.spec.finalizers.isEmpty ?? true, let old
        {
            return remove(old, &state)
        }
        state.revision += 1
        metadata.resourceVersion = String(state.revision)
        object[0] = .object(metadata.object)
        state.objects[object.type.name, default: [:]][metadata.key] = object
        tell(object, old, &state)
        return object
    }

    private func remove(_ old: Object, _ state: inout State) -> Object {
        state.revision += 1
        var object = old
        var metadata = old.metadata
        state.objects[old.type.name]?[metadata.key] = nil
        metadata.resourceVersion = String(state.revision)
        object[0] = .object(metadata.object)
        for watcher in state.watchers.sorted(by: { $0.key < $1.key }).map(\.value) where watcher.shows(object) {
            watcher.executor.submit { [object] in watcher.sink(.deleted(object)) }
        }
        return object
    }

    private func tell(_ object: Object, _ old: Object?, _ state: inout State) {
        for watcher in state.watchers.sorted(by: { $0.key < $1.key }).map(\.value) {
            let isShown = watcher.shows(object)
            let wasShown = old.map(watcher.shows) ?? false
            guard isShown || wasShown else { continue }
            let message: WatchMessage =
                isShown ? (wasShown ? .modified(object) : .added(object)) : .deleted(object)
            watcher.executor.submit { watcher.sink(message) }
        }
    }

    /// A merge patch by decoding both, merging and decoding again.
    private func merge(_ request: APIRequest, into object: Object) -> Object {
        guard let patch = request.patch, let (change, _) = try? JSONDecoder.decodeAny(patch.document),
            let (value, _) = try? JSONDecoder.decodeAny(JSONEncoder.encode(object))
        else { return object }
        let merged = FakeAPIServer.merge(change, into: value)
        return (try? JSONDecoder.decode(JSONEncoder.encode(merged), as: object.type).object) ?? object
    }

    private static func merge(_ change: Value, into value: Value) -> Value {
        guard case .map(let changes) = change else { return change }
        var result = if case .map(let map) = value { map } else { Map() }
        for entry in changes.entries {
            if case .null = entry.value {
                result[entry.key] = nil
            } else {
                result[entry.key] = merge(entry.value, into: result[entry.key] ?? .null)
            }
        }
        return .map(result)
    }
}

extension FakeAPIServer.Watcher {
    func shows(_ object: Object) -> Bool {
        guard object.type == type, namespace == nil || object.metadata.namespace == namespace else { return false }
        guard let nodeName else { return true }
        return object.view(Pod.self)?.spec.nodeName == nodeName
    }
}
