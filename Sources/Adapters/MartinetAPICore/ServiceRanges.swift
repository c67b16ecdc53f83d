import MartinetAPI
import MartinetAddresses
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore

// ServiceCIDRs: each that is ready widens what Services get their addresses from, and none goes while its addresses are in
// use.
//
// Source: upstream's servicecidrs and default_servicecidr controllers (KEP-1880). There the allocator is another process, for
// which a deletion waits ten seconds; here a range is out of use as soon as its deletion is stored.
extension Registry {
    static let rangeKind = "ServiceCIDR"
    static let defaultRange = "kubernetes"
    private static let rangeFinalizer = "networking.k8s.io/service-cidr-finalizer"

    private static let rangeName = ResourceName(group: "networking.k8s.io", version: "v1", plural: "servicecidrs")
    private var rangeResource: ServedResource? { served[Registry.rangeName] }

    /// Makes what every cluster has: the default ServiceCIDR, and IPAddresses for Services of older stores.
    package func keepServiceRanges() {
        waiting.submit { [weak self] in
            guard let self else { return }
            makeDefaultRange()
            restoreAddresses()
            for range in storedObjects(Registry.rangeName) { keepRange(range.name) }
        }
    }

    private func makeDefaultRange() {
        guard let resource = rangeResource,
            resource.cache.get(resource.key(namespace: nil, name: Registry.defaultRange)) == nil
        else { return }
        var object = Object(type: resource.kind.type)
        object.metadata.name = Registry.defaultRange
        object[field: "spec"] = object.made("spec") { spec in
            spec[field: "cidrs"] = .list(configuration.serviceNetwork.ranges.map { .string($0.description) })
        }
        handle(APIRequest(.create, Registry.rangeName, object: object), as: .server) { [log] result in
            guard case .failure(let error) = result, !error.isAlreadyExists else { return }
            log.error("the default ServiceCIDR cannot be made", [("error", error.message)])
        }
    }

    /// Follows a ServiceCIDR. Runs on the store's thread, or before the registry is used.
    func rangeChanged(_ name: String) {
        let ranges = storedObjects(Registry.rangeName).map(\.object)
        let usable = ranges.filter { $0.metadata.deletionTimestamp == nil && Registry.isReady($0) }
        let isLeaving = ranges.contains { $0.metadata.deletionTimestamp != nil }
        allocator.setRanges(usable.flatMap(Registry.networks), isLeaving: isLeaving)
        waiting.submit { [weak self] in self?.keepRange(name) }
    }

    /// Addresses have become free: what waited for that may go.
    func addressesReleased() {
        guard allocator.isLeaving else { return }
        waiting.submit { [weak self] in
            guard let self else { return }
            for range in storedObjects(Registry.rangeName) where range.object.metadata.deletionTimestamp != nil {
                keepRange(range.name)
            }
        }
    }

    private static func isReady(_ object: Object) -> Bool {
        object.part("status")?.parts("conditions").contains {
            $0.text("type") == "Ready" && $0.text("status") == "True"
        } ?? false
    }

    private static func networks(_ object: Object) -> [IPNetwork] {
        guard case .list(let values)? = object.part("spec")?[field: "cidrs"] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { IPNetwork(text) } else { nil } }
    }

    /// Gives a ServiceCIDR its finalizer and condition, or lets it go.
    private func keepRange(_ name: String) {
        guard let resource = rangeResource else { return }
        guard let current = resource.cache.get(resource.key(namespace: nil, name: name)) else {
            if name == Registry.defaultRange { makeDefaultRange() }
            return
        }
        var object = current.object
        var metadata = object.metadata
        let isGoing = metadata.deletionTimestamp != nil
        let mayGo = isGoing && isFree(object)
        if mayGo {
            metadata.finalizers.removeAll { $0 == Registry.rangeFinalizer }
        } else if !isGoing, !metadata.finalizers.contains(Registry.rangeFinalizer) {
            metadata.finalizers.append(Registry.rangeFinalizer)
        }
        object.metadata = metadata
        if !mayGo { setReady(&object, isReady: !isGoing, name) }
        guard object != current.object else { return }
        let again: Completion = { [weak self] result in
            guard case .failure(let error) = result, error.isConflict else { return }
            self?.waiting.submit { [weak self] in self?.keepRange(name) }
        }
        if isDone(object, resource) {
            return remove(current, APIRequest(.update, Registry.rangeName), resource, answering: nil, again)
        }
        // A ServiceCIDR is stored in a version of the program's own: nobody outside is asked for it.
        guard let bytes = try? encode(object, resource) else { return }
        write(.update(current.key, bytes, modified: current.revision), current.key, resource, again)
    }

    private func setReady(_ object: inout Object, isReady: Bool, _ name: String) {
        let status = isReady ? "True" : "False"
        let message =
            isReady
            ? "Kubernetes \(name == Registry.defaultRange ? "default " : "")Service CIDR is ready"
            : "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
        let now = runtime.now().seconds
        object.change("status") { target in
            let all = target.parts("conditions")
            let old = all.first { $0.text("type") == "Ready" }
            if let old, old.text("status") == status { return }
            guard let type = target.type.field(named: "conditions")?.type else { return }
            var condition = Object(type: type)
            condition[field: "type"] = .string("Ready")
            condition[field: "status"] = .string(status)
            condition[field: "reason"] = .string(isReady ? "" : "Terminating")
            condition[field: "message"] = .string(message)
            condition[field: "lastTransitionTime"] = .int(now)
            target[field: "conditions"] = .list(
                (all.filter { $0.text("type") != "Ready" } + [condition]).map(Value.object))
        }
    }

    /// Whether every address of a ServiceCIDR that is in use lies in another one too.
    private func isFree(_ object: Object) -> Bool {
        let own = Registry.networks(object)
        let others = storedObjects(Registry.rangeName).filter { $0.name != object.metadata.name }
            .flatMap { Registry.networks($0.object) }
        return !allocator.holdsAny { address in
            own.contains { $0.contains(address) } && !others.contains { $0.contains(address) }
        }
    }
}
