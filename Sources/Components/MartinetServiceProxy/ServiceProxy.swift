import MartinetAPI
import MartinetAddresses
import MartinetBase
package import MartinetClient
package import MartinetNameAnswers
import MartinetSchema
package import MartinetServiceRules

/// What a change of Services and their endpoints means for a node: rules for packets, and names.
package protocol ServicePlane: Sendable {
    /// Sets or, with nil, removes Services by name.
    func apply(_ changes: [(name: String, service: ServiceInput?)])
    /// Replaces all names.
    func update(_ services: [NamedService])
}

/// Watches Services and EndpointSlices and keeps a node's firewall and name server equal to them.
package struct ServiceProxy: Component {
    package let name = "service-proxy"
    package let watches = [WatchedResource(Service.self), WatchedResource(EndpointSlice.self)]
    private let node: String
    private let plane: any ServicePlane
    private var applied: [ObjectKey: ServiceInput] = [:]
    private var pending: Set<ObjectKey> = []
    private var isSynced = false
    private static let flush: UInt64 = 1

    package init(node: String, plane: any ServicePlane) {
        self.node = node
        self.plane = plane
    }

    package mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction] {
        switch event {
        case .started, .reply: return []
        case .changed(let change):
            guard let object = change.new ?? change.old else { return [] }
            pending.insert(ServiceProxy.key(of: object))
            // What changes together is applied together.
            return isSynced && pending.count == 1
                ? [.startTimer(token: ServiceProxy.flush, after: .milliseconds(5))] : []
        case .synced, .resync:
            isSynced = true
            pending.formUnion(applied.keys)
            for service in context.cache.list(Service.self) { pending.insert(ServiceProxy.key(of: service.object)) }
            apply(context.cache)
            return []
        case .timer:
            apply(context.cache)
            return []
        }
    }

    /// The Service that an object is about: itself, or the one that a slice belongs to.
    private static func key(of object: MartinetSchema.Object) -> ObjectKey {
        let metadata = object.metadata
        guard object.type == EndpointSlice.type else {
            return ObjectKey(namespace: metadata.namespace, name: metadata.name)
        }
        return ObjectKey(namespace: metadata.namespace, name: metadata.labels["kubernetes.io/service-name"] ?? "")
    }

    private mutating func apply(_ cache: ObjectCache) {
        var slices: [ObjectKey: [EndpointSlice]] = [:]
        for slice in cache.list(EndpointSlice.self) where slice.addressType == "IPv4" {
            slices[ServiceProxy.key(of: slice.object), default: []].append(slice)
        }
        var changes: [(name: String, service: ServiceInput?)] = []
        for key in pending.sorted(by: { ($0.namespace, $0.name) < ($1.namespace, $1.name) }) {
            let service = cache.get(Service.self, key)
            let input = service.flatMap { ServiceTranslation.input($0, slices[key] ?? [], node: node) }
            guard input != applied[key] else { continue }
            applied[key] = input
            changes.append(("\(key.namespace)/\(key.name)", input))
        }
        pending = []
        if !changes.isEmpty { plane.apply(changes) }
        let services = cache.list(Service.self)
        plane.update(
            services.compactMap { ServiceTranslation.named($0, slices[ServiceProxy.key(of: $0.object)] ?? []) })
    }
}
