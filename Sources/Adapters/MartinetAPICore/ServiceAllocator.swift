import MartinetAPI
import MartinetAddresses
import MartinetSchema
import MartinetStrategies
import Synchronization

/// Gives out cluster addresses and node ports, and knows which are taken.
///
/// A reservation is taken before the Service is committed and given back if that fails; what a Service no longer has is given
/// back when the store says so.
final class ServiceAllocator: Sendable {
    struct State {
        var addresses: Set<IPAddress> = []
        var ports: Set<Int32> = []
        /// What IPAddresses of others than Services have taken.
        var foreign: Set<IPAddress> = []
        /// Ranges beside those of the configuration.
        var ranges: [IPNetwork] = []
        /// Whether a range waits for its addresses to become free.
        var isLeaving = false
    }
    private let network: ServiceNetwork
    private let state = Mutex(State())

    init(_ network: ServiceNetwork) { self.network = network }

    struct AllocationError: Error {
        let field: String
        let message: String

        var fieldError: FieldError { FieldError(.invalid, field, message, origin: "allocation") }
    }

    /// Marks what a stored Service holds.
    func reserve(_ object: Object) {
        let held = Holding(object)
        state.withLock { state in
            state.addresses.formUnion(held.addresses)
            state.ports.formUnion(held.ports)
        }
    }

    /// Gives back what a Service held and another does not.
    ///
    /// - Parameter kept: the Service as it is now, or as it stays where a change failed; nil where it is gone.
    func release(_ object: Object, keeping kept: Object? = nil) {
        let (held, still) = (Holding(object), kept.map { Holding($0) })
        state.withLock { state in
            state.addresses.subtract(held.addresses.subtracting(still?.addresses ?? []))
            state.ports.subtract(held.ports.subtracting(still?.ports ?? []))
        }
    }

    func setForeign(_ address: IPAddress, isForeign: Bool) {
        state.withLock { state in
            if isForeign { state.foreign.insert(address) } else { state.foreign.remove(address) }
        }
    }

    /// - Parameter ranges: of those ServiceCIDRs that are ready.
    func setRanges(_ ranges: [IPNetwork], isLeaving: Bool) {
        let further = ranges.filter { !network.ranges.contains($0) }.sorted()
        state.withLock { state in
            state.ranges = further
            state.isLeaving = isLeaving
        }
    }

    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    /// Whether an address for which a question is true is in use.
    func holdsAny(_ matches: (IPAddress) -> Bool) -> Bool {
        state.withLock { $0.addresses.contains(where: matches) }
    }

    /// Fills in the addresses and ports of a new or changed Service.
    ///
    /// - Parameters:
    ///   - old: what is stored; its addresses and ports stay with it.
    ///   - seed: where to begin to look for a free one, so that they are spread.
    func allocate(_ object: inout Object, old: Object?, seed: UInt64) throws(AllocationError) {
        var service = Service(object: object)
        let before = old.map(Service.init(object:))
        let failure: AllocationError? = state.withLock { state in
            var trial = ServiceAllocation(network: network, state: state, seed: seed)
            do throws(AllocationError) {
                try trial.families(&service, before)
                try trial.addresses(&service, before)
                try trial.ports(&service, before)
            } catch {
                return error
            }
            state = trial.state
            return nil
        }
        if let failure { throw failure }
        object = service.object
    }

    /// What a Service has taken.
    private struct Holding {
        let addresses: Set<IPAddress>
        let ports: Set<Int32>

        init(_ object: Object) {
            let spec = Service(object: object).spec
            addresses = Set(spec.clusterIPs.compactMap { IPAddress($0) })
            ports = Set((spec.ports.map(\.nodePort) + [spec.healthCheckNodePort]).filter { $0 != 0 })
        }
    }
}

/// One attempt to give a Service what it needs. Nothing is taken before all of it is found.
struct ServiceAllocation {
    typealias AllocationError = ServiceAllocator.AllocationError
    let network: ServiceNetwork
    var state: ServiceAllocator.State
    let seed: UInt64

    // MARK: - Families

    /// Decides which families a Service has: what it says, what its addresses say, what the cluster has.
    ///
    /// Source: the dual-stack rules (KEP-563).
    func families(_ service: inout Service, _ old: Service?) throws(AllocationError) {
        guard service.spec.type != "ExternalName" else { return }
        var families = service.spec.ipFamilies
        for ip in service.spec.clusterIPs.dropFirst(families.count) {
            if let address = IPAddress(ip) { families.append(ServiceNetwork.name(address.family)) }
        }
        if service.spec.ipFamilyPolicy == nil, old == nil, isUndirected(service) {
            // Nothing says where such a Service leads: it may be to anything.
            service.spec.ipFamilyPolicy = "RequireDualStack"
        }
        if service.spec.ipFamilyPolicy == nil, families.count > 1 {
            throw AllocationError(
                field: "spec.ipFamilyPolicy", message: "must be RequireDualStack or PreferDualStack for two families")
        }
        let policy = service.spec.ipFamilyPolicy ?? "SingleStack"
        service.spec.ipFamilyPolicy = policy
        if families.isEmpty { families = [network.families.first ?? "IPv4"] }
        if policy == "SingleStack" {
            // Two families come down to the first one; the other address is given back.
            if families.count > 1 {
                families = [families[0]]
                service.spec.clusterIPs = Array(service.spec.clusterIPs.prefix(1))
            }
        } else if families.count == 1 {
            let second = ServiceNetwork.other(families[0])
            if isUndirected(service) || network.families.contains(second) {
                families.append(second)
            } else if policy == "RequireDualStack" {
                throw AllocationError(
                    field: "spec.ipFamilyPolicy", message: "this cluster is not configured for dual-stack services")
            }
        }
        if !isUndirected(service) {
            for (index, family) in families.enumerated() where !network.families.contains(family) {
                throw AllocationError(
                    field: "spec.ipFamilies[\(index)]", message: "\(family) is not configured on this cluster")
            }
        }
        service.spec.ipFamilies = families
    }

    /// Whether a Service has neither an address nor pods of its own.
    private func isUndirected(_ service: Service) -> Bool {
        service.spec.clusterIP == "None" && service.spec.selector.isEmpty
    }

    // MARK: - Addresses

    mutating func addresses(_ service: inout Service, _ old: Service?) throws(AllocationError) {
        guard service.spec.type != "ExternalName" else { return }
        var ips = service.spec.clusterIPs
        if ips.isEmpty, !service.spec.clusterIP.isEmpty { ips = [service.spec.clusterIP] }
        let kept = old?.spec.type == "ExternalName" ? [] : old?.spec.clusterIPs ?? []
        if ips.isEmpty { ips = kept }
        if ips.first == "None" {
            service.spec.clusterIP = "None"
            service.spec.clusterIPs = ["None"]
            return
        }
        for (index, family) in service.spec.ipFamilies.enumerated() {
            guard index < ips.count, !ips[index].isEmpty else {
                let free = try free(in: family)
                if index < ips.count { ips[index] = free } else { ips.append(free) }
                continue
            }
            if !kept.contains(ips[index]) { try take(ips[index], family, index) }
        }
        service.spec.clusterIPs = Array(ips.prefix(service.spec.ipFamilies.count))
        service.spec.clusterIP = service.spec.clusterIPs.first ?? ""
    }

    private mutating func free(in family: String) throws(AllocationError) -> String {
        let none = AllocationError(field: "spec.clusterIPs", message: "no address is free in the service range")
        let further = state.ranges.filter { ServiceNetwork.name($0.family) == family }
        for range in [network.range(family)].compactMap({ $0 }) + further {
            if let address = free(in: range) { return address }
        }
        throw none
    }

    private mutating func free(in range: IPNetwork) -> String? {
        guard range.count > 2 else { return nil }
        // Of a large range the first addresses are enough.
        let span = min(range.count - 2, 1 << 20)
        let start = seed % span
        // The lower addresses are left to those who ask for one by name.
        let reserved = min(256, span / 4)
        for step in 0..<(span + reserved) {
            let offset = (start + step) % span + 1
            if offset <= reserved, step < span { continue }
            guard let address = range.address(at: offset) else { continue }
            if state.foreign.contains(address) { continue }
            if state.addresses.insert(address).inserted { return address.description }
        }
        return nil
    }

    private mutating func take(_ ip: String, _ family: String, _ index: Int) throws(AllocationError) {
        let failed = "failed to allocate IP \(ip)"
        let all = [network.range(family)].compactMap { $0 } + state.ranges
        let range = IPAddress(ip).flatMap { address in all.first { $0.contains(address) } }
        guard let range, let address = IPAddress(ip), ServiceNetwork.name(address.family) == family,
            address != range.address, range.family == .v6 || address != range.address(at: range.count - 1)
        else {
            let ranges = (network.ranges + state.ranges).map(\.description).joined(separator: ", ")
            throw AllocationError(field: "spec.clusterIPs", message: "\(failed): it is not in the range \(ranges)")
        }
        guard !state.foreign.contains(address), state.addresses.insert(address).inserted else {
            throw AllocationError(field: "spec.clusterIPs", message: "\(failed): provided IP is already allocated")
        }
    }

    // MARK: - Ports

    mutating func ports(_ service: inout Service, _ old: Service?) throws(AllocationError) {
        let isExternal = service.spec.type == "NodePort" || service.spec.type == "LoadBalancer"
        var kept = Set(old?.spec.ports.map(\.nodePort) ?? [])
        if let health = old?.spec.healthCheckNodePort, health != 0 { kept.insert(health) }
        if isExternal {
            var mine: Set<Int32> = []
            for index in service.spec.ports.indices {
                var port = service.spec.ports[index]
                if port.nodePort == 0 {
                    let same = old?.spec.ports.first { $0.port == port.port && $0.protocol == port.protocol }
                    port.nodePort = same?.nodePort ?? 0
                }
                if port.nodePort == 0, service.spec.type == "LoadBalancer",
                    service.spec.allocateLoadBalancerNodePorts == false
                {
                    continue
                }
                let field = "spec.ports[\(index)].nodePort"
                if port.nodePort == 0 {
                    port.nodePort = try freePort(field)
                } else if !kept.contains(port.nodePort), !mine.contains(port.nodePort) {
                    try take(port.nodePort, field)
                }
                mine.insert(port.nodePort)
                service.spec.ports[index] = port
            }
        }
        let needsHealth = service.spec.type == "LoadBalancer" && service.spec.externalTrafficPolicy == "Local"
        guard needsHealth else { return }
        if service.spec.healthCheckNodePort == 0 {
            service.spec.healthCheckNodePort = old?.spec.healthCheckNodePort ?? 0
        }
        if service.spec.healthCheckNodePort == 0 {
            service.spec.healthCheckNodePort = try freePort("spec.healthCheckNodePort")
        } else if !kept.contains(service.spec.healthCheckNodePort) {
            try take(service.spec.healthCheckNodePort, "spec.healthCheckNodePort")
        }
    }

    private mutating func freePort(_ field: String) throws(AllocationError) -> Int32 {
        let span = UInt64(network.nodePorts.count)
        for step in 0..<span {
            let port = network.nodePorts.lowerBound + Int32((seed % span + step) % span)
            if state.ports.insert(port).inserted { return port }
        }
        throw AllocationError(field: field, message: "no node port is free")
    }

    private mutating func take(_ port: Int32, _ field: String) throws(AllocationError) {
        guard network.nodePorts.contains(port) else {
            throw AllocationError(
                field: field,
                message:
                    "provided port is not in the valid range. The range of valid ports is \(network.nodePorts.lowerBound)-\(network.nodePorts.upperBound)"
            )
        }
        guard state.ports.insert(port).inserted else {
            throw AllocationError(field: field, message: "provided port is already allocated")
        }
    }
}
