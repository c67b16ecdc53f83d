import MartinetAPI
package import MartinetBase
import MartinetClient
import MartinetSchema
package import MartinetStore
package import MartinetWebhooks
import MartinetStrategies
import Synchronization

/// The API server below HTTP: authorization, admission, storage and watches of every served resource.
///
/// Callers are an HTTP front end or components of the same process; both come through `handle` and `watch` with an
/// identity, and nothing is done for the one that is not done for the other.
package final class Registry: Sendable {
    package struct Configuration: Sendable {
        /// Issues addresses and ports for Services.
        package var serviceNetwork: ServiceNetwork
        /// How long Events are kept.
        package var eventLifetime: Duration
        /// Which kinds and versions are served.
        package var runtimeConfig: RuntimeConfig
        /// How long at least what has been can be read and watched; at most twice as long. As upstream's
        /// `--etcd-compaction-interval`.
        package var historyKept: Duration
        /// Whether nodes may do what the pods on them need, beside what roles grant them.
        package var authorizesNodes: Bool
        /// Which rules about writes hold, and what they are told.
        package var admission: AdmissionSettings
        /// How many requests may be under way at once: upstream's `--max-requests-inflight` and
        /// `--max-mutating-requests-inflight` together.
        package var seats = 600
        /// Who is asked whether somebody may do something.
        package var authorization: [AuthorizationStep] = [.nodes, .roles]
        package init(
            serviceNetwork: ServiceNetwork = ServiceNetwork(), eventLifetime: Duration = .seconds(3600),
            runtimeConfig: RuntimeConfig = RuntimeConfig(), historyKept: Duration = .seconds(300),
            authorizesNodes: Bool = true, admission: AdmissionSettings = AdmissionSettings()
        ) {
            self.authorizesNodes = authorizesNodes
            self.admission = admission
            self.serviceNetwork = serviceNetwork
            self.eventLifetime = eventLifetime
            self.runtimeConfig = runtimeConfig
            self.historyKept = historyKept
        }
    }

    package let runtime: any Runtime
    package let log: Log
    package let configuration: Configuration
    let store: any ObjectStore
    /// Whether other servers write to it too.
    let isShared: Bool
    package let authorizer: Authorizer
    /// Where requests from outside take turns.
    package let flows: FlowGate
    let admission: AdmissionChain
    let allocator: ServiceAllocator
    /// Where requests wait that must be tried again in a moment.
    let waiting: any SerialExecutorPort
    /// Reads that ask for what is not committed yet.
    let ahead = RevisionWaits()
    /// How far the caches have come.
    let reached: ReachedRevision
    let compactor: Compactor
    let tokenIssuer: (any TokenIssuer)?
    /// Who answers the kinds that are questions, by the kind's full name.
    let reviews: [String: any ReviewHandler]
    let health: any ComponentHealth
    let webhooks: Webhooks

    private struct State {
        var served: ServedResources
        /// By the prefix of their keys, for the store's events: one for each version that is served.
        var byPrefix: [String: [ServedResource]] = [:]
        let builtin: [ServedResource]
        /// By the name of the definition.
        var custom: [String: [ServedResource]] = [:]
    }
    private let state: Mutex<State>

    /// Opens the registry over a store: loads what is there, then follows every commit.
    package init(
        store: any ObjectStore, runtime: any Runtime, log: Log, configuration: Configuration = Configuration(),
        tokenIssuer: (any TokenIssuer)? = nil, reviews: [any ReviewHandler] = [],
        health: any ComponentHealth = StoreHealth(), webhooks: (any WebhookCaller)? = nil
    ) throws(StoreError) {
        self.store = store
        isShared = store.isShared
        self.runtime = runtime
        self.log = log
        self.configuration = configuration
        self.tokenIssuer = tokenIssuer
        authorizer = Authorizer(steps: configuration.authorization)
        self.reviews = Dictionary(
            (reviews + [SelfSubjectReviews(now: { runtime.now() }), AccessReviews(authorizer: authorizer)]).flatMap {
                handler in
                handler.kinds.map { ($0, handler) }
            }
        ) { first, _ in first }
        self.health = health
        waiting = runtime.executor(named: "martinet.registry.waiting")
        flows = FlowGate(runtime: runtime, seats: configuration.seats)
        self.webhooks = Webhooks(
            caller: webhooks, imagePolicy: configuration.admission.imagePolicy,
            workers: WaitingWorkers(runtime: runtime, clock: waiting))
        compactor = Compactor(store: store, every: configuration.historyKept, on: waiting)
        admission = AdmissionChain(configuration.admission)
        allocator = ServiceAllocator(configuration.serviceNetwork)
        reached = ReachedRevision(store.revision)
        let resources = BuiltinResources.all(configuration.runtimeConfig, reached: reached)
        state = Mutex(State(served: ServedResources(resources), builtin: resources))
        rebuild()
        // First to follow, then to load: others may write to a shared store meanwhile.
        let backlog = EventBacklog()
        let through = store.observe { [weak self] events in
            guard let self, let events = backlog.pass(events) else { return }
            observed(events)
        }
        for resource in resources { try load(resource) }
        for resource in resources where resource.kind.name == Registry.rangeKind {
            for range in storedObjects(ResourceName(resource.kind)) { rangeChanged(range.name) }
        }
        for resource in resources where resource.kind.name == Registry.definitionKind {
            for definition in resource.cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects ?? [] {
                definitionChanged(definition.name, definition.object)
            }
        }
        self.webhooks.reload(self, configuration.admission)
        if configuration.authorizesNodes { authorizer.follow(NodeTies(self)) }
        reached.advance(to: through)
        backlog.release { observed($0) }
    }

    package var served: ServedResources { state.withLock { $0.served } }

    /// Derives from the built-in and custom resources what paths and keys lead to.
    private func rebuild() {
        state.withLock { state in
            let resources = state.builtin + state.custom.sorted { $0.key < $1.key }.flatMap(\.value)
            state.served = ServedResources(resources)
            state.byPrefix = Dictionary(grouping: resources, by: \.cache.prefix)
        }
    }

    /// The versions of one resource, which share the keys in the store.
    func resources(under prefix: String) -> [ServedResource] { state.withLock { $0.byPrefix[prefix] ?? [] } }

    /// What is served of a custom resource.
    func custom(_ name: String) -> [ServedResource] { state.withLock { $0.custom[name] ?? [] } }

    /// Serves other versions of a custom resource than before, or none. Whoever watches the old ones begins anew.
    func setCustom(_ name: String, _ resources: [ServedResource]) {
        let old = state.withLock { state in
            defer { state.custom[name] = resources.isEmpty ? nil : resources }
            return state.custom[name] ?? []
        }
        rebuild()
        for resource in old { resource.cache.endWatches() }
    }

    /// Reads a resource's objects from the store into its cache.
    func load(_ resource: ServedResource) throws(StoreError) {
        var from: String?
        var revision: Revision?
        repeat {
            let page = try store.range(prefix: resource.cache.prefix, from: from, limit: 1000, at: revision)
            revision = page.revision
            for object in page.objects {
                guard let cached = cached(object.key, object.value, object.modified, in: resource) else {
                    log.error("stored object cannot be read, it is left in place", [("key", object.key)])
                    continue
                }
                resource.cache.load(cached)
                if resource.group == Authorizer.group { authorizer.changed(cached.object) }
                if resource.configuresFlows { flows.changed(cached.object) }
                if resource.kind.name == "Service" { allocator.reserve(cached.object) }
                if resource.kind.name == Registry.addressKind { addressChanged(cached.object) }
            }
            from = page.more ? page.objects.last.map { $0.key + "\0" } : nil
        } while from != nil
    }

    /// A stored value as it is served. One that another schema wrote is decoded and encoded once; its revision stays.
    func cached(_ key: String, _ value: [UInt8], _ revision: Revision, in resource: ServedResource) -> CachedObject? {
        guard let record = StoredRecord(value) else { return nil }
        if let conversion = resource.conversion { return asStored(key, record, revision, resource, conversion) }
        let (namespace, name) = resource.split(key)
        var json = record.json(resourceVersion: revision.value)
        var (labels, fields) = (record.labels, record.fields)
        if record.fingerprint != resource.fingerprint || resource.storageKind != nil {
            let type = (resource.storageKind ?? resource.kind).type
            guard let decoded = try? JSONDecoder.decode(json, as: type) else { return nil }
            var object = decoded.object
            if record.fingerprint != resource.fingerprint {
                Defaults.apply(to: &object)
                resource.storageStrategy.setDefaults(&object)
            }
            guard let served = try? resource.served(object) else { return nil }
            object = served
            json = JSONEncoder.encode(object)
            (labels, fields) = index(object, resource.strategy)
        }
        return CachedObject(
            key: key, namespace: namespace, name: name, revision: revision, json: json, type: resource.kind.type,
            labels: labels, fields: fields, isCurrent: record.fingerprint == resource.fingerprint,
            isMigrated: record.json.starts(with: resource.storedHead))
    }

    /// What selectors look at.
    func index(
        _ object: Object, _ strategy: any Strategy
    ) -> (labels: [(key: String, value: String)], fields: [(key: String, value: String)]) {
        let labels = object.metadata.labels.map { (key: $0.key, value: $0.value) }
        let fields = strategy.selectableFields(object).map { (key: $0.path, value: $0.value) }
        return (labels, fields)
    }

    /// Runs on the store's thread with every durable batch.
    private func observed(_ events: [StoreEvent]) {
        let byPrefix = state.withLock { $0.byPrefix }
        for event in events {
            for (index, resource) in Registry.resources(of: event.key, in: byPrefix).enumerated()
            where index == 0 || resource.conversion == nil {
                apply(event, to: resource)
            }
        }
        guard let last = events.last else { return }
        reached.advance(to: last.revision)
        ahead.reached(last.revision)
        compactor.written()
    }

    private func apply(_ event: StoreEvent, to resource: ServedResource) {
        // Loaded already, with what others wrote since the store was followed.
        if let known = resource.cache.get(event.key)?.revision, known >= event.revision { return }
        let isDefinition = resource.kind.name == Registry.definitionKind
        switch event.kind {
        case .put:
            guard let object = cached(event.key, event.value, event.revision, in: resource) else {
                return log.error("committed object cannot be read", [("key", event.key)])
            }
            if resource.kind.name == "Service", let old = resource.cache.get(event.key) {
                allocator.release(old.object, keeping: object.object)
                addressesReleased()
            }
            resource.cache.put(object)
            if resource.group == Authorizer.group { authorizer.changed(object.object) }
            if resource.configuresFlows { flows.changed(object.object) }
            if isDefinition { definitionChanged(object.name, object.object) }
            if resource.kind.name == Registry.addressKind { addressChanged(object.object) }
            if resource.kind.name == Registry.rangeKind { rangeChanged(object.name) }
            if resource.group == Webhooks.group { webhooks.changed(resource, self) }
            if resource.kind.name == Registry.policyKind, resource.kind.version == "v1" { policyChanged(object) }
        case .delete:
            if resource.kind.name == "Service", let old = resource.cache.get(event.key) {
                allocator.release(old.object)
                addressesReleased()
            }
            let address = resource.kind.name == Registry.addressKind ? resource.cache.get(event.key) : nil
            if resource.group == Authorizer.group, let old = resource.cache.get(event.key) {
                authorizer.removed(old.object)
            }
            if resource.configuresFlows, let old = resource.cache.get(event.key) { flows.removed(old.object) }
            resource.cache.delete(event.key, at: event.revision)
            if let address { addressRemoved(address.object) }
            if resource.kind.name == Registry.rangeKind { rangeChanged(resource.split(event.key).name) }
            if resource.group == Webhooks.group { webhooks.changed(resource, self) }
            if isDefinition { definitionChanged(resource.split(event.key).name, nil) }
        }
    }

    /// The resources whose prefix a key has: `/registry/GROUP/PLURAL/`.
    private static func resources(of key: String, in byPrefix: [String: [ServedResource]]) -> [ServedResource] {
        var slashes = 0
        for index in key.utf8.indices where key.utf8[index] == 47 {
            slashes += 1
            if slashes == 4 { return byPrefix[String(key[...index])] ?? [] }
        }
        return []
    }
}
