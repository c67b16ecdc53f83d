import MartinetAPI
import MartinetAPICore
import MartinetAPIServer
import MartinetBase
import MartinetClient
import MartinetSchema

/// Makes what every cluster begins with: its first namespaces, and the Service that leads to the API server.
struct Bootstrap: Sendable {
    let registry: Registry
    let settings: Settings
    /// What servers behind this one believe.
    let published: ExtensionAuthentication
    /// Where the API server listens.
    let port: Int

    private static let interval = Duration.seconds(10)

    /// Calls `done` once everything is there.
    func run(_ done: @escaping @Sendable () -> Void) {
        registry.keepServiceRanges()
        next(objects[...]) { published.publish(in: registry, done) }
    }

    /// Makes again what somebody takes away, and puts right where the server is. As upstream's API server does.
    func keep(on executor: any SerialExecutorPort) {
        executor.submit(after: Bootstrap.interval) {
            let wrong = objects.filter { object in
                guard let kind = object.type.kind else { return false }
                let metadata = object.metadata
                let name = ResourceName(kind, namespace: metadata.namespace, name: metadata.name)
                guard let stored = registry.stored(name)?.object else { return true }
                return Bootstrap.isKept(kind)
                    && ["subsets", "endpoints", "ports"].contains {
                        Bootstrap.text(stored[field: $0]) != Bootstrap.text(object[field: $0])
                    }
            }
            next(wrong[...]) { published.publish(in: registry) { keep(on: executor) } }
        }
    }

    /// Whether an object's content is the server's, and not only its being there.
    private static func isKept(_ kind: Kind) -> Bool { kind.name.hasPrefix("Endpoint") }

    private static func text(_ value: Value?) -> [UInt8] { value.map { JSONEncoder.encode($0) } ?? [] }

    private func next(_ objects: ArraySlice<Object>, _ done: @escaping @Sendable () -> Void) {
        guard let object = objects.first, let kind = object.type.kind else { return done() }
        let metadata = object.metadata
        var request = APIRequest(.create, ResourceName(kind, namespace: metadata.namespace))
        request.object = object
        registry.handle(request, as: .server) { result in
            guard case .failure(let error) = result, error.isAlreadyExists, Bootstrap.isKept(kind) else {
                return next(objects.dropFirst(), done)
            }
            // The server may have moved: its endpoints are what they are now.
            var update = APIRequest(.update, ResourceName(kind, namespace: metadata.namespace, name: metadata.name))
            update.object = object
            registry.handle(update, as: .server) { _ in next(objects.dropFirst(), done) }
        }
    }

    private var objects: [Object] {
        ["default", "kube-system", "kube-public", "kube-node-lease"].map { name in
            Namespace { $0.metadata.name = name }.object
        } + [service, endpoints, slice, tokenTracking]
    }

    /// Since when it is noted which tokens in Secrets are used: upstream's cleaner of such tokens waits for it.
    private var tokenTracking: Object {
        ConfigMap {
            $0.metadata.name = "kube-apiserver-legacy-service-account-token-tracking"
            $0.metadata.namespace = "kube-system"
            $0.data = ["since": String(registry.runtime.now().rfc3339.prefix(10))]
        }.object
    }

    private var service: Object {
        Service {
            $0.metadata.name = "kubernetes"
            $0.metadata.namespace = "default"
            $0.metadata.labels = ["component": "apiserver", "provider": "kubernetes"]
            $0.spec.clusterIP = registry.configuration.serviceNetwork.apiServer
            $0.spec.type = "ClusterIP"
            $0.spec.ports = [
                ServicePort {
                    $0.name = "https"
                    $0.port = 443
                    $0.protocol = "TCP"
                    $0.targetPort = .int(Int32(port))
                }
            ]
        }.object
    }

    private var endpoints: Object {
        Endpoints {
            $0.metadata.name = "kubernetes"
            $0.metadata.namespace = "default"
            $0.metadata.labels = ["endpointslice.kubernetes.io/skip-mirror": "true"]
            $0.subsets = [
                EndpointSubset {
                    $0.addresses = [EndpointAddress { $0.ip = settings.advertised }]
                    $0.ports = [EndpointPort { ($0.name, $0.port, $0.protocol) = ("https", Int32(port), "TCP") }]
                }
            ]
        }.object
    }

    private var slice: Object {
        EndpointSlice {
            $0.metadata.name = "kubernetes"
            $0.metadata.namespace = "default"
            $0.metadata.labels = ["kubernetes.io/service-name": "kubernetes"]
            $0.addressType = "IPv4"
            $0.endpoints = [
                Endpoint {
                    $0.addresses = [settings.advertised]
                    $0.conditions.ready = true
                }
            ]
            $0.ports = [DiscoveryEndpointPort { ($0.name, $0.port, $0.protocol) = ("https", Int32(port), "TCP") }]
        }.object
    }
}
