import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

/// Keeps the API's mirrors of static pods: there while the pod is, made anew when somebody deletes one.
final class MirrorKeeper: Sendable {
    private struct State {
        var pods: [String: Pod] = [:]
        /// The hash that a mirror has, by `namespace/name`.
        var mirrors: [String: Pod] = [:]
    }

    private let client: any APIClient
    private let executor: any SerialExecutorPort
    private let nodeName: String
    private let log: Log
    private let state = Mutex(State())

    init(context: WorkerContext, executor: any SerialExecutorPort) {
        client = context.client
        nodeName = context.configuration.nodeName
        log = context.log
        self.executor = executor
    }

    private static func key(_ pod: Pod) -> String { "\(pod.metadata.namespace)/\(pod.metadata.name)" }

    /// Which static pods there are.
    func set(_ pods: [String: Pod]) {
        let keyed = Dictionary(pods.values.map { (MirrorKeeper.key($0), $0) }) { $1 }
        let before = state.withLock { state in
            defer { state.pods = keyed }
            return Set(state.pods.keys).union(state.mirrors.keys)
        }
        for key in before.union(keyed.keys).sorted() { settle(key) }
    }

    func seen(_ mirror: Pod) {
        state.withLock { $0.mirrors[MirrorKeeper.key(mirror)] = mirror }
        settle(MirrorKeeper.key(mirror))
    }

    func gone(_ mirror: Pod) {
        state.withLock { $0.mirrors[MirrorKeeper.key(mirror)] = nil }
        settle(MirrorKeeper.key(mirror))
    }

    private func settle(_ key: String) {
        let (pod, mirror) = state.withLock { ($0.pods[key], $0.mirrors[key]) }
        if let mirror {
            let hash = mirror.metadata.annotations[StaticManifest.mirrorAnnotation]
            if pod == nil || hash != pod?.metadata.annotations[StaticManifest.hashAnnotation]
                || mirror.metadata.deletionTimestamp != nil
            {
                delete(mirror)
            }
        } else if let pod {
            create(pod, key)
        }
    }

    private func create(_ pod: Pod, _ key: String) {
        let get = APIRequest(.get, ResourceName(version: "v1", plural: "nodes", name: nodeName))
        client.send(get, on: executor) { result in
            // Its owner is the node: a mirror without one would outlive it. The node may be registered a moment later.
            guard let node = try? result.map(Node.init(object:)).get() else {
                self.executor.submit(after: .milliseconds(200)) { self.settle(key) }
                return
            }
            let mirror = StaticManifest.mirror(of: pod, node: node)
            let request = APIRequest(
                .create, ResourceName(version: "v1", plural: "pods", namespace: pod.metadata.namespace),
                object: mirror.object)
            self.client.send(request, on: self.executor) { result in
                guard case .failure(let error) = result, !error.isAlreadyExists else { return }
                self.log.warning("a static pod has no mirror yet", [("pod", key), ("error", error.message)])
                self.executor.submit(after: .seconds(1)) { self.settle(key) }
            }
        }
    }

    private func delete(_ mirror: Pod) {
        var options = DeleteOptions()
        options.gracePeriodSeconds = 0
        options.preconditions = Preconditions { $0.uid = mirror.metadata.uid }
        let request = APIRequest(
            .delete,
            ResourceName(
                version: "v1", plural: "pods", namespace: mirror.metadata.namespace, name: mirror.metadata.name),
            object: options.object)
        client.send(request, on: executor) { result in
            guard case .failure(let error) = result, !error.isNotFound, !error.isConflict else { return }
            self.executor.submit(after: .seconds(1)) { self.settle(MirrorKeeper.key(mirror)) }
        }
    }
}
