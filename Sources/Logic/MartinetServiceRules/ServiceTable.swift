package import MartinetAddresses
package import MartinetNetlink

/// One family's nftables table: what is always there, and rule operations as messages.
///
/// No chain and no rule belongs to a service. Verdict maps lead from what a connection is addressed to, to a chain that
/// picks one of N; that chain looks the endpoint up in one map for all services, by the same address, protocol and port
/// and the number picked. docs/decisions/service-maps.md has the figures.
package struct ServiceTable: Sendable {
    package struct Configuration: Hashable, Sendable {
        package var name: String
        package var bridge: String
        /// This node's pods.
        package var podRange: IPNetwork
        /// All nodes' pods.
        package var clusterRange: IPNetwork
        package var serviceRange: IPNetwork

        package init(
            name: String, bridge: String, podRange: IPNetwork, clusterRange: IPNetwork, serviceRange: IPNetwork
        ) {
            self.name = name
            self.bridge = bridge
            self.podRange = podRange
            self.clusterRange = clusterRange
            self.serviceRange = serviceRange
        }
    }

    package let configuration: Configuration
    let requests: NftRequests
    var family: IPFamily { configuration.podRange.family }

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        requests = NftRequests(table: configuration.name, family: configuration.podRange.family)
    }

    // MARK: - Sets and maps

    private var address: NftSet.Part { family == .v4 ? .ipv4 : .ipv6 }
    private var frontend: [NftSet.Part] { [address, .transportProtocol, .port] }

    private var sets: [NftSet] {
        var affinity = NftSet("affinity", key: [address] + frontend, content: .values([address, .port]))
        affinity.dynamicSize = 65_536
        return [
            NftSet("services", key: frontend, content: .verdicts),
            NftSet("services-inside", key: frontend, content: .verdicts),
            NftSet("endpoints", key: frontend + [.mark], content: .values([address, .port])),
            affinity,
            NftSet("sticky", key: frontend + [address, .port]),
            NftSet("hairpin", key: [address, address]),
            NftSet("masquerade", key: frontend),
            NftSet("refused", key: frontend),
        ]
    }

    /// Removes the table, whether or not it is there.
    package func remove() -> [NetlinkRequest] { [requests.addTable(), requests.deleteTable()] }

    /// The table without any service, in the place of what was there.
    package func create() -> [NetlinkRequest] {
        var list = remove() + [requests.addTable()]
        for (index, set) in sets.enumerated() { list.append(requests.addSet(set, id: UInt32(index + 1))) }
        let chains: [(String, NftHook)] = [
            ("guard", NftHook(.filter, .prerouting, priority: -300)),
            ("nat-prerouting", NftHook(.nat, .prerouting, priority: -100)),
            ("nat-output", NftHook(.nat, .output, priority: -100)),
            ("nat-postrouting", NftHook(.nat, .postrouting, priority: 100)),
            ("filter-input", NftHook(.filter, .input, priority: 0)),
            ("filter-forward", NftHook(.filter, .forward, priority: 0)),
            ("filter-output", NftHook(.filter, .output, priority: 0)),
        ]
        for (name, hook) in chains { list.append(requests.addChain(name, hook: hook)) }
        for name in ["dispatch", "dispatch-inside", "leave", "refuse", "reject"] {
            list.append(requests.addChain(name))
        }
        for (chain, expressions) in rules { list.append(requests.addRule(chain, expressions)) }
        return list
    }

    // MARK: - Rules

    private typealias Rules = [(chain: String, expressions: [NftExpression])]

    private var rules: Rules {
        let words = family.byteCount / 4
        let key = NftRegister(0)
        var rules: Rules = []
        for (chain, map) in [("dispatch", "services"), ("dispatch-inside", "services-inside")] {
            rules.append((chain, loadFrontend(at: 0, isNodePort: false) + [.lookupVerdict(map: map, key: key)]))
            rules.append(
                (chain, isLocal + loadFrontend(at: 0, isNodePort: true) + [.lookupVerdict(map: map, key: key)]))
        }
        rules.append(("nat-prerouting", source(in: configuration.clusterRange) + [.verdict(.jump("dispatch-inside"))]))
        rules.append(("nat-prerouting", [.verdict(.jump("dispatch"))]))
        rules.append(("nat-output", [.verdict(.jump("dispatch-inside"))]))
        rules.append(("nat-output", [.verdict(.jump("dispatch"))]))

        let isRefused: [[NftExpression]] = [
            loadFrontend(at: 0, isNodePort: false) + [.lookup(set: "refused", key: key)],
            isLocal + loadFrontend(at: 0, isNodePort: true) + [.lookup(set: "refused", key: key)],
            // What is still addressed to a service here is addressed to none.
            destination(in: configuration.serviceRange),
        ]
        rules += isRefused.map { ("refuse", $0 + [.verdict(.goto("reject"))]) }
        // A reset always arrives, where the kernel limits how many unreachable messages it sends (icmp_ratelimit).
        rules.append(
            ("reject", [.meta(.transportProtocol, into: key), .compare(key, .equal, [6]), .reject(.tcpReset)]))
        rules.append(("reject", [reject]))
        for chain in ["filter-input", "filter-forward", "filter-output"] {
            rules.append((chain, [.verdict(.jump("refuse"))]))
        }
        if family == .v4 { rules += guards }
        return rules + postrouting(words)
    }

    /// The loopback network may leave over the bridge for node ports on 127.0.0.1; nothing may come in to it.
    private var guards: Rules {
        guard let loopback = IPNetwork(IPAddress(127, 0, 0, 0), prefix: 8) else { return [] }
        let register = NftRegister(0)
        // IFNAMSIZ bytes, filled with zeroes.
        let name = (Array(configuration.bridge.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16)
        return [
            (
                "guard",
                [.meta(.inputName, into: register), .compare(register, .equal, Array(name))]
                    + destination(in: loopback) + [.verdict(.drop)]
            )
        ]
    }

    private func postrouting(_ words: Int) -> Rules {
        let key = NftRegister(0)
        let chain = "nat-postrouting"
        // IPS_DST_NAT of <linux/netfilter/nf_conntrack_common.h>, in this machine's order.
        let isTranslated: [NftExpression] = [
            .conntrack(.status, isOriginal: nil, into: key),
            .bitwise(key, into: key, mask: [UInt8](native: UInt32(0x20)), xor: [0, 0, 0, 0]),
        ]
        var rules: Rules = []
        rules.append((chain, isTranslated + [.compare(key, .equal, [0, 0, 0, 0]), .verdict(.goto("leave"))]))
        rules.append(
            (
                chain,
                [
                    loadSource(into: key), loadDestination(into: NftRegister(words)), .lookup(set: "hairpin", key: key),
                    .masquerade,
                ]
            ))
        if let loopback = IPNetwork(IPAddress(127, 0, 0, 0), prefix: 8), family == .v4 {
            rules.append((chain, source(in: loopback) + [.masquerade]))
        }
        let original: NftExpression = .conntrack(
            family == .v4 ? .destinationV4 : .destinationV6, isOriginal: true, into: key)
        let tail: [NftExpression] = [
            .meta(.transportProtocol, into: NftRegister(words)),
            .conntrack(.destinationPort, isOriginal: true, into: NftRegister(words + 1)),
        ]
        rules.append((chain, [original] + tail + [.lookup(set: "masquerade", key: key), .masquerade]))
        // To a cluster address from outside the pods: the answer must come back here.
        let toService = [original] + compare(configuration.serviceRange)
        rules.append((chain, toService + source(in: configuration.clusterRange) + [.verdict(.goto("leave"))]))
        rules.append((chain, toService + [.masquerade]))
        rules.append(
            (
                chain,
                [.immediate([UInt8](repeating: 0, count: family.byteCount), into: key)] + tail + [
                    .lookup(set: "masquerade", key: key), .masquerade,
                ]
            ))
        rules.append((chain, [.verdict(.goto("leave"))]))
        // Pods keep their addresses among each other and lose them on the way out.
        rules.append(
            (
                "leave",
                source(in: configuration.podRange)
                    + destination(in: configuration.clusterRange, isNot: true) + [.masquerade]
            ))
        return rules
    }

    private var reject: NftExpression { .reject(.icmp(code: family == .v4 ? 3 : 4)) }

    /// RTN_LOCAL of <linux/rtnetlink.h>, in this machine's order.
    private var isLocal: [NftExpression] {
        [.destinationKind(into: NftRegister(0)), .compare(NftRegister(0), .equal, [UInt8](native: UInt32(2)))]
    }

    private func loadSource(into register: NftRegister) -> NftExpression {
        .payload(.network, offset: family == .v4 ? 12 : 8, length: UInt32(family.byteCount), into: register)
    }

    private func loadDestination(into register: NftRegister) -> NftExpression {
        .payload(.network, offset: family == .v4 ? 16 : 24, length: UInt32(family.byteCount), into: register)
    }

    private func loadFrontend(at index: Int, isNodePort: Bool) -> [NftExpression] {
        let words = family.byteCount / 4
        return [
            isNodePort
                ? .immediate([UInt8](repeating: 0, count: family.byteCount), into: NftRegister(index))
                : loadDestination(into: NftRegister(index)),
            .meta(.transportProtocol, into: NftRegister(index + words)),
            .payload(.transport, offset: 2, length: 2, into: NftRegister(index + words + 1)),
        ]
    }

    private func source(in network: IPNetwork) -> [NftExpression] {
        [loadSource(into: NftRegister(0))] + compare(network)
    }

    private func destination(in network: IPNetwork, isNot: Bool = false) -> [NftExpression] {
        [loadDestination(into: NftRegister(0))] + compare(network, isNot: isNot)
    }

    private func compare(_ network: IPNetwork, isNot: Bool = false) -> [NftExpression] {
        let zero = [UInt8](repeating: 0, count: family.byteCount)
        return [
            .bitwise(NftRegister(0), into: NftRegister(0), mask: network.mask, xor: zero),
            .compare(NftRegister(0), isNot ? .notEqual : .equal, network.address.bytes),
        ]
    }

    // MARK: - Choosers

    /// The rules of the chain that picks one of N.
    func rules(of chooser: Chooser) -> [[NftExpression]] {
        let words = family.byteCount / 4
        guard let seconds = chooser.affinitySeconds else {
            let key = NftRegister(0)
            return [
                loadFrontend(at: 0, isNodePort: chooser.isNodePort)
                    + pick(chooser, at: words + 2)
                    + [
                        .lookupMap(map: "endpoints", key: key, into: key),
                        .translate(
                            .destination, family: family.rawValue, address: key, port: NftRegister(words)),
                    ]
            ]
        }
        // client | address, protocol, port | endpoint's address, port
        let client = NftRegister(0)
        let frontend = NftRegister(words)
        let endpoint = NftRegister(2 * words + 2)
        let timeout = UInt64(seconds) * 1000
        let load = [loadSource(into: client)] + loadFrontend(at: words, isNodePort: chooser.isNodePort)
        let finish: [NftExpression] = [
            .dynamicSet(set: "affinity", .update, key: client, data: endpoint, timeout: timeout),
            .translate(
                .destination, family: family.rawValue, address: endpoint, port: NftRegister(3 * words + 2)),
        ]
        return [
            // The endpoint of last time, if it still is one.
            load + [
                .lookupMap(map: "affinity", key: client, into: endpoint), .lookup(set: "sticky", key: frontend),
            ] + finish,
            // Another one: an update alone would keep the old data.
            load + pick(chooser, at: 2 * words + 2) + [
                .lookupMap(map: "endpoints", key: frontend, into: endpoint),
                .dynamicSet(set: "affinity", .delete, key: client, data: endpoint, timeout: nil),
            ] + finish,
        ]
    }

    private func pick(_ chooser: Chooser, at index: Int) -> [NftExpression] {
        [.random(modulus: chooser.count, offset: chooser.scope.indexOffset, into: NftRegister(index))]
    }

    // MARK: - Operations

    /// The operations as messages of one transaction; neighbours of a kind share a message. Forgotten connections are
    /// no part of it.
    package func messages(for operations: [RuleOperation]) -> [NetlinkRequest] {
        var list: [NetlinkRequest] = []
        var batch: [NftElement] = []
        var open: (set: String, isAddition: Bool)?
        func close() {
            guard let (set, isAddition) = open, !batch.isEmpty else { return }
            list += isAddition ? requests.addElements(batch, to: set) : requests.deleteElements(batch, of: set)
            batch = []
        }
        func put(_ element: RuleElement, isAddition: Bool) {
            let (set, encoded) = encode(element, isAddition: isAddition)
            if open?.set != set || open?.isAddition != isAddition {
                close()
                open = (set, isAddition)
            }
            batch.append(encoded)
        }
        for operation in operations {
            switch operation {
            case .addElement(let element): put(element, isAddition: true)
            case .removeElement(let element): put(element, isAddition: false)
            case .addChooser(let chooser):
                close()
                open = nil
                list.append(requests.addChain(chooser.chain))
                list += rules(of: chooser).map { requests.addRule(chooser.chain, $0) }
            case .removeChooser(let chooser):
                close()
                open = nil
                list.append(requests.flushChain(chooser.chain))
                list.append(requests.deleteChain(chooser.chain))
            case .forgetConnections: break
            }
        }
        close()
        return list
    }

    private func encode(_ element: RuleElement, isAddition: Bool) -> (set: String, NftElement) {
        switch element {
        case .route(let frontend, let scope, let chooser):
            let verdict: NftVerdict = chooser.map { .goto($0.chain) } ?? .drop
            return (
                scope == .everyone ? "services" : "services-inside", NftElement(key(frontend), .verdict(verdict))
            )
        case .endpoint(let frontend, let index, let address, let port):
            return (
                "endpoints",
                NftElement(
                    key(frontend) + [UInt8](native: index), .bytes(address.bytes + [UInt8](big: port) + [0, 0]))
            )
        case .sticky(let frontend, let address, let port):
            return ("sticky", NftElement(key(frontend) + address.bytes + [UInt8](big: port) + [0, 0]))
        case .hairpin(let address): return ("hairpin", NftElement(address.bytes + address.bytes))
        case .masquerade(let frontend): return ("masquerade", NftElement(key(frontend)))
        case .refused(let frontend): return ("refused", NftElement(key(frontend)))
        }
    }

    private func key(_ frontend: Frontend) -> [UInt8] {
        frontend.address.bytes + [frontend.transportProtocol.rawValue, 0, 0, 0] + [UInt8](big: frontend.port) + [0, 0]
    }
}
