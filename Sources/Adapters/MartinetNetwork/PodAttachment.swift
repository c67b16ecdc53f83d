package import MartinetAddresses

/// A pod's place in the network.
package struct PodAttachment: Hashable, Sendable {
    /// Whose it is: the caller's id, such as the sandbox's.
    package let owner: String
    /// Where the pod's namespace is bound.
    package let namespace: NetworkNamespace
    /// The address of `eth0`, alone on its link: everything goes through the gateway.
    package let address: IPAddress
    package let gateway: IPAddress
    /// The node's end of the pair.
    package let hostLink: String
    package let mtu: UInt32
    /// Whether namespace and link are there. False after something foreign removed them: the pod cannot be helped, and
    /// `detach` frees the rest.
    package let isIntact: Bool
}
