package import MartinetAddresses

/// The addresses and ports that Services get.
package struct ServiceNetwork: Sendable, Hashable {
    /// One range, or two of different families; the first one's family is the one that Services have by default. The first
    /// address of a range is never given out.
    package let ranges: [IPNetwork]
    package var nodePorts: ClosedRange<Int32>

    /// - Parameters:
    ///   - base: the first address of an IPv4 range, as a number.
    ///   - secondary: a range of the other family, for a cluster with both.
    package init(
        base: UInt32 = 0x0A60_0000, prefixLength: Int = 16, nodePorts: ClosedRange<Int32> = 30000...32767,
        secondary: IPNetwork? = nil
    ) {
        let address = IPAddress(
            UInt8(base >> 24), UInt8(base >> 16 & 255), UInt8(base >> 8 & 255), UInt8(base & 255))
        self.init(
            ranges: [IPNetwork(address, prefix: prefixLength), secondary].compactMap { $0 }, nodePorts: nodePorts)
    }

    /// - Parameter ranges: of several of one family the first counts.
    package init(ranges: [IPNetwork], nodePorts: ClosedRange<Int32> = 30000...32767) {
        var families: Set<IPFamily> = []
        self.ranges = ranges.filter { families.insert($0.family).inserted }
        self.nodePorts = nodePorts
    }

    /// The address of the `kubernetes` Service: the first of the range.
    package var apiServer: String { address(1) }
    /// Where the cluster's name server answers: the tenth of the range, as kubeadm has it.
    package var nameServer: String { address(10) }

    private func address(_ offset: UInt64) -> String { ranges.first?.address(at: offset)?.description ?? "" }

    func range(_ family: String) -> IPNetwork? { ranges.first { ServiceNetwork.name($0.family) == family } }

    static func name(_ family: IPFamily) -> String { family == .v4 ? "IPv4" : "IPv6" }

    /// The other family's name.
    static func other(_ family: String) -> String { family == "IPv4" ? "IPv6" : "IPv4" }

    /// The families that the cluster has, the default one first.
    var families: [String] { ranges.map { ServiceNetwork.name($0.family) } }
}
