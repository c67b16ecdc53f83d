import MartinetAPI
import MartinetAddresses
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetStrategies

// The IPAddress objects of Services: each cluster address has one, written and removed in the transaction of its Service.
//
// Source: upstream's ipallocator (KEP-1880).
extension Registry {
    static let addressKind = "IPAddress"
    private static let familyLabel = "ipaddress.kubernetes.io/ip-family"
    private static let managerLabel = "ipaddress.kubernetes.io/managed-by"
    private static let manager = "ipallocator.k8s.io"

    private var addressResource: ServedResource? {
        served[ResourceName(group: "networking.k8s.io", version: "v1", plural: "ipaddresses")]
    }

    /// A transaction that writes or deletes a Service, with what that means for its IPAddresses.
    ///
    /// - Parameters:
    ///   - object: the Service as it will be; nil where it goes.
    ///   - old: as it is stored; nil where it is new.
    func withAddresses(
        _ transaction: Transaction, _ object: Object?, old: Object?, _ resource: ServedResource
    ) -> Transaction {
        guard resource.kind.name == "Service", resource.kind.group.isEmpty, let own = addressResource else {
            return transaction
        }
        let held = Registry.addresses(old)
        let wanted = Registry.addresses(object)
        guard held != wanted else { return transaction }
        var result = transaction
        for address in held.subtracting(wanted) {
            let key = own.key(namespace: nil, name: address.description)
            if let stored = own.cache.get(key), let old, isOf(stored.object, old) {
                result.operations.append(.delete(key: key))
            }
        }
        guard let object else { return result }
        for address in wanted.subtracting(held) {
            let key = own.key(namespace: nil, name: address.description)
            // An object that is there already and is this Service's stays.
            if let stored = own.cache.get(key), isOf(stored.object, object) { continue }
            // Only what a webhook converts can fail to be encoded.
            guard let value = try? encode(addressObject(address, object, own), own) else { continue }
            result.conditions.append(.init(key: key, modified: .none))
            result.operations.append(.put(key: key, value: value))
        }
        return result
    }

    private static func addresses(_ object: Object?) -> Set<IPAddress> {
        guard let object else { return [] }
        return Set(Service(object: object).spec.clusterIPs.compactMap { IPAddress($0) })
    }

    /// Whether an IPAddress says that it is a Service's.
    private func isOf(_ address: Object, _ service: Object) -> Bool {
        guard let parent = address.part("spec")?.part("parentRef") else { return false }
        return parent.text("resource") == "services" && parent.text("group").isEmpty
            && parent.text("namespace") == service.metadata.namespace && parent.text("name") == service.metadata.name
    }

    private func addressObject(_ address: IPAddress, _ service: Object, _ resource: ServedResource) -> Object {
        var object = Object(type: resource.kind.type)
        var metadata = object.metadata
        metadata.name = address.description
        metadata.uid = runtime.uid()
        metadata.creationTimestamp = runtime.now()
        metadata.labels = [
            Registry.familyLabel: ServiceNetwork.name(address.family), Registry.managerLabel: Registry.manager,
        ]
        if resource.strategy.hasGeneration { metadata.generation = 1 }
        object.metadata = metadata
        object[field: "spec"] = object.made("spec") { spec in
            spec[field: "parentRef"] = spec.made("parentRef") { parent in
                parent[field: "resource"] = .string("services")
                parent[field: "namespace"] = .string(service.metadata.namespace)
                parent[field: "name"] = .string(service.metadata.name)
            }
        }
        return object
    }

    // MARK: - Following the store

    /// Another one's IPAddress takes its address away from Services. Runs on the store's thread, or before the registry is
    /// used.
    func addressChanged(_ object: Object) {
        guard let address = IPAddress(object.metadata.name) else { return }
        let parent = object.part("spec")?.part("parentRef")
        let isService = parent?.text("resource") == "services" && parent?.text("group").isEmpty == true
        allocator.setForeign(address, isForeign: !isService)
    }

    /// The IPAddress of a Service that is still there comes back.
    func addressRemoved(_ object: Object) {
        guard let address = IPAddress(object.metadata.name) else { return }
        allocator.setForeign(address, isForeign: false)
        guard let parent = object.part("spec")?.part("parentRef"), parent.text("resource") == "services" else { return }
        let name = ResourceName(
            version: "v1", plural: "services", namespace: parent.text("namespace"), name: parent.text("name"))
        waiting.submit { [weak self] in self?.restoreAddresses(of: name) }
    }

    private func restoreAddresses(of name: ResourceName) {
        guard let service = stored(name), let resource = served[name], service.object.metadata.deletionTimestamp == nil
        else { return }
        let made = withAddresses(Transaction(operations: []), service.object, old: nil, resource)
        guard !made.operations.isEmpty else { return }
        store.commit(made) { _ in }
    }

    /// Makes the IPAddresses of Services that were written before there were any.
    func restoreAddresses() {
        for service in storedObjects(ResourceName(version: "v1", plural: "services")) {
            restoreAddresses(
                of: ResourceName(
                    version: "v1", plural: "services", namespace: service.namespace, name: service.name))
        }
    }
}
