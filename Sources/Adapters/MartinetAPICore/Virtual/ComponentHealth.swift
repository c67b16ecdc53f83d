package import MartinetStore

/// How the parts of the control plane are, for the old list of component statuses.
package protocol ComponentHealth: Sendable {
    func states(of store: any ObjectStore) -> [ComponentState]
}

package struct ComponentState: Sendable {
    package let name: String
    package let isHealthy: Bool
    /// What it said, or why it could not be asked.
    package let message: String

    package init(name: String, isHealthy: Bool, message: String) {
        self.name = name
        self.isHealthy = isHealthy
        self.message = message
    }
}

/// What the API server knows by itself: whether its store answers.
package struct StoreHealth: ComponentHealth {
    package init() {}

    package func states(of store: any ObjectStore) -> [ComponentState] {
        do throws(StoreError) {
            _ = try store.range(prefix: "/registry/core/namespaces/", from: nil, limit: 1, at: nil)
            return [ComponentState(name: "etcd-0", isHealthy: true, message: "ok")]
        } catch {
            return [ComponentState(name: "etcd-0", isHealthy: false, message: error.message)]
        }
    }
}
