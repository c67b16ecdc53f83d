import MartinetAdmissionPolicies
import MartinetAPI
import MartinetCELKubernetes
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization

/// Requests must pass the rules of the ValidatingAdmissionPolicies that are bound to them.
///
/// Source: KEP-3488, apiserver's admission/plugin/policy/validating/dispatcher.go.
final class ValidatingPolicies: AdmissionPlugin {
    let name = "ValidatingAdmissionPolicy"
    private typealias Directory = PolicyDirectory<AdmissionPolicy>
    private let directory = Directory("validatingadmissionpolicies", "validatingadmissionpolicybindings") {
        AdmissionPolicy($0)
    }

    private struct Denial {
        let policy: String
        let binding: String?
        let decision: AdmissionPolicy.Decision

        var message: String {
            let bound = binding.map { " with binding '\($0)'" } ?? ""
            return "ValidatingAdmissionPolicy '\(policy)'\(bound) denied request: \(decision.message)"
        }
    }

    func connect(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        try validate(attributes, in: registry)
    }

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        let bound = directory.bound(to: attributes.resource, in: registry)
        guard !bound.isEmpty, !PolicyExemption.holds(attributes) else { return }
        let request = PolicyRequest(attributes, registry)
        var denials: [Denial] = []
        for bound in bound {
            guard let place = request.matching.match(bound.spec.part("matchConstraints")) else { continue }
            for binding in bound.bindings
            where request.matching.match(binding.part("spec")?.part("matchResources")) != nil {
                try evaluate(bound, binding, place, request, &denials)
            }
        }
        guard let first = denials.first else { return }
        throw refusal(first, attributes)
    }

    private func evaluate(
        _ found: Directory.Bound, _ binding: Object, _ place: PolicyMatching.Place, _ request: PolicyRequest,
        _ denials: inout [Denial]
    ) throws(APIError) {
        let name = found.name
        let bindingName = binding.metadata.name
        let params: [Object?]
        do throws(PolicyRequest.ConfigurationError) {
            params = try request.params(found.spec.part("paramKind"), binding.part("spec")?.part("paramRef"))
        } catch {
            guard !found.policy.failsOpen else { return }
            let decision = AdmissionPolicy.Decision(failure: "failed to configure binding: \(error.message)")
            denials.append(Denial(policy: name, binding: bindingName, decision: decision))
            return
        }
        var actions: [String] = []
        if case .list(let values)? = binding.part("spec")?[field: "validationActions"] {
            actions = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        var annotations: [String: [String]] = [:]
        for param in params {
            let result = found.policy.evaluate(try request.input(place, params: param))
            for decision in result.decisions where decision.isDenied {
                let denial = Denial(policy: name, binding: bindingName, decision: decision)
                if actions.contains("Deny") { denials.append(denial) }
                if actions.contains("Warn") {
                    request.attributes.warn(
                        "Validation failed for ValidatingAdmissionPolicy '\(name)' with binding '\(bindingName)': \(decision.message)"
                    )
                }
                if actions.contains("Audit") { audit(denial, actions, request.attributes) }
            }
            for error in result.annotationErrors {
                denials.append(
                    Denial(policy: name, binding: bindingName, decision: AdmissionPolicy.Decision(failure: error)))
            }
            for (key, value) in result.annotations where annotations[key]?.contains(value) != true {
                annotations[key, default: []].append(value)
            }
        }
        for (key, values) in annotations {
            request.attributes.annotate("\(name)/\(key)", values.joined(separator: ", "))
        }
    }

    private func audit(_ denial: Denial, _ actions: [String], _ attributes: AdmissionAttributes) {
        func entry(_ key: String, _ value: Value) -> Map.Entry { Map.Entry(key: key, value: value) }
        let failure = Map(unsorted: [
            entry("message", .string(denial.decision.message)), entry("policy", .string(denial.policy)),
            entry("binding", .string(denial.binding ?? "")),
            entry("expressionIndex", .int(Int64(denial.decision.index))),
            entry("validationActions", .list(actions.map(Value.string))),
        ])
        attributes.annotate(
            "validation.policy.admission.k8s.io/validation_failure",
            String(decoding: JSONEncoder.encode(Value.list([.map(failure)])), as: UTF8.self))
    }

    private func refusal(_ denial: Denial, _ attributes: AdmissionAttributes) -> APIError {
        let detail = denial.decision.detail.isEmpty ? "" : " (\(denial.decision.detail))"
        var error = attributes.forbidden(denial.message + detail)
        error.reason = denial.decision.reason
        error.code =
            switch denial.decision.reason {
            case "Unauthorized": 401
            case "Forbidden": 403
            case "RequestEntityTooLarge": 413
            default: 422
            }
        error.causes = [.init(reason: "", field: "", message: denial.message)]
        return error
    }
}

extension AdmissionPolicy.Decision {
    /// A refusal because something about the policy itself is wrong.
    init(failure message: String) {
        self.init(index: 0, message: message, reason: "Invalid", detail: "", isDenied: true)
    }
}

extension Registry {
    /// What is stored of a resource, not decoded.
    func cached(_ name: ResourceName) -> [CachedObject] {
        guard let resource = served[name] else { return [] }
        var selection = Selection()
        selection.namespace = name.namespace
        return resource.cache.page(selection, from: nil, limit: 0, at: nil)?.objects ?? []
    }
}
