import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetEngine
import MartinetSchema
import Synchronization

/// The ConfigMaps, Secrets, tokens and Services that pods of this node are configured from, kept up to date for as long
/// as a pod needs them and no longer.
final class ContentStore: Sendable {
    private struct Entry<V: View>: Sendable {
        var watch: ObjectWatch<V>?
        var object: V?
        var isSynced = false
        var users: Set<String> = []
    }

    private struct Token: Sendable {
        var text: String
        var expires: Timestamp
    }

    private struct User: Sendable {
        var pod: Pod
        var references: ContentReferences
        var tokens: [PodContent.TokenKey: Token] = [:]
        var isReady = false
        let onReady: @Sendable () -> Void
        let onChange: @Sendable () -> Void
        let onTrouble: @Sendable (String) -> Void
    }

    private struct State {
        var configMaps: [String: Entry<ConfigMap>] = [:]
        var secrets: [String: Entry<Secret>] = [:]
        var services: [String: Service] = [:]
        var servicesSynced = false
        var users: [String: User] = [:]
    }

    private let client: any APIClient
    private let runtime: any Runtime
    private let log: Log
    private let executor: any SerialExecutorPort
    private let state = Mutex(State())
    private let serviceWatch = Mutex<ObjectWatch<Service>?>(nil)

    init(client: any APIClient, runtime: any Runtime, log: Log) {
        self.client = client
        self.runtime = runtime
        self.log = log
        executor = runtime.executor(named: "martinet.kubelet.content")
    }

    func start() {
        let watch = ObjectWatch<Service>(
            ResourceName(version: "v1", plural: "services"), client: client, on: executor,
            key: { "\($0.metadata.namespace)/\($0.metadata.name)" }
        ) { [weak self] change in
            guard let self else { return }
            state.withLock { state in
                switch change {
                case .changed(let service):
                    state.services["\(service.metadata.namespace)/\(service.metadata.name)"] = service
                case .gone(let service):
                    state.services["\(service.metadata.namespace)/\(service.metadata.name)"] = nil
                case .synced: state.servicesSynced = true
                }
            }
            if case .synced = change { checkReady() }
        }
        serviceWatch.withLock { $0 = watch }
        watch.start()
    }

    func stop() {
        serviceWatch.withLock { $0 }?.stop()
        let users = state.withLock { Array($0.users.keys) }
        for uid in users { release(uid) }
    }

    /// Begins to follow what a pod needs. `onReady` runs once, when all is known (to be there or not); `onChange` after.
    func follow(
        _ pod: Pod, onReady: @escaping @Sendable () -> Void, onChange: @escaping @Sendable () -> Void,
        onTrouble: @escaping @Sendable (String) -> Void
    ) {
        let uid = pod.metadata.uid
        let namespace = pod.metadata.namespace
        let references = ContentReferences(pod)
        var configMaps: [ObjectWatch<ConfigMap>] = []
        var secrets: [ObjectWatch<Secret>] = []
        state.withLock { state in
            state.users[uid] = User(
                pod: pod, references: references, onReady: onReady, onChange: onChange,
                onTrouble: onTrouble)
            for name in references.configMaps {
                let key = "\(namespace)/\(name)"
                if state.configMaps[key] == nil {
                    let watch = watchConfigMap(key, namespace, name)
                    state.configMaps[key] = Entry(watch: watch)
                    configMaps.append(watch)
                }
                state.configMaps[key]?.users.insert(uid)
            }
            for name in references.secrets {
                let key = "\(namespace)/\(name)"
                if state.secrets[key] == nil {
                    let watch = watchSecret(key, namespace, name)
                    state.secrets[key] = Entry(watch: watch)
                    secrets.append(watch)
                }
                state.secrets[key]?.users.insert(uid)
            }
        }
        for watch in configMaps { watch.start() }
        for watch in secrets { watch.start() }
        for token in references.tokens { request(token, for: uid, pod, delay: .milliseconds(500)) }
        executor.submit { self.checkReady() }
    }

    func release(_ uid: String) {
        let ended = state.withLock { state in
            state.users[uid] = nil
            var ended: [@Sendable () -> Void] = []
            for (key, entry) in state.configMaps where entry.users.contains(uid) {
                state.configMaps[key]?.users.remove(uid)
                if entry.users.count == 1, let watch = state.configMaps.removeValue(forKey: key)?.watch {
                    ended.append { watch.stop() }
                }
            }
            for (key, entry) in state.secrets where entry.users.contains(uid) {
                state.secrets[key]?.users.remove(uid)
                if entry.users.count == 1, let watch = state.secrets.removeValue(forKey: key)?.watch {
                    ended.append { watch.stop() }
                }
            }
            return ended
        }
        for end in ended { end() }
    }

    func content(of pod: Pod) -> PodContent {
        state.withLock { state in
            var content = PodContent()
            let namespace = pod.metadata.namespace
            guard let user = state.users[pod.metadata.uid] else { return content }
            for name in user.references.configMaps {
                content.configMaps[name] = state.configMaps["\(namespace)/\(name)"]?.object
            }
            for name in user.references.secrets {
                content.secrets[name] = state.secrets["\(namespace)/\(name)"]?.object
            }
            content.tokens = user.tokens.mapValues(\.text)
            content.services = state.services.values.filter { $0.metadata.namespace == namespace || $0.isOfAPI }.sorted
            {
                $0.metadata.name < $1.metadata.name
            }
            return content
        }
    }

    // MARK: - following

    private func watchConfigMap(_ key: String, _ namespace: String, _ name: String) -> ObjectWatch<ConfigMap> {
        ObjectWatch(
            ResourceName(version: "v1", plural: "configmaps", namespace: namespace),
            fieldSelector: "metadata.name=\(name)", client: client, on: executor, key: { $0.metadata.name }
        ) { [weak self] change in
            guard let self else { return }
            let users = state.withLock { state -> Set<String> in
                switch change {
                case .changed(let object): state.configMaps[key]?.object = object
                case .gone: state.configMaps[key]?.object = nil
                case .synced: state.configMaps[key]?.isSynced = true
                }
                return state.configMaps[key]?.users ?? []
            }
            changed(users)
        }
    }

    private func watchSecret(_ key: String, _ namespace: String, _ name: String) -> ObjectWatch<Secret> {
        ObjectWatch(
            ResourceName(version: "v1", plural: "secrets", namespace: namespace),
            fieldSelector: "metadata.name=\(name)", client: client, on: executor, key: { $0.metadata.name }
        ) { [weak self] change in
            guard let self else { return }
            let users = state.withLock { state -> Set<String> in
                switch change {
                case .changed(let object): state.secrets[key]?.object = object
                case .gone: state.secrets[key]?.object = nil
                case .synced: state.secrets[key]?.isSynced = true
                }
                return state.secrets[key]?.users ?? []
            }
            changed(users)
        }
    }

    private func changed(_ users: Set<String>) {
        let calls = state.withLock { state in users.compactMap { state.users[$0] }.filter(\.isReady).map(\.onChange) }
        for call in calls { call() }
        checkReady()
    }

    private func checkReady() {
        let calls: [@Sendable () -> Void] = state.withLock { state in
            guard state.servicesSynced else { return [] }
            var calls: [@Sendable () -> Void] = []
            for (uid, user) in state.users where !user.isReady {
                let namespace = user.pod.metadata.namespace
                guard
                    user.references.configMaps.allSatisfy({ state.configMaps["\(namespace)/\($0)"]?.isSynced == true }),
                    user.references.secrets.allSatisfy({ state.secrets["\(namespace)/\($0)"]?.isSynced == true }),
                    user.references.tokens.allSatisfy({ user.tokens[$0] != nil })
                else { continue }
                state.users[uid]?.isReady = true
                calls.append(user.onReady)
            }
            return calls
        }
        for call in calls { call() }
    }

    // MARK: - tokens

    private func request(_ key: PodContent.TokenKey, for uid: String, _ pod: Pod, delay: Duration) {
        let body = TokenRequest {
            $0.spec.audiences = key.audience.isEmpty ? [] : [key.audience]
            $0.spec.expirationSeconds = key.expiration
            $0.spec.boundObjectRef = BoundObjectReference {
                $0.kind = "Pod"
                $0.apiVersion = "v1"
                $0.name = pod.metadata.name
                $0.uid = uid
            }
        }
        let account = pod.spec.serviceAccountName.isEmpty ? "default" : pod.spec.serviceAccountName
        let request = APIRequest(
            .create,
            ResourceName(
                version: "v1", plural: "serviceaccounts", namespace: pod.metadata.namespace, name: account,
                subresource: "token"), object: body.object)
        client.send(request, on: executor) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let object): received(TokenRequest(object: object), key, uid, pod)
            case .failure(let error):
                log.warning("no token for a pod", [("pod.uid", uid), ("error", error.message)])
                state.withLock { $0.users[uid]?.onTrouble }?("failed to fetch token: \(error.message)")
                again(key, uid, pod, after: delay, next: min(delay * 2, .seconds(30)))
            }
        }
    }

    private func received(_ answer: TokenRequest, _ key: PodContent.TokenKey, _ uid: String, _ pod: Pod) {
        let now = runtime.now()
        let expires = answer.status.expirationTimestamp ?? now.advanced(by: .seconds(key.expiration))
        let isUsed = state.withLock { state in
            state.users[uid]?.tokens[key] = Token(text: answer.status.token, expires: expires)
            return state.users[uid] != nil
        }
        guard isUsed else { return }
        changed([uid])
        // At four fifths of its life, as upstream's kubelet renews them.
        let left = max(.seconds(10), expires.duration(since: now))
        again(key, uid, pod, after: left * 4 / 5, next: .milliseconds(500))
    }

    private func again(_ key: PodContent.TokenKey, _ uid: String, _ pod: Pod, after: Duration, next: Duration) {
        executor.submit(after: after) { [weak self] in
            guard let self, state.withLock({ $0.users[uid] != nil }) else { return }
            request(key, for: uid, pod, delay: next)
        }
    }
}
