import MartinetAPI
import MartinetClient
import MartinetSchema

/// A pod tolerates an unreachable or unready node for five minutes, unless it says otherwise.
struct DefaultTolerationSeconds: AdmissionPlugin {
    let name = "DefaultTolerationSeconds"
    private static let taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        // An update too: tolerations are one list, which a client may send without these.
        guard attributes.kind.name == "Pod", attributes.kind.group.isEmpty, attributes.resource.subresource.isEmpty,
            attributes.verb == .create || attributes.verb == .update
        else { return }
        var pod = Pod(object: attributes.object)
        for taint in DefaultTolerationSeconds.taints {
            let tolerated = pod.spec.tolerations.contains {
                ($0.key == taint || $0.key.isEmpty) && ($0.effect == "NoExecute" || $0.effect.isEmpty)
            }
            guard !tolerated else { continue }
            pod.spec.tolerations.append(
                Toleration {
                    $0.key = taint
                    $0.operator = "Exists"
                    $0.effect = "NoExecute"
                    $0.tolerationSeconds = 300
                })
        }
        attributes.object = pod.object
    }
}
