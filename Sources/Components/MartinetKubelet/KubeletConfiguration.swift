package import MartinetEngine
package import MartinetPodLifecycle

/// What makes a node out of a machine.
package struct KubeletConfiguration: Sendable {
    package var nodeName: String
    /// `InternalIP`s, the first one first.
    package var nodeAddresses: [String]
    package var labels: [String: String] = [:]
    /// Where the node serves logs and exec.
    package var port: Int32 = 10_250
    package var podsMax: Int64 = 110
    /// How often the node says that it is there.
    package var leaseRenewal: Duration = .seconds(10)
    package var leaseSeconds: Int32 = 40
    package var version = "v1.36.2"
    package var engineVersion = "0.1.0"
    /// Bytes kept for the system.
    package var reservedMemory: Int64 = 0
    /// A folder of manifests whose pods run without the API server; nil for none.
    package var staticPodFolder: String?
    package var dataFolder = "/var/lib/martinet/pods"

    package var logLimits = LogLimits()
    /// When the node counts as low on something, and pods have to go.
    package var thresholds = NodePressure.Thresholds()
    /// Percent of the disk in use from which images go, and down to which.
    package var imageHighPercent: Int64 = 85
    package var imageLowPercent: Int64 = 80
    /// An image is let alone for as long after it was first seen.
    package var imageAgeMin: Duration = .seconds(120)
    /// What the node has left; nil asks the machine.
    package var readings: (@Sendable () -> NodeReadings)?

    package init(nodeName: String, nodeAddresses: [String]) {
        self.nodeName = nodeName
        self.nodeAddresses = nodeAddresses
    }
}
