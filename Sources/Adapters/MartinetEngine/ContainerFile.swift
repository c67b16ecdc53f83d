import MartinetBase
import MartinetContainers
package import MartinetOCI

/// What is kept on disk of a container, so that the next process knows it. New fields must be optional.
package struct ContainerFile: Codable, Sendable {
    package var version = 1
    package var id: String
    package var name: String
    package var attempt: Int32
    package var image: String
    package var imageID: String
    package var logPath: String
    package var folder: String
    package var stopSignal: Int32
    package var messagePolicy: String
    package var spec: OCISpec
    /// Nanoseconds since 1970; nil while it is being created.
    package var started: Int64?
    /// Why its program could not be executed.
    package var startError: String?
}

/// What is kept of a pod.
struct PodFile: Codable {
    var version = 1
    var namespace: String
    var name: String
    var uid: String
    var addresses: [String]
    var cgroup: String
    var hasHostPorts: Int
}
