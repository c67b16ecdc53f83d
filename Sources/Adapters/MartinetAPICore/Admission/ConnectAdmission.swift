import MartinetAPI
package import MartinetClient
package import MartinetSchema

extension Registry {
    /// Why somebody may not connect to a pod, whatever roles say; nil where nothing is against it.
    ///
    /// - Parameters:
    ///   - resource: the pod and one of `exec`, `attach`, `portforward` and `proxy`.
    ///   - query: the values that the request's query has for a name.
    package func connectRefusal(
        _ resource: ResourceName, pod: Object, _ identity: Identity, query: (String) -> [String] = { _ in [] }
    ) -> APIError? {
        guard let kind = pod.type.kind else { return nil }
        var attributes = AdmissionAttributes(
            APIRequest(.create, resource), verb: .create, kind: kind, identity: identity, object: pod, old: pod)
        attributes.connection = kind.bodyType(ofSubresource: resource.subresource).map {
            ConnectOptions.object(of: $0, query)
        }
        do throws(APIError) {
            try admission.connect(attributes, in: self)
            return nil
        } catch {
            return error
        }
    }
}

/// What a request to connect says in its query, as the object that upstream makes of it.
enum ConnectOptions {
    static func object(of type: ObjectType, _ query: (String) -> [String]) -> Object {
        var object = Object(type: type)
        for field in type.fields {
            let values = query(field.name)
            guard let first = values.first else { continue }
            switch (field.container, field.scalar) {
            case (.single, .bool): object[field: field.name] = .bool(first.lowercased() != "false" && first != "0")
            case (.single, .string): object[field: field.name] = .string(first)
            case (.list, .string): object[field: field.name] = .list(values.map(Value.string))
            case (.list, .int32): object[field: field.name] = .list(values.compactMap { Int64($0).map(Value.int) })
            default: break
            }
        }
        return object
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
