import MartinetAPI
import MartinetSchema

/// Defaults of pods and of pod templates that depend on other fields.
enum PodSpecDefaults {
    static func apply(to spec: inout PodSpec) {
        for index in spec.containers.indices { apply(to: &spec.containers[index]) }
        for index in spec.initContainers.indices { apply(to: &spec.initContainers[index]) }
        for index in spec.ephemeralContainers.indices where spec.ephemeralContainers[index].imagePullPolicy.isEmpty {
            spec.ephemeralContainers[index].imagePullPolicy = pullPolicy(spec.ephemeralContainers[index].image)
        }
        for index in spec.volumes.indices {
            if let image = spec.volumes[index].image {
                if image.pullPolicy.isEmpty { spec.volumes[index].image?.pullPolicy = pullPolicy(image.reference) }
            } else if spec.volumes[index].object.count <= (spec.volumes[index].name.isEmpty ? 0 : 1) {
                spec.volumes[index].emptyDir = EmptyDirVolumeSource()
            }
        }
        if !spec.serviceAccountName.isEmpty {
            spec.serviceAccount = spec.serviceAccountName
        } else if !spec.serviceAccount.isEmpty {
            spec.serviceAccountName = spec.serviceAccount
        }
    }

    private static func apply(to container: inout Container) {
        if container.imagePullPolicy.isEmpty { container.imagePullPolicy = pullPolicy(container.image) }
    }

    /// `Always` where the image's name may mean another image tomorrow.
    static func pullPolicy(_ image: String) -> String {
        if image.has("@") { return "IfNotPresent" }
        let last = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard let colon = last.lastIndex(of: ":") else { return "Always" }
        let tag = last[last.index(after: colon)...]
        return tag == "latest" ? "Always" : "IfNotPresent"
    }

    /// A Pod's own: requests that follow limits, host ports on the host's network.
    static func applyPodOnly(to spec: inout PodSpec) {
        let onHost = spec.hostNetwork
        func complete(_ container: inout Container) {
            var requests = container.resources.requests
            for (name, limit) in container.resources.limits where requests[name] == nil { requests[name] = limit }
            if requests != container.resources.requests { container.resources.requests = requests }
            guard onHost else { return }
            for index in container.ports.indices where container.ports[index].hostPort == 0 {
                container.ports[index].hostPort = container.ports[index].containerPort
            }
        }
        for index in spec.containers.indices { complete(&spec.containers[index]) }
        for index in spec.initContainers.indices { complete(&spec.initContainers[index]) }
        if spec.resources != nil { completeWhole(&spec) }
    }

    /// Where a pod says something of what it needs as a whole, its containers say the rest.
    private static func completeWhole(_ spec: inout PodSpec) {
        guard var whole = spec.resources else { return }
        let sums = PodResourceSums(Part(spec.object, Report()))
        if !whole.limits.isEmpty || !whole.requests.isEmpty {
            for (name, amount) in sums.limits
            where ResourceNames.isHugePages(name) && whole.requests[name] == nil && whole.limits[name] == nil {
                whole.limits[name] = "\(amount)"
            }
        }
        guard !whole.limits.isEmpty else { return spec.resources = whole }
        for (name, amount) in sums.requests where ["cpu", "memory"].contains(name) && whole.requests[name] == nil {
            whole.requests[name] = "\(amount)"
        }
        for (name, limit) in whole.limits where whole.requests[name] == nil {
            if ["cpu", "memory"].contains(name) || ResourceNames.isHugePages(name) { whole.requests[name] = limit }
        }
        spec.resources = whole
    }
}
