import MartinetAPI
package import MartinetClient
package import MartinetSchema

extension Registry {
    /// Why somebody may not connect to a pod, whatever roles say; nil where nothing is against it.
    ///
    /// - Parameter resource: the pod and one of `exec`, `attach`, `portforward` and `proxy`.
    package func connectRefusal(_ resource: ResourceName, pod: Object, _ identity: Identity) -> APIError? {
        guard let kind = pod.type.kind else { return nil }
        let attributes = AdmissionAttributes(
            APIRequest(.create, resource), verb: .create, kind: kind, identity: identity, object: pod, old: pod)
        do throws(APIError) {
            try admission.connect(attributes, in: self)
            return nil
        } catch {
            return error
        }
    }
}

/// Nobody gets a shell in a pod that has more of its node than others.
///
/// Source: the DenyEscalatingExec admission controller, which upstream has dropped.
struct DenyEscalatingExec: AdmissionPlugin {
    let name = "DenyEscalatingExec"

    func connect(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard ["exec", "attach"].contains(attributes.resource.subresource),
            let spec = attributes.object.part("spec")
        else { return }
        for field in ["hostPID", "hostIPC"] where spec[field: field] == .bool(true) {
            throw attributes.forbidden("cannot exec into or attach to a container using spec.\(field)")
        }
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            for (index, container) in spec.parts(list).enumerated()
            where container.part("securityContext")?[field: "privileged"] == .bool(true) {
                throw attributes.forbidden(
                    "cannot exec into or attach to a privileged container: spec.\(list)[\(index)].securityContext.privileged is true"
                )
            }
        }
    }
}
