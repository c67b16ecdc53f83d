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
        if image.contains("@") { return "IfNotPresent" }
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
    }
}
