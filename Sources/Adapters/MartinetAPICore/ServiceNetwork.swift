import MartinetAPI
import MartinetClient
import MartinetSchema
import Synchronization

/// The addresses and ports that Services get.
package struct ServiceNetwork: Sendable, Hashable {
    /// The first address of the range, as a number; the address itself is never given out.
    package var base: UInt32
    package var prefixLength: Int
    package var nodePorts: ClosedRange<Int32>

    /// 10.96.0.0/16 and 30000-32767.
    package init(base: UInt32 = 0x0A60_0000, prefixLength: Int = 16, nodePorts: ClosedRange<Int32> = 30000...32767) {
        self.base = base
        self.prefixLength = prefixLength
        self.nodePorts = nodePorts
    }

    var size: UInt32 { prefixLength <= 0 ? .max : UInt32(1) << UInt32(max(0, 32 - prefixLength)) }

    /// The address of the `kubernetes` Service: the first of the range.
    package var apiServer: String { ServiceNetwork.text(base &+ 1) }
    /// Where the cluster's name server answers: the tenth of the range, as kubeadm has it.
    package var nameServer: String { ServiceNetwork.text(base &+ 10) }

    static func text(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }

    static func number(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    func contains(_ address: UInt32) -> Bool { address > base && address - base < size - 1 }
}

/// Gives out cluster addresses and node ports, and knows which are taken.
///
/// A reservation is taken before the Service is committed and given back if that fails or the Service goes.
final class ServiceAllocator: Sendable {
    private struct State {
        var addresses: Set<UInt32> = []
        var ports: Set<Int32> = []
    }
    private let network: ServiceNetwork
    private let state = Mutex(State())

    init(_ network: ServiceNetwork) { self.network = network }

    /// Marks what a stored Service holds.
    func reserve(_ object: Object) {
        let service = Service(object: object)
        state.withLock { state in
            for text in service.spec.clusterIPs {
                if let address = ServiceNetwork.number(text) { state.addresses.insert(address) }
            }
            for port in service.spec.ports where port.nodePort != 0 { state.ports.insert(port.nodePort) }
        }
    }

    /// Gives back what a Service held.
    func release(_ object: Object) {
        let service = Service(object: object)
        state.withLock { state in
            for text in service.spec.clusterIPs {
                if let address = ServiceNetwork.number(text) { state.addresses.remove(address) }
            }
            for port in service.spec.ports where port.nodePort != 0 { state.ports.remove(port.nodePort) }
        }
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
            var trial = state
            if let problem = address(&service, before, &trial, seed) ?? ports(&service, before, &trial, seed) {
                return problem
            }
            state = trial
            return nil
        }
        if let failure { throw failure }
        object = service.object
    }

    struct AllocationError: Error {
        let field: String
        let message: String
    }

    private func address(_ service: inout Service, _ old: Service?, _ state: inout State, _ seed: UInt64)
        -> AllocationError?
    {
        if service.spec.type == "ExternalName" { return nil }
        if service.spec.ipFamilies.isEmpty { service.spec.ipFamilies = ["IPv4"] }
        if service.spec.ipFamilyPolicy == nil { service.spec.ipFamilyPolicy = "SingleStack" }
        if service.spec.clusterIP.isEmpty, let kept = old?.spec.clusterIP, !kept.isEmpty {
            service.spec.clusterIP = kept
        }
        if service.spec.clusterIP.isEmpty, let first = service.spec.clusterIPs.first { service.spec.clusterIP = first }
        if service.spec.clusterIP == "None"
            || (service.spec.clusterIP == old?.spec.clusterIP && !service.spec.clusterIP.isEmpty)
        {
            service.spec.clusterIPs = [service.spec.clusterIP]
            return nil
        }
        if service.spec.clusterIP.isEmpty {
            let span = UInt64(network.size) - 2
            let start = seed % span
            // The lower addresses are left to those who ask for one by name.
            let reserved = min(256, span / 4)
            for step in 0..<span {
                let offset = UInt32((start + step) % span) + 1
                if UInt64(offset) <= reserved, step < span - reserved { continue }
                if state.addresses.insert(network.base + offset).inserted {
                    service.spec.clusterIP = ServiceNetwork.text(network.base + offset)
                    service.spec.clusterIPs = [service.spec.clusterIP]
                    return nil
                }
            }
            return AllocationError(field: "spec.clusterIPs", message: "no address is free in the service range")
        }
        guard let wanted = ServiceNetwork.number(service.spec.clusterIP), network.contains(wanted) else {
            return AllocationError(
                field: "spec.clusterIPs",
                message:
                    "failed to allocate IP \(service.spec.clusterIP): it is not in the range \(ServiceNetwork.text(network.base))/\(network.prefixLength)"
            )
        }
        guard state.addresses.insert(wanted).inserted else {
            return AllocationError(
                field: "spec.clusterIPs",
                message: "failed to allocate IP \(service.spec.clusterIP): provided IP is already allocated")
        }
        service.spec.clusterIPs = [service.spec.clusterIP]
        return nil
    }

    private func ports(_ service: inout Service, _ old: Service?, _ state: inout State, _ seed: UInt64)
        -> AllocationError?
    {
        let kept = Set(old?.spec.ports.map(\.nodePort) ?? [])
        guard service.spec.type == "NodePort" || service.spec.type == "LoadBalancer" else { return nil }
        var mine: Set<Int32> = []
        for index in service.spec.ports.indices {
            var port = service.spec.ports[index].nodePort
            if port == 0,
                let same = old?.spec.ports.first(where: {
                    $0.port == service.spec.ports[index].port && $0.protocol == service.spec.ports[index].protocol
                })
            {
                port = same.nodePort
            }
            if port == 0 {
                let span = UInt64(network.nodePorts.count)
                guard
                    let free = (0..<span).lazy.map({ self.network.nodePorts.lowerBound + Int32((seed + $0) % span) })
                        .first(where: { !state.ports.contains($0) })
                else { return AllocationError(field: "spec.ports[\(index)].nodePort", message: "no node port is free") }
                port = free
                state.ports.insert(free)
            } else if !kept.contains(port), !mine.contains(port) {
                guard network.nodePorts.contains(port) else {
                    return AllocationError(
                        field: "spec.ports[\(index)].nodePort",
                        message:
                            "provided port is not in the valid range. The range of valid ports is \(network.nodePorts.lowerBound)-\(network.nodePorts.upperBound)"
                    )
                }
                guard state.ports.insert(port).inserted else {
                    return AllocationError(
                        field: "spec.ports[\(index)].nodePort", message: "provided port is already allocated")
                }
            }
            mine.insert(port)
            service.spec.ports[index].nodePort = port
        }
        return nil
    }
}
