import MartinetBase
import MartinetAPI
package import MartinetAPICore
import MartinetClient
import MartinetSchema
import Synchronization

/// Looks at what is stored, once there is a registry: who checks tokens is there before it.
package final class StoredObjects: Sendable {
    private struct Reference { weak var registry: Registry? }
    private let reference = Mutex(Reference())

    package init() {}

    package func follow(_ registry: Registry) { reference.withLock { $0.registry = registry } }

    var registry: Registry? { reference.withLock { $0.registry } }

    /// An object of the core group; nil where there is none of that name.
    func find(_ plural: String, namespace: String? = nil, _ name: String) -> Object? {
        registry?.stored(ResourceName(version: "v1", plural: plural, namespace: namespace, name: name))?.object
    }
}

extension Object {
    /// Whether it is being deleted, for so long that nobody can still rely on it.
    func isGone(now seconds: Int64, leeway: Int64 = 60) -> Bool {
        guard let since = metadata.deletionTimestamp else { return false }
        return since.seconds < seconds - leeway
    }
}
