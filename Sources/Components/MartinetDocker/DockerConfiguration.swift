package import MartinetNetwork
package import MartinetRegistryAccess

/// Where `martinet docker` keeps things. Its images are the node's own: what is built here, pods can run at once.
package struct DockerConfiguration: Sendable {
    /// The node's folder of what outlives the machine's start; the images are in it.
    package var state = "/var/lib/martinet"
    /// The node's folder of what runs, asked only for the images that its pods use.
    package var nodeRun = "/run/martinet"
    /// Containers, volumes and logs of `docker run`.
    package var data = "/var/lib/martinet-docker"
    package var run = "/run/martinet-docker"
    package var cgroupParent = "/martinet-docker"
    /// Of the firewall's table.
    package var networkName = "martinet-docker"
    package var bridge = "mtdocker0"
    package var linkPrefix = "mtd"
    package var range = "172.29.0.0/24"
    /// Never given out: a network of containers has no services, and the table wants a range for them.
    package var serviceRange = "172.29.255.0/24"
    /// The namespace that the bridge is in; nil is the process's own.
    package var node: NetworkNamespace?
    /// Where logins are (`config.json`).
    package var loginFolder = "/root/.docker"
    package var registries = RegistryAccessConfiguration()
    /// How this program is started again, to watch over a container that nobody waits for.
    package var program = ["/proc/self/exe", "docker"]

    package init() {}

    var images: String { state + "/images" }
    var containers: String { data + "/containers" }
    var volumes: String { data + "/volumes" }
    var lock: String { run + "/lock" }
    var pods: String { run + "/pods" }
}
