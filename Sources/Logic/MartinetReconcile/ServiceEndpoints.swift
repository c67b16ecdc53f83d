package import MartinetAPI
import MartinetClient
import MartinetSchema

/// What Endpoints and EndpointSlices say alike: which pods a Service has, and on which ports they answer.
package struct ServiceEndpoints {
    package struct Port: Hashable, Sendable {
        let name: String
        let transport: String
        let port: Int32
        let appProtocol: String?
    }

    /// A pod behind the Service and where it answers.
    package struct Backend: Sendable {
        let pod: Pod
        let ports: [Port]
        var isServing: Bool { pod.isReady }
    }

    let backends: [Backend]

    /// Pods that have ended or have no address yet are left out.
    package init(_ service: Service, pods: [Pod]) {
        backends = pods.compactMap { pod in
            guard !pod.isTerminal, !pod.status.podIP.isEmpty, service.spec.selector.isContained(in: pod.metadata.labels)
            else { return nil }
            let ports = service.spec.ports.compactMap { ServiceEndpoints.resolve($0, pod) }
            // A Service with ports of which the pod has none does not lead there; one without ports leads to the pod.
            guard !ports.isEmpty || service.spec.ports.isEmpty else { return nil }
            return Backend(pod: pod, ports: ports)
        }
    }

    private static func resolve(_ port: ServicePort, _ pod: Pod) -> Port? {
        let transport = port.protocol.isEmpty ? "TCP" : port.protocol
        func made(_ number: Int32) -> Port {
            Port(name: port.name, transport: transport, port: number, appProtocol: port.appProtocol)
        }
        switch port.targetPort ?? .int(port.port) {
        case .int(let number): return made(number == 0 ? port.port : number)
        case .string(let name):
            let sidecars = pod.spec.initContainers.filter { $0.restartPolicy == "Always" }
            for container in pod.spec.containers.map({ $0 }) + sidecars.map({ $0 }) {
                for own in container.ports
                where own.name == name && (own.protocol.isEmpty ? "TCP" : own.protocol) == transport {
                    return made(own.containerPort)
                }
            }
            return nil
        }
    }

    static func address(_ pod: Pod, family: String) -> String? {
        let all = pod.status.podIPs.isEmpty ? [pod.status.podIP] : pod.status.podIPs.map(\.ip)
        return all.first { $0.utf8.contains(58) == (family == "IPv6") }
    }

    static func hostname(_ pod: Pod, _ service: Service) -> String? {
        guard !pod.spec.hostname.isEmpty, pod.spec.subdomain == service.metadata.name else { return nil }
        return pod.spec.hostname
    }

    static func reference(_ pod: Pod) -> ObjectReference {
        ObjectReference {
            $0.kind = "Pod"
            $0.namespace = pod.metadata.namespace
            $0.name = pod.metadata.name
            $0.uid = pod.metadata.uid
        }
    }

    /// A Service whose endpoints are kept by controllers: with a selector, and not merely another name.
    package static func isManaged(_ service: Service) -> Bool {
        !service.spec.selector.isEmpty && service.spec.type != "ExternalName"
            && service.metadata.deletionTimestamp == nil
    }
}
