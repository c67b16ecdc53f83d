import MartinetClient
import MartinetSchema
import MartinetTransport

/// A group and version that another server serves, as its APIService says.
struct RemoteService: Sendable {
    /// What a connection depends on: where it is the same, the connections are kept.
    struct Connection: Hashable {
        let namespace: String
        let service: String
        let port: Int
        let authorities: [UInt8]
        let trustsAnybody: Bool
    }

    /// `v1.example.org`
    let name: String
    let group: String
    let version: String
    let connection: Connection
    let priorities: (group: Int, version: Int)
    let isAvailable: Bool
    /// Nil where its certificates cannot be used.
    let client: HTTPClient?

    var groupVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// What its paths begin with, without a slash at the end.
    var root: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }

    /// What an APIService says of a remote server; nil for what is served here.
    static func read(_ object: Object) -> (connection: Connection, group: String, version: String)? {
        guard let spec = object.part("spec"), let service = spec.part("service") else { return nil }
        var authorities: [UInt8] = []
        if case .bytes(let bytes)? = spec[field: "caBundle"] { authorities = bytes }
        let port = service.number("port") ?? 443
        return (
            Connection(
                namespace: service.text("namespace"), service: service.text("name"), port: port,
                authorities: authorities, trustsAnybody: spec[field: "insecureSkipTLSVerify"] == .bool(true)),
            spec.text("group"), spec.text("version")
        )
    }
}

extension Object {
    func number(_ name: String) -> Int? {
        if case .int(let number)? = self[field: name] { Int(clamping: number) } else { nil }
    }

    /// The condition `Available` of an APIService.
    var available: (status: String, reason: String, message: String)? {
        let condition = part("status")?.parts("conditions").first { $0.text("type") == "Available" }
        return condition.map { ($0.text("status"), $0.text("reason"), $0.text("message")) }
    }

    /// The priorities that an APIService asks for.
    var servicePriorities: (group: Int, version: Int) {
        let spec = part("spec")
        return (spec?.number("groupPriorityMinimum") ?? 0, spec?.number("versionPriority") ?? 0)
    }
}
