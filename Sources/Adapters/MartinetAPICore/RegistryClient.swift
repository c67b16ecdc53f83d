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
        registry.handle(request, as: identity) { result in
            let answer = result.map(\.tree)
            executor.submit { completion(answer) }
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
            executor.submit { sink(.ended(error)) }
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
