import MartinetAPI
import MartinetContainers

/// The files of `/etc` that a pod gets from its node.
struct PodFiles {
    let pod: Pod
    let configuration: EngineConfiguration

    /// What the pod calls itself: its name, or what it asks for.
    var hostname: String {
        if pod.spec.setHostnameAsFQDN == true, let domain { return "\(shortName).\(domain)" }
        return shortName
    }

    private var shortName: String {
        if let override = pod.spec.hostnameOverride, !override.isEmpty { return override }
        let name = pod.spec.hostname.isEmpty ? pod.metadata.name : pod.spec.hostname
        return String(decoding: name.utf8.prefix(63), as: UTF8.self)
    }

    /// The kernel takes 64 bytes (sethostname(2)); a name that is cut would be another's.
    func checkHostname() throws(EngineError) {
        let name = hostname
        guard name.utf8.count > 64 else { return }
        throw EngineError(
            "FailedCreatePodSandBox",
            "Failed to construct FQDN from Pod hostname and cluster domain, FQDN \(name) is too long (64 characters is "
                + "the max, \(name.utf8.count) characters requested)")
    }

    private var domain: String? {
        pod.spec.subdomain.isEmpty
            ? nil : "\(pod.spec.subdomain).\(pod.metadata.namespace).svc.\(configuration.clusterDomain)"
    }

    func hosts(addresses: [String]) -> String {
        var text = ""
        if pod.spec.hostNetwork {
            text = "# Kubernetes-managed hosts file (host network).\n"
            text += (try? Files.text(configuration.hostsFile)) ?? "127.0.0.1\tlocalhost\n"
        } else {
            text = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
            text += "fe00::\tip6-localnet\nfe00::\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
            for address in addresses {
                text += domain.map { "\(address)\t\(shortName).\($0)\t\(shortName)\n" } ?? "\(address)\t\(shortName)\n"
            }
        }
        if !pod.spec.hostAliases.isEmpty {
            text += "\n# Entries added by HostAliases.\n"
            for alias in pod.spec.hostAliases { text += "\(alias.ip)\t\(alias.hostnames.joined(separator: "\t"))\n" }
        }
        return text
    }

    /// By `dnsPolicy`, with `dnsConfig` added; see resolv.conf(5).
    func resolvConf() -> String {
        var servers: [String] = []
        var searches: [String] = []
        var options: [String] = []
        var policy = pod.spec.dnsPolicy.isEmpty ? "ClusterFirst" : pod.spec.dnsPolicy
        if policy == "ClusterFirst", pod.spec.hostNetwork { policy = "Default" }
        if policy == "ClusterFirstWithHostNet" { policy = "ClusterFirst" }
        if policy == "ClusterFirst", configuration.clusterDNS.isEmpty { policy = "Default" }
        let host = PodFiles.parse((try? Files.text(configuration.resolvConf)) ?? "")
        switch policy {
        case "None": break
        case "ClusterFirst":
            servers = configuration.clusterDNS
            let domain = configuration.clusterDomain
            searches = ["\(pod.metadata.namespace).svc.\(domain)", "svc.\(domain)", domain] + host.searches
            options = ["ndots:5"]
        default: (servers, searches, options) = host
        }
        if let config = pod.spec.dnsConfig {
            for server in config.nameservers where !servers.contains(server) { servers.append(server) }
            for search in config.searches where !searches.contains(search) { searches.append(search) }
            for option in config.options {
                options.removeAll { $0 == option.name || $0.hasPrefix(option.name + ":") }
                options.append(option.value.map { "\(option.name):\($0)" } ?? option.name)
            }
        }
        var text = ""
        if !searches.isEmpty { text += "search \(searches.joined(separator: " "))\n" }
        for server in servers { text += "nameserver \(server)\n" }
        if !options.isEmpty { text += "options \(options.joined(separator: " "))\n" }
        return text
    }

    private static func parse(_ text: String) -> (servers: [String], searches: [String], options: [String]) {
        var servers: [String] = []
        var searches: [String] = []
        var options: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            switch words.first {
            case "nameserver": servers += words.dropFirst().prefix(1)
            case "search", "domain": searches = Array(words.dropFirst())
            case "options": options = Array(words.dropFirst())
            default: break
            }
        }
        return (servers, searches, options)
    }
}
