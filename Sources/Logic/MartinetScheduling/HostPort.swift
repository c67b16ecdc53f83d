package import MartinetAPI
import MartinetSchema

/// A port of the node that a container takes.
package struct HostPort: Hashable, Sendable {
    let address: String
    let transport: String
    let port: Int32

    package static func ports(of pod: Pod) -> [HostPort] {
        let sidecars = pod.spec.initContainers.filter { $0.restartPolicy == "Always" }
        return (sidecars.map { $0 } + pod.spec.containers.map { $0 }).flatMap { container in
            container.ports.compactMap { port in
                let number = port.hostPort != 0 ? port.hostPort : (pod.spec.hostNetwork ? port.containerPort : 0)
                guard number > 0 else { return nil }
                return HostPort(
                    address: port.hostIP.isEmpty ? "0.0.0.0" : port.hostIP,
                    transport: port.`protocol`.isEmpty ? "TCP" : port.`protocol`, port: number)
            }
        }
    }

    func conflicts(with other: HostPort) -> Bool {
        guard port == other.port, transport == other.transport else { return false }
        return address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0"
    }
}
