import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetTransport
import Synchronization

// Whether the servers of remote APIServices answer: what their Services look like is seen each second, the server itself is
// asked when that changes, every 30 seconds, and after a failure sooner.
//
// Source: upstream's remote_available_controller.
extension Aggregator {
    private static let interval = Duration.seconds(30)
    private static let attempts = 5

    private struct Verdict: Sendable {
        let status: String
        let reason: String
        let message: String
        static let passed = Verdict(status: "True", reason: "Passed", message: "all checks passed")
    }

    /// Looks at all remotes every second, as long as there are any.
    func beginLooking() {
        let first = state.withLock { state in
            defer { state.isLooking = true }
            return !state.isLooking
        }
        if first { look() }
    }

    private func look() {
        guard isNeeded, !state.withLock({ $0.isStopped }) else { return state.withLock { $0.isLooking = false } }
        let now = runtime.monotonic()
        for remote in current.remotes.values {
            let surroundings = surroundings(remote)
            let isDue = state.withLock { state in
                let changed = state.surroundings[remote.name] != surroundings
                state.surroundings[remote.name] = surroundings
                guard let check = state.checks[remote.name] else { return true }
                return !check.isUnderWay && (changed || check.due <= now)
            }
            if isDue { check(remote.name) }
        }
        executor.submit(after: .seconds(1)) { [weak self] in self?.look() }
    }

    /// What the check depends on besides the server itself.
    private func surroundings(_ remote: RemoteService) -> String {
        let place = remote.connection
        let service = registry.stored(
            ResourceName(version: "v1", plural: "services", namespace: place.namespace, name: place.service))
        let slices = registry.storedObjects(
            ResourceName(group: "discovery.k8s.io", version: "v1", plural: "endpointslices", namespace: place.namespace)
        ).map { "\($0.name)@\($0.revision.value)" }
        return "\(service?.revision.value ?? 0) \(slices.joined(separator: " "))"
    }

    /// Checks a remote now.
    func check(_ name: String) {
        guard let remote = current.remotes.values.first(where: { $0.name == name }) else { return }
        let isFree = state.withLock { state in
            var check = state.checks[name] ?? (due: .zero, failures: 0, isUnderWay: false)
            defer {
                check.isUnderWay = true
                state.checks[name] = check
            }
            return !check.isUnderWay
        }
        guard isFree else { return }
        if let refusal = serviceRefusal(remote) { return finish(remote, refusal) }
        ask(remote, attempt: 1)
    }

    /// What is wrong with the Service of a remote, before anything is sent.
    private func serviceRefusal(_ remote: RemoteService) -> Verdict? {
        let place = remote.connection
        func no(_ reason: String, _ message: String) -> Verdict {
            Verdict(status: "False", reason: reason, message: message)
        }
        let named = "service/\(place.service) in \"\(place.namespace)\""
        let key = ResourceName(version: "v1", plural: "services", namespace: place.namespace, name: place.service)
        guard let stored = registry.stored(key) else { return no("ServiceNotFound", "\(named) is not present") }
        let spec = Service(object: stored.object).spec
        guard spec.type == "ClusterIP" || spec.type.isEmpty else { return nil }
        guard let port = spec.ports.first(where: { Int($0.port) == place.port }) else {
            return no("ServicePortError", "\(named) is not listening on port \(place.port)")
        }
        let slices = registry.storedObjects(
            ResourceName(group: "discovery.k8s.io", version: "v1", plural: "endpointslices", namespace: place.namespace)
        ).filter { $0.object.metadata.labels["kubernetes.io/service-name"] == place.service }
        guard !slices.isEmpty else { return no("EndpointsNotFound", "cannot find endpointslices for \(named)") }
        let endpoint = registry.endpoint(ofService: place.service, namespace: place.namespace, port: place.port)
        guard endpoint == nil else { return nil }
        return no(
            "MissingEndpoints",
            "endpointslices for \(named) have no addresses with port name \(port.name.debugDescription)")
    }

    /// Asks the server for its discovery document; of several attempts one must succeed, as the endpoints may differ.
    private func ask(_ remote: RemoteService, attempt: Int) {
        let place = remote.connection
        guard let client = remote.client,
            let endpoint = registry.endpoint(
                ofService: place.service, namespace: place.namespace, port: place.port)
        else {
            return finish(
                remote,
                Verdict(
                    status: "False", reason: "FailedDiscoveryCheck",
                    message: "no endpoints available for service \"\(place.service)\""))
        }
        let host = endpoint.address.utf8.contains(58) ? "[\(endpoint.address)]" : endpoint.address
        let url = "https://\(host):\(endpoint.port)\(remote.root)"
        let request = ClientRequest(
            "GET", url, headers: RemoteIdentity.headers(Aggregator.own) + [("accept", "application/json")],
            timeout: .seconds(5))
        client.send(request) { [weak self] result in
            guard let self else { return }
            executor.submit { [self] in
                var why = ""
                switch result {
                case .success(let answer) where (200..<300).contains(answer.status): return finish(remote, .passed)
                case .success(let answer): why = "bad status from \(url): \(answer.status)"
                case .failure(let error): why = "\(error)"
                }
                guard attempt == Aggregator.attempts else { return ask(remote, attempt: attempt + 1) }
                finish(
                    remote,
                    Verdict(
                        status: "False", reason: "FailedDiscoveryCheck",
                        message: "failing or missing response from \(url): \(why)"))
            }
        }
    }

    /// Who asks where nobody asked us.
    static let own = Identity(user: "system:kube-aggregator", groups: ["system:masters"])

    private func finish(_ remote: RemoteService, _ verdict: Verdict) {
        let isGood = verdict.status == "True"
        let now = runtime.monotonic()
        state.withLock { state in
            let failures = isGood ? 0 : (state.checks[remote.name]?.failures ?? 0) + 1
            let pause = isGood ? Aggregator.interval : min(Aggregator.interval, .seconds(1 << min(failures, 5)))
            state.checks[remote.name] = (due: now + pause, failures: failures, isUnderWay: false)
        }
        var key = Aggregator.resource
        key.name = remote.name
        guard let stored = registry.stored(key),
            let read = RemoteService.read(stored.object), read.connection == remote.connection
        else {
            state.withLock { state in
                state.checks[remote.name] = nil
                state.surroundings[remote.name] = nil
            }
            return
        }
        report(stored.object, verdict.status, verdict.reason, verdict.message)
        if isGood { fetchDocuments(remote) }
    }
}
