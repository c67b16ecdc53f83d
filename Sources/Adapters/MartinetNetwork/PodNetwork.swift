import Glibc
import MartinetAddresses
import MartinetBase
import MartinetNetlink
import Synchronization

/// The pods of a node: namespaces with an address each, made ahead of need.
///
/// Invariants: an address has a record in the state folder before anything that carries it exists, and until all of it
/// is gone; everything of a pod is named after its address. So a crash at any instant leaves nothing that the next
/// start does not find: what has a record and an owner is kept, everything else goes or returns to the ready ones.
///
/// Calls block for as long as the kernel works (about a millisecond) and are serial; call them from a thread that may
/// block. The lock is held over these system calls on purpose: they are the state that it guards.
package final class PodNetwork: Sendable {
    private struct Slot {
        var owner: String?
        var isIntact: Bool
    }

    private struct State: ~Copyable {
        var socket: NetlinkSocket
        let bridge: UInt32
        let records: StateFolder
        var slots: [IPAddress: Slot] = [:]
        var byOwner: [String: IPAddress] = [:]
        var ready: [IPAddress] = []
        var next: UInt64 = 2
    }

    package let configuration: NodeNetworkConfiguration
    private let state: Mutex<State>

    /// Takes over what earlier processes left. The bridge exists (`NodeNetwork.setUp`).
    package init(_ configuration: NodeNetworkConfiguration) throws {
        self.configuration = configuration
        var socket = try NetlinkSocket(.route, in: configuration.node)
        let links = try socket.query(LinkRequests.dump()).compactMap(Link.init)
        guard let bridge = links.first(where: { $0.name == configuration.bridge }) else {
            throw NetworkProblem(.noBridge, "the bridge \(configuration.bridge) does not exist")
        }
        _ = try StateFolder(configuration.namespaceFolder)
        var state = State(
            socket: socket, bridge: bridge.index, records: try StateFolder(configuration.stateFolder + "/addresses"))
        try PodNetwork.recover(&state, configuration, links)
        self.state = Mutex(state)
    }

    /// The pod's place, made now unless `owner` has one already.
    package func attach(owner: String) throws -> PodAttachment {
        guard !owner.isEmpty, owner.utf8.count <= 253, owner.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw NetworkProblem(.badConfiguration, "the owner \(owner.debugDescription) is not 1 to 253 visible bytes")
        }
        return try state.withLock { state in
            if let address = state.byOwner[owner] { return attachment(owner, address, state.slots[address]) }
            let address = try state.ready.popLast() ?? makeSlot(&state)
            do {
                try state.records.write("\(address)", "1\n\(owner)\n")
            } catch {
                state.ready.append(address)
                throw error
            }
            state.slots[address] = Slot(owner: owner, isIntact: true)
            state.byOwner[owner] = address
            return attachment(owner, address, state.slots[address])
        }
    }

    /// Removes everything of `owner`'s; nothing there is no error.
    ///
    /// The kernel takes some ten milliseconds to let a link go: others are attached meanwhile, and the address stays
    /// taken until all of it is gone.
    package func detach(owner: String) throws {
        let found = state.withLock { state -> (address: IPAddress, bridge: UInt32)? in
            state.byOwner.removeValue(forKey: owner).map { ($0, state.bridge) }
        }
        guard let (address, bridge) = found else { return }
        do {
            var socket = try NetlinkSocket(.route, in: configuration.node)
            try PodNetwork.removeLinks(address, bridge, &socket, configuration)
        } catch {
            state.withLock { state in
                state.slots[address]?.isIntact = false
                if state.byOwner[owner] == nil { state.byOwner[owner] = address }
            }
            throw error
        }
        try state.withLock { state in
            try state.records.remove("\(address)")
            state.slots[address] = nil
        }
    }

    /// All pods' places, by address.
    package func list() -> [PodAttachment] {
        state.withLock { state in
            state.byOwner.sorted { $0.value < $1.value }.map { attachment($0.key, $0.value, state.slots[$0.value]) }
        }
    }

    /// Makes one namespace ready if there are too few. Returns whether there may be more to make; call it off the path
    /// of a pod's start until it returns false.
    package func prepareOne() throws -> Bool {
        try state.withLock { state in
            guard state.ready.count < configuration.readyNamespaces else { return false }
            state.ready.append(try makeSlot(&state))
            return state.ready.count < configuration.readyNamespaces
        }
    }

    /// Removes every pod's place and every ready one.
    package func removeAll() throws {
        try state.withLock { state in
            for address in state.slots.keys.sorted() { try PodNetwork.removeSlot(address, &state, configuration) }
            state.byOwner = [:]
            state.ready = []
        }
    }

    private func attachment(_ owner: String, _ address: IPAddress, _ slot: Slot?) -> PodAttachment {
        PodAttachment(
            owner: owner, namespace: PodNetwork.namespace(address, configuration), address: address,
            gateway: configuration.gateway, hostLink: PodNetwork.hostLink(address, configuration),
            mtu: configuration.mtu, isIntact: slot?.isIntact ?? false)
    }

    // MARK: - Slots

    private static func namespace(
        _ address: IPAddress, _ configuration: NodeNetworkConfiguration
    ) -> NetworkNamespace {
        NetworkNamespace(path: "\(configuration.namespaceFolder)/\(configuration.linkPrefix)-\(address)")
    }

    /// The prefix and the address's last 32 bits in hex: unique on the bridge, as the range has no more pods than that.
    private static func hostLink(_ address: IPAddress, _ configuration: NodeNetworkConfiguration) -> String {
        let tail = address.bytes.suffix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return configuration.linkPrefix + tail
    }

    /// A locally administered hardware address that follows from the internet address.
    static func hardwareAddress(_ address: IPAddress, isPod: Bool) -> [UInt8] {
        [isPod ? 0x0A : 0x02, 0x58] + address.bytes.suffix(4)
    }

    private func makeSlot(_ state: inout State) throws -> IPAddress {
        guard let address = PodNetwork.freeAddress(&state, configuration.podRange) else {
            throw NetworkProblem(
                .rangeExhausted,
                "the pod range \(configuration.podRange) has no free address (\(state.slots.count) used)")
        }
        try state.records.write("\(address)", "1\n\n")
        do {
            try makeLink(address, &state)
        } catch {
            // The next start removes what this could not.
            _ = try? PodNetwork.removeSlot(address, &state, configuration)
            throw error
        }
        state.slots[address] = Slot(owner: nil, isIntact: true)
        return address
    }

    /// In turn, so that an address rests for as long as the range allows before another pod has it.
    private static func freeAddress(_ state: inout State, _ range: IPNetwork) -> IPAddress? {
        // The first is the network's, the second the bridge's, the last the broadcast.
        let end = range.count - 1
        for _ in 2..<max(3, min(end, UInt64(state.slots.count) + 4)) {
            if state.next >= end { state.next = 2 }
            let candidate = range.address(at: state.next)
            state.next += 1
            if let candidate, state.slots[candidate] == nil { return candidate }
        }
        return nil
    }

    private func makeLink(_ address: IPAddress, _ state: inout State) throws {
        let path = PodNetwork.namespace(address, configuration)
        var inner: Int32 = -1
        let namespace = try NetworkNamespace.create(at: path.path) {
            inner = try NetlinkSocket.open(.route)
            if address.family == .v4 {
                // The gateway is the only way: a hint of a shorter one would lead past it, and nowhere.
                try StateFolder.setKernel("net/ipv4/conf/all/accept_redirects", "0")
                try StateFolder.setKernel("net/ipv4/conf/default/accept_redirects", "0")
            }
        }
        var pod = NetlinkSocket(adopting: inner)
        let descriptor = try namespace.open()
        defer { close(descriptor) }

        let hostLink = PodNetwork.hostLink(address, configuration)
        let podHardware = PodNetwork.hardwareAddress(address, isPod: true)
        var peer = LinkSettings()
        peer.name = "eth0"
        peer.namespace = descriptor
        peer.hardwareAddress = podHardware
        peer.mtu = configuration.mtu
        var host = LinkSettings()
        host.name = hostLink
        host.mtu = configuration.mtu
        host.master = state.bridge
        host.isUp = true
        try state.socket.perform([LinkRequests.add(.veth(peer: peer), host)])
        guard let port = try state.socket.query(LinkRequests.get(name: hostLink)).compactMap(Link.init).first,
            let eth0 = try pod.query(LinkRequests.get(name: "eth0")).compactMap(Link.init).first
        else { throw NetlinkError(.malformed, "the link pair \(hostLink) is not there after its creation") }

        // A pod's address stands alone on its link, so that pods reach each other through the node's routing, where
        // translation sees both directions. Where br_netfilter is on, a translated frame crosses the bridge instead:
        // that is why ports are not isolated, and why a frame may go back where it came from.
        var portSettings = LinkSettings()
        portSettings.isHairpin = true
        try state.socket.perform([
            LinkRequests.change(index: port.index, portSettings, called: hostLink),
            NeighbourRequests.replace(address, hardwareAddress: podHardware, link: state.bridge),
        ])
        try configureInside(&pod, address, eth0)
    }

    private func configureInside(_ pod: inout NetlinkSocket, _ address: IPAddress, _ eth0: Link) throws {
        let gateway = configuration.gateway
        var up = LinkSettings()
        up.isUp = true
        var requests = [
            LinkRequests.change(index: 1, up, called: "lo"),
            // Not at its creation: a veth cannot go up before its other end is known to it (ENOTCONN).
            LinkRequests.change(index: eth0.index, up, called: "eth0"),
        ]
        requests.append(AddressRequests.add(address, prefix: address.family.byteCount * 8, link: eth0.index))
        requests.append(
            NeighbourRequests.replace(
                gateway, hardwareAddress: PodNetwork.hardwareAddress(gateway, isPod: false), link: eth0.index))
        if let only = IPNetwork(gateway, prefix: gateway.family.byteCount * 8) {
            requests.append(RouteRequests.add(Route(only, link: eth0.index)))
        }
        if let everything = IPNetwork(.unspecified(address.family), prefix: 0) {
            requests.append(RouteRequests.add(Route(everything, link: eth0.index, gateway: gateway)))
        }
        try pod.perform(requests)
    }

    private static func removeSlot(
        _ address: IPAddress, _ state: inout State, _ configuration: NodeNetworkConfiguration
    ) throws {
        try removeLinks(address, state.bridge, &state.socket, configuration)
        try state.records.remove("\(address)")
        state.slots[address] = nil
        state.ready.removeAll { $0 == address }
    }

    private static func removeLinks(
        _ address: IPAddress, _ bridge: UInt32, _ socket: inout NetlinkSocket,
        _ configuration: NodeNetworkConfiguration
    ) throws {
        do {
            try socket.perform([LinkRequests.delete(name: hostLink(address, configuration))])
        } catch let error as NetlinkError where error.errno == ENODEV {}
        do {
            try socket.perform([NeighbourRequests.delete(address, link: bridge)])
        } catch let error as NetlinkError where error.errno == ENOENT {}
        try namespace(address, configuration).delete()
    }

    // MARK: - After a crash

    private static func recover(
        _ state: inout State, _ configuration: NodeNetworkConfiguration, _ links: [Link]
    ) throws {
        let bridge = state.bridge
        let linkNames = Set(links.filter { $0.master == bridge }.map(\.name))
        for name in try state.records.names() {
            guard let address = IPAddress(name), configuration.podRange.contains(address) else { continue }
            let lines = try state.records.read(name)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
            let owner = lines.count >= 2 && !lines[1].isEmpty ? String(lines[1]) : nil
            let isIntact =
                namespace(address, configuration).isBound && linkNames.contains(hostLink(address, configuration))
            if let owner {
                state.slots[address] = Slot(owner: owner, isIntact: isIntact)
                state.byOwner[owner] = address
            } else {
                // Whether a ready one was finished is not written down: it is made again, off the path.
                try removeSlot(address, &state, configuration)
            }
        }
        let owned = Set(state.slots.keys.map { hostLink($0, configuration) })
        for name in linkNames where name.hasPrefix(configuration.linkPrefix) && !owned.contains(name) {
            do {
                try state.socket.perform([LinkRequests.delete(name: name)])
            } catch let error as NetlinkError where error.errno == ENODEV {}
        }
    }
}
