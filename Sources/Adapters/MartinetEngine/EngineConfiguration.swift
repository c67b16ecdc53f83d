/// Where an engine keeps things, and what it tells pods of their node.
package struct EngineConfiguration: Sendable {
    /// State of what runs; may be on a tmpfs, as it tells of nothing that outlives the machine's start.
    package var runFolder = "/run/martinet/pods"
    /// Root file systems and volumes.
    package var dataFolder = "/var/lib/martinet/pods"
    package var logFolder = "/var/log/pods"
    package var containerLogFolder = "/var/log/containers"
    package var cgroupParent = "/kubepods"
    package var nodeName: String
    package var nodeAddresses: [String]
    package var clusterDNS: [String] = []
    package var clusterDomain = "cluster.local"
    package var resolvConf = "/etc/resolv.conf"
    package var hostsFile = "/etc/hosts"
    /// Bytes of the machine, for how readily the kernel kills a pod.
    package var memoryCapacity: Int64 = 0

    package init(nodeName: String, nodeAddresses: [String]) {
        self.nodeName = nodeName
        self.nodeAddresses = nodeAddresses
    }
}
