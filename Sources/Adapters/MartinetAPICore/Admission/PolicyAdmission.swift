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
    static let group = "admissionregistration.k8s.io"
    /// What policies are about is never policies: nobody can be locked out of mending one.
    private static let exempt: Set<String> = [
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ]
    private static let policies = ResourceName(
        group: group, version: "v1", plural: "validatingadmissionpolicies")
    private static let bindings = ResourceName(
        group: group, version: "v1", plural: "validatingadmissionpolicybindings")

    private struct Compiled {
        let revision: Revision
        let spec: Object
        let policy: AdmissionPolicy
    }
    /// By name. A policy is compiled when the first request after its write comes.
    private let compiled = Mutex<[String: Compiled]>([:])

    private struct Denial {
        let policy: String
        let binding: String?
        let decision: AdmissionPolicy.Decision

        var message: String {
            let bound = binding.map { " with binding '\($0)'" } ?? ""
            return "ValidatingAdmissionPolicy '\(policy)'\(bound) denied request: \(decision.message)"
        }
    }

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        if attributes.kind.group == ValidatingPolicies.group, ValidatingPolicies.exempt.contains(attributes.kind.name) {
            return try checkExpressions(attributes)
        }
        let stored = registry.cached(ValidatingPolicies.policies)
        guard !stored.isEmpty else { return }
        let bindings = registry.cached(ValidatingPolicies.bindings).map(\.object)
        guard !bindings.isEmpty else { return }
        let request = PolicyRequest(attributes, registry)
        var denials: [Denial] = []
        for object in stored {
            let name = object.name
            let bound = bindings.filter { $0.part("spec")?.text("policyName") == name }
            guard !bound.isEmpty, let found = policy(object),
                let place = request.matching.match(found.spec.part("matchConstraints"))
            else { continue }
            for binding in bound where request.matching.match(binding.part("spec")?.part("matchResources")) != nil {
                try evaluate(name, found, binding, place, request, &denials)
            }
        }
        guard let first = denials.first else { return }
        throw refusal(first, attributes)
    }

    private func policy(_ object: CachedObject) -> Compiled? {
        if let known = compiled.withLock({ $0[object.name] }), known.revision == object.revision { return known }
        guard let spec = object.object.part("spec") else { return nil }
        let fresh = Compiled(revision: object.revision, spec: spec, policy: AdmissionPolicy(spec))
        compiled.withLock { known in
            // Those that are gone are forgotten by and by.
            if known.count > 1000 { known.removeAll() }
            known[object.name] = fresh
        }
        return fresh
    }

    private func evaluate(
        _ name: String, _ found: Compiled, _ binding: Object, _ place: PolicyMatching.Place, _ request: PolicyRequest,
        _ denials: inout [Denial]
    ) throws(APIError) {
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

    /// A policy that cannot be computed is not stored.
    private func checkExpressions(_ attributes: AdmissionAttributes) throws(APIError) {
        guard attributes.verb == .create || attributes.verb == .update, attributes.resource.subresource.isEmpty,
            !attributes.kind.name.hasSuffix("Binding"), let spec = attributes.object.part("spec")
        else { return }
        let errors = AdmissionPolicyRules.check(spec, old: attributes.old?.part("spec"))
        guard errors.isEmpty else {
            throw APIError.invalid(attributes.kind, attributes.object.metadata.name, errors)
        }
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
