package import MartinetAddresses

/// Everything that names or places a node's network. Two clusters on one machine differ in `name`, `bridge`,
/// `linkPrefix`, the ranges and the folders.
package struct NodeNetworkConfiguration: Hashable, Sendable {
    /// The nftables tables' name.
    package var name = "martinet"
    /// The bridge's name: at most 15 bytes, as every link's.
    package var bridge = "martinet0"
    /// How the node's ends of the pods' links begin: at most 7 bytes.
    package var linkPrefix = "mt"
    /// This node's pods. Its first address is the bridge's.
    package var podRange: IPNetwork
    /// All pods of all nodes; contains `podRange`.
    package var clusterRange: IPNetwork
    /// All cluster addresses of services.
    package var serviceRange: IPNetwork
    package var mtu: UInt32 = 1500
    package var stateFolder = "/run/martinet/network"
    package var namespaceFolder = "/run/martinet/netns"
    /// How many namespaces are kept ready for the next pods.
    package var readyNamespaces = 4
    /// The namespace that is the node; nil is the process's own.
    package var node: NetworkNamespace?

    package init(podRange: IPNetwork, clusterRange: IPNetwork, serviceRange: IPNetwork) {
        self.podRange = podRange
        self.clusterRange = clusterRange
        self.serviceRange = serviceRange
    }

    /// The bridge's address, which is every pod's way out.
    package var gateway: IPAddress { podRange.address(at: 1) ?? podRange.address }

    /// What is wrong with it, in words; nil where nothing is.
    package var problem: String? {
        if bridge.isEmpty || bridge.utf8.count > 15 { return "the bridge name \"\(bridge)\" is not 1 to 15 bytes long" }
        if linkPrefix.isEmpty || linkPrefix.utf8.count > 7 {
            return "the link prefix \"\(linkPrefix)\" is not 1 to 7 bytes long"
        }
        if name.isEmpty || name.utf8.count > 64 { return "the table name \"\(name)\" is not 1 to 64 bytes long" }
        if podRange.count < 8 { return "the pod range \(podRange) has fewer than 8 addresses" }
        if !clusterRange.contains(podRange.address) || clusterRange.prefix > podRange.prefix {
            return "the pod range \(podRange) is not inside the cluster's range \(clusterRange)"
        }
        if serviceRange.family != podRange.family {
            return "the service range \(serviceRange) is of another family than the pod range \(podRange)"
        }
        if serviceRange.overlaps(clusterRange) {
            return "the service range \(serviceRange) overlaps the cluster's pod range \(clusterRange)"
        }
        return nil
    }
}
