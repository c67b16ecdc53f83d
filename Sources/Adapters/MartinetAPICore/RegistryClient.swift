import MartinetStore
package import MartinetBase
package import MartinetClient
package import MartinetSchema
import Synchronization

/// The API for components of the same process: only TLS and encoding are left out.
package struct RegistryClient: APIClient {
    private let registry: Registry
    private let identity: Identity

    package init(registry: Registry, identity: Identity) {
        self.registry = registry
        self.identity = identity
    }

    package func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        var request = request
        if request.options.userAgent.isEmpty { request.options.userAgent = identity.program }
        send(request, tries: 0) { answer in executor.submit { completion(answer) } }
    }

    private func send(
        _ request: APIRequest, tries: Int, _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        registry.handle(request, as: identity) { result in
            if case .failure(let error) = result, tries < Authorizer.triesMax,
                registry.authorizer.settle(error, { send(request, tries: tries + 1, completion) })
            {
                return
            }
            completion(result.map(\.tree))
        }
    }

    package func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort {
        do throws(APIError) {
            let watch = try registry.watch(request, as: identity, on: executor) { events in
                for event in events { sink(RegistryClient.message(event)) }
            }
            return watch
        } catch {
            // Whoever watches comes again: by then the question is answered.
            let ended: @Sendable () -> Void = { executor.submit { sink(.ended(error)) } }
            if !registry.authorizer.settle(error, ended) { ended() }
            return EndedWatch()
        }
    }

    private static func message(_ event: WatchEvent) -> WatchMessage {
        switch event {
        case .added(let object): .added(object.object)
        case .modified(let object): .modified(object.object)
        case .deleted(let object): .deleted(object.object)
        case .bookmark(let revision, let end): .bookmark(resourceVersion: String(revision.value), initialEventsEnd: end)
        case .ended: .ended(nil)
        }
    }
}

extension RegistryWatch: WatchPort {}

private struct EndedWatch: WatchPort {
    func cancel() {}
}
