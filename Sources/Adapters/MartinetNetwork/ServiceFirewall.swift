import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
package import MartinetServiceRules
import Synchronization

/// The services of a node in the kernel: one nftables table per family, changed by what changed.
///
/// Calls block for as long as the kernel works and are serial; the lock is held over these system calls on purpose, as
/// the table is the state that it guards.
package final class ServiceFirewall: Sendable {
    /// What a change took.
    package struct Cost: Hashable, Sendable {
        package var operations = 0
        package var bytes = 0
        /// Connections that were ended because their endpoint is gone.
        package var forgotten = 0

        package init() {}
    }

    private struct State: ~Copyable {
        var socket: NetlinkSocket
        var rules: ServiceRules
        /// Whether the kernel has what `rules` says.
        var isInStep: Bool
    }

    private let table: ServiceTable
    private let family: IPFamily
    private let state: Mutex<State>

    /// Makes the table without services, in the place of what an earlier process left.
    ///
    /// For a start without a gap in service use `init(_:services:)`.
    package convenience init(_ configuration: NodeNetworkConfiguration) throws {
        try self.init(configuration, services: [])
    }

    /// Makes the table with `services` in one transaction, in the place of what an earlier process left: connections
    /// go on, and no packet meets a table without its services.
    package init(_ configuration: NodeNetworkConfiguration, services: [ServiceInput]) throws {
        table = ServiceTable(
            ServiceTable.Configuration(
                name: configuration.name, bridge: configuration.bridge, podRange: configuration.podRange,
                clusterRange: configuration.clusterRange, serviceRange: configuration.serviceRange))
        family = configuration.podRange.family
        var state = State(
            socket: try NetlinkSocket(.netfilter, in: configuration.node), rules: ServiceRules(family: family),
            isInStep: false)
        let operations = services.flatMap { state.rules.set($0.name, $0) }
        try state.socket.commit(table.create() + table.messages(for: operations))
        state.isInStep = true
        self.state = Mutex(state)
    }

    /// Makes each named service what it says, or removes it: one transaction.
    @discardableResult
    package func apply(_ changes: [(name: String, service: ServiceInput?)]) throws -> Cost {
        try state.withLock { state in
            var operations: [RuleOperation] = []
            for change in changes { operations += state.rules.set(change.name, change.service) }
            var cost = Cost()
            cost.operations = operations.count
            do {
                guard state.isInStep else { throw NetlinkError(.unanswered, "the table is out of step") }
                cost.bytes = try state.socket.commit(table.messages(for: operations))
            } catch {
                // Most likely somebody else changed or removed the table: make it anew, whole. What hinders that is
                // thrown, and the next change tries it again.
                state.isInStep = false
                var fresh = ServiceRules(family: family)
                let all = state.rules.services.sorted { $0.key < $1.key }.flatMap { fresh.set($0.key, $0.value) }
                cost.bytes = try state.socket.commit(table.create() + table.messages(for: all))
                state.rules = fresh
                state.isInStep = true
            }
            cost.forgotten = try ServiceFirewall.forget(operations, family, &state.socket)
            return cost
        }
    }

    /// Frontends that more than one service claims, with the service that has it first.
    package var conflicts: [Frontend: [String]] { state.withLock { $0.rules.conflicts } }

    /// Removes the table.
    package func remove() throws {
        try state.withLock { state in
            try state.socket.commit(table.remove())
            state.isInStep = false
            state.rules = ServiceRules(family: family)
        }
    }

    /// Removes the table of a configuration, whoever made it.
    package static func remove(_ configuration: NodeNetworkConfiguration) throws {
        var socket = try NetlinkSocket(.netfilter, in: configuration.node)
        try socket.commit(NftRequests.removal(table: configuration.name, family: configuration.podRange.family))
    }

    /// Base chains of others that drop by default what is forwarded or comes in: with them in place pods may not reach
    /// each other, and only their owner can change that. Each is a sentence that names it.
    package static func foreignObstacles(_ configuration: NodeNetworkConfiguration) throws -> [String] {
        var socket = try NetlinkSocket(.netfilter, in: configuration.node)
        return try socket.query(NftRequests.dumpChains()).compactMap(NftChain.init).filter {
            $0.table != configuration.name && $0.dropsByDefault && ($0.place == 1 || $0.place == 2)
        }.map {
            let what = $0.place == 1 ? "comes in" : "is forwarded"
            let family = [1: "inet", 2: "ip", 10: "ip6"][$0.family] ?? "family \($0.family)"
            return "the firewall chain \($0.name) of table \(family) \($0.table) drops by default what \(what); "
                + "accept traffic of the link \(configuration.bridge) there"
        }
    }

    private static func forget(
        _ operations: [RuleOperation], _ family: IPFamily, _ socket: inout NetlinkSocket
    ) throws -> Int {
        var wanted: [(Frontend, ServiceEndpoint?)] = []
        for case .forgetConnections(let frontend, let endpoint) in operations { wanted.append((frontend, endpoint)) }
        guard !wanted.isEmpty else { return 0 }
        let tracked = try socket.query(ConntrackRequests.dump(family)).compactMap(TrackedConnection.init)
        let stale = tracked.filter { connection in
            wanted.contains { frontend, endpoint in
                guard connection.transportProtocol == frontend.transportProtocol.rawValue,
                    connection.destinationPort == frontend.port,
                    frontend.isNodePort || connection.destination == frontend.address
                else { return false }
                if let endpoint {
                    return connection.answering == endpoint.address && connection.answeringPort == endpoint.port
                }
                return connection.answering == connection.destination
            }
        }
        for connection in stale {
            do {
                try socket.perform([ConntrackRequests.delete(connection)])
            } catch let error as NetlinkError where error.errno == ENOENT {}
        }
        return stale.count
    }
}
