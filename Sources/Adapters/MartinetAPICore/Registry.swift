import MartinetAPI
package import MartinetBase
import MartinetClient
import MartinetSchema
package import MartinetStore
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
        package init(serviceNetwork: ServiceNetwork = ServiceNetwork(), eventLifetime: Duration = .seconds(3600)) {
            self.serviceNetwork = serviceNetwork
            self.eventLifetime = eventLifetime
        }
    }

    package let runtime: any Runtime
    package let log: Log
    package let configuration: Configuration
    let store: any ObjectStore
    let authorizer = Authorizer()
    let admission: [any AdmissionPlugin]
    let allocator: ServiceAllocator
    /// Where requests wait that must be tried again in a moment.
    let waiting: any SerialExecutorPort
    let tokenIssuer: (any TokenIssuer)?

    private struct State {
        var served: ServedResources
        /// By the prefix of their keys, for the store's events.
        var byPrefix: [String: ServedResource]
    }
    private let state: Mutex<State>

    /// Opens the registry over a store: loads what is there, then follows every commit.
    package init(
        store: any ObjectStore, runtime: any Runtime, log: Log, configuration: Configuration = Configuration(),
        tokenIssuer: (any TokenIssuer)? = nil
    ) throws(StoreError) {
        self.store = store
        self.runtime = runtime
        self.log = log
        self.configuration = configuration
        self.tokenIssuer = tokenIssuer
        waiting = runtime.executor(named: "martinet.registry.waiting")
        admission = AdmissionChain.builtin
        allocator = ServiceAllocator(configuration.serviceNetwork)
        let resources = BuiltinResources.all(revision: store.revision)
        state = Mutex(State(served: ServedResources(resources), byPrefix: [:]))
        install(resources)
        for resource in resources { try load(resource) }
        let through = store.observe { [weak self] events in self?.observed(events) }
        for resource in resources { resource.cache.advance(to: through) }
    }

    package var served: ServedResources { state.withLock { $0.served } }

    /// Replaces the set of served resources; their caches go with them.
    func install(_ resources: [ServedResource]) {
        state.withLock { state in
            state.served = ServedResources(resources)
            state.byPrefix = [:]
            for resource in resources { state.byPrefix[resource.cache.prefix] = resource }
        }
    }

    /// Reads a resource's objects from the store into its cache.
    func load(_ resource: ServedResource) throws(StoreError) {
        var from: String?
        repeat {
            let page = try store.range(prefix: resource.cache.prefix, from: from, limit: 1000, at: nil)
            for object in page.objects {
                guard let cached = cached(object.key, object.value, object.modified, in: resource) else {
                    log.error("stored object cannot be read, it is left in place", [("key", object.key)])
                    continue
                }
                resource.cache.load(cached)
                if resource.kind.name == "Service" { allocator.reserve(cached.object) }
            }
            from = page.more ? page.objects.last.map { $0.key + "\0" } : nil
        } while from != nil
    }

    /// A stored value as it is served. One that another schema wrote is decoded and encoded once; its revision stays.
    func cached(_ key: String, _ value: [UInt8], _ revision: Revision, in resource: ServedResource) -> CachedObject? {
        guard let record = StoredRecord(value) else { return nil }
        let (namespace, name) = resource.split(key)
        var json = record.json(resourceVersion: revision.value)
        var (labels, fields) = (record.labels, record.fields)
        if record.fingerprint != resource.fingerprint {
            guard let decoded = try? JSONDecoder.decode(json, as: resource.kind.type) else { return nil }
            var object = decoded.object
            Defaults.apply(to: &object)
            resource.strategy.setDefaults(&object)
            json = JSONEncoder.encode(object)
            (labels, fields) = index(object, resource)
        }
        return CachedObject(
            key: key, namespace: namespace, name: name, revision: revision, json: json, type: resource.kind.type,
            labels: labels, fields: fields)
    }

    /// What selectors look at.
    func index(
        _ object: Object, _ resource: ServedResource
    ) -> (labels: [(key: String, value: String)], fields: [(key: String, value: String)]) {
        let labels = object.metadata.labels.map { (key: $0.key, value: $0.value) }
        let fields = resource.strategy.selectableFields(object).map { (key: $0.path, value: $0.value) }
        return (labels, fields)
    }

    /// Runs on the store's thread with every durable batch.
    private func observed(_ events: [StoreEvent]) {
        let byPrefix = state.withLock { $0.byPrefix }
        for event in events {
            guard let resource = Registry.resource(of: event.key, in: byPrefix) else { continue }
            switch event.kind {
            case .put:
                guard let object = cached(event.key, event.value, event.revision, in: resource) else {
                    log.error("committed object cannot be read", [("key", event.key)])
                    continue
                }
                resource.cache.put(object)
            case .delete:
                if resource.kind.name == "Service", let old = resource.cache.get(event.key) {
                    allocator.release(old.object)
                }
                resource.cache.delete(event.key, at: event.revision)
            }
        }
        guard let last = events.last else { return }
        for resource in byPrefix.values { resource.cache.advance(to: last.revision) }
    }

    /// The resource whose prefix a key has: `/registry/GROUP/PLURAL/`.
    private static func resource(of key: String, in byPrefix: [String: ServedResource]) -> ServedResource? {
        var slashes = 0
        for index in key.utf8.indices where key.utf8[index] == 47 {
            slashes += 1
            if slashes == 4 { return byPrefix[String(key[...index])] }
        }
        return nil
    }
}
