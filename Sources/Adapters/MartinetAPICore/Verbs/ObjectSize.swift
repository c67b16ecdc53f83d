import MartinetClient
import MartinetSchema
import MartinetStore

extension Registry {
    /// How large an object may be that is stored: 1.5 MiB, etcd's default for a request. Clients and their authors rely on
    /// it, and so do the caches and watches that hold every object.
    private static let objectBytesMax = 1_572_864

    /// Why a write is too large for the store; nil where it is not. Upstream counts what it stores, which is protobuf for
    /// the kinds that have one.
    func sizeRefusal(_ transaction: Transaction, _ resource: ServedResource) -> APIError? {
        for case .put(let key, let value, _) in transaction.operations where value.count > Registry.objectBytesMax {
            var size = value.count
            if !resource.kind.protobufPackage.isEmpty, let object = cached(key, value, .none, in: resource) {
                size = object.protobuf.count
            }
            if size > Registry.objectBytesMax { return .tooLarge(Registry.objectBytesMax) }
        }
        return nil
    }
}
