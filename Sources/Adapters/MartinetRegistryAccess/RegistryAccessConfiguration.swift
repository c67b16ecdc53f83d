package import MartinetRegistry

/// Whom registries are trusted by, what is known of them, and how long is waited for them.
package struct RegistryAccessConfiguration: Sendable {
    /// Folders as containerd and docker have them: `HOST[:PORT]/hosts.toml`, `*.crt`, and `*.cert` with `*.key`. The
    /// first that has a folder for a host counts; `_default` is for those that have none.
    package var folders = ["/etc/martinet/certs.d", "/etc/containerd/certs.d", "/etc/docker/certs.d"]
    /// Authorities, in PEM, that are trusted besides the machine's own.
    package var authorities: [UInt8] = []
    /// Registries, as images' names begin, that are spoken to over plain http. Those of this machine are when they do not
    /// speak TLS.
    package var plainHTTP: Set<String> = []
    package var proxies: ProxySettings?
    package var connectTimeout: Duration = .seconds(10)
    package var headTimeout: Duration = .seconds(30)
    /// How long a body may stand still before it is given up, and gone on with.
    package var stallTimeout: Duration = .seconds(30)
    package var attemptsMax = 5
    package var firstDelay: Duration = .milliseconds(200)
    /// Images at once, of one process.
    package var parallelPulls = 4
    /// Layers at once, of one image.
    package var parallelLayers = 3

    package init() {}
}
