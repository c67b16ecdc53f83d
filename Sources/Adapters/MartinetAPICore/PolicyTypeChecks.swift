import MartinetAPI
import MartinetAdmissionPolicies
import MartinetBase
import MartinetClient
import MartinetManagedFields
import MartinetSchema
import MartinetStore

// A ValidatingAdmissionPolicy gets a status: what is doubtful about its expressions, given the kinds that they meet.
extension Registry {
    static let policyKind = "ValidatingAdmissionPolicy"

    /// Follows a policy. Runs on the store's thread.
    func policyChanged(_ object: CachedObject) {
        let generation = object.object.metadata.generation
        guard Registry.observedGeneration(object.object) != generation else { return }
        let name = object.name
        waiting.submit { self.writeTypeCheck(name) }
    }

    private static func observedGeneration(_ policy: Object) -> Int64 {
        if case .int(let number)? = policy.part("status")?[field: "observedGeneration"] { number } else { 0 }
    }

    private var policyResource: ServedResource? {
        served[ResourceName(group: PolicyExemption.group, version: "v1", plural: "validatingadmissionpolicies")]
    }

    /// A write of the system's own, again when another came between.
    private func writeTypeCheck(_ name: String) {
        guard let resource = policyResource,
            let current = resource.cache.get(resource.key(namespace: nil, name: name)),
            let spec = current.object.part("spec")
        else { return }
        let generation = current.object.metadata.generation
        guard Registry.observedGeneration(current.object) != generation else { return }
        let kinds = AdmissionPolicyRules.namedResources(spec).compactMap {
            served[ResourceName(group: $0.group, version: $0.version, plural: $0.plural)]?.kind
        }
        let params = spec.part("paramKind").flatMap { self.resource($0)?.kind }
        let warnings = AdmissionPolicyRules.typeWarnings(spec, kinds: kinds, params: params)
        var object = current.object
        object.change("status") { status in
            status[field: "observedGeneration"] = .int(generation)
            guard let type = status.type.field(named: "typeChecking")?.type else { return }
            var checking = Object(type: type)
            if let entry = type.field(named: "expressionWarnings")?.type, !warnings.isEmpty {
                let values = warnings.map { warning in
                    var value = Object(type: entry)
                    value[field: "fieldRef"] = .string(warning.field)
                    value[field: "warning"] = .string(warning.warning)
                    return Value.object(value)
                }
                checking[field: "expressionWarnings"] = .list(values)
            }
            status[field: "typeChecking"] = .object(checking)
        }
        fieldManager(resource, subresource: "status").update(
            live: current.object, known: current.managed, object: &object, name: "kube-controller-manager",
            now: runtime.now())
        guard let bytes = try? encode(object, resource) else { return }
        write(.update(current.key, bytes, modified: current.revision), current.key, resource) {
            result in
            if case .failure(let error) = result, error.isConflict {
                self.waiting.submit { self.writeTypeCheck(name) }
            }
        }
    }
}
