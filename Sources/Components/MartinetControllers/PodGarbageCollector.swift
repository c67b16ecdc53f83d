import MartinetAPI
import MartinetBase
package import MartinetClient
import MartinetReconcile
import MartinetSchema

/// Sweeps the pods every 20 seconds.
package struct PodGarbageCollector: Reconciler {
    // One sweep for all pods.
    private static let sweep = ObjectKey(namespace: "", name: "sweep")
    private var absentSince: [String: Duration] = [:]

    package init() {}

    package var name: String { "pod-garbage-collector" }
    package var watches: [WatchedResource] { [WatchedResource(Pod.self), WatchedResource(Node.self)] }
    package func allKeys(_ cache: ObjectCache) -> [ObjectKey] { [PodGarbageCollector.sweep] }

    package func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey] {
        change.isOf(Node.self) && change.new == nil ? [PodGarbageCollector.sweep] : []
    }

    package mutating func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan {
        let pods = context.cache.list(Pod.self)
        var absent: [String: Duration] = [:]
        for pod in pods where !pod.spec.nodeName.isEmpty {
            let node = pod.spec.nodeName
            guard context.cache.get(Node.self, ObjectKey(namespace: "", name: node)) == nil else { continue }
            absent[node] = absentSince[node] ?? context.monotonic
        }
        absentSince = absent
        return PodGarbagePlanner.plan(pods) { node in absent[node].map { context.monotonic - $0 } }
    }
}
