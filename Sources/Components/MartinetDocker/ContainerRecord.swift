import MartinetAddresses
import MartinetServiceRules

/// What is kept of a container of `docker run`, in `docker.json` of its folder. New fields must be optional.
struct ContainerRecord: Codable, Sendable {
    var version = 1
    /// 64 hexadecimal digits; also the pod's uid to the engine.
    var id: String
    var name: String
    /// As it was typed, and the digest of its configuration.
    var image: String
    var imageID: String
    var options: RunOptions
    /// Nanoseconds since 1970.
    var created: Int64
    /// The engine's id of its process; nil until it has been started.
    var task: String?
    var address: String?
    /// Somebody stopped it: it is not started again.
    var isStopped = false
    /// How often it was started again.
    var restarts = 0

    var shortID: String { String(id.prefix(12)) }
    var command: [String] { options.command }

    /// What its ports are to the firewall.
    var published: [ServiceInput] {
        guard let address = address.flatMap({ IPAddress($0) }), !options.ports.isEmpty else { return [] }
        return ServiceInput.hostPorts(
            owner: id, pod: address,
            options.ports.compactMap { port in
                guard let host = port.host else { return nil }
                let kind: TransportProtocol = ["udp": .udp, "sctp": .sctp][port.transport] ?? .tcp
                let only = port.address.flatMap { $0 == "0.0.0.0" ? nil : IPAddress($0) }
                return (kind, host, port.container, only)
            })
    }
}
