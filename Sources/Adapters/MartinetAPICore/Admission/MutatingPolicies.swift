import MartinetAdmissionPolicies
import MartinetAPI
import MartinetClient
import MartinetSchema

/// Changes what is written as the MutatingAdmissionPolicies say that are bound to it.
///
/// Source: KEP-3962, apiserver's admission/plugin/policy/mutating/dispatcher.go.
final class MutatingPolicies: AdmissionPlugin {
    let name = "MutatingAdmissionPolicy"
    private typealias Directory = PolicyDirectory<MutatingPolicy>
    private let directory = Directory("mutatingadmissionpolicies", "mutatingadmissionpolicybindings") {
        MutatingPolicy($0)
    }

    /// One policy with one binding and one object of parameters.
    private struct Invocation {
        let bound: Directory.Bound
        let binding: String
        let place: PolicyMatching.Place
        let params: Object?

        var key: String {
            let params = params?.metadata
            return "\(bound.name)/\(binding)/\(params?.namespace ?? "")/\(params?.name ?? "")"
        }
    }

    private struct Failure {
        let policy: String
        let binding: String
        let message: String
        let reason: String
        var text: String { "policy '\(policy)' with binding '\(binding)' denied request: \(message)" }
    }

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.verb == .create || attributes.verb == .update else { return }
        let bound = directory.bound(to: attributes.resource, in: registry)
        guard !bound.isEmpty, !PolicyExemption.holds(attributes) else { return }
        var request = PolicyRequest(attributes, registry)
        var failures: [Failure] = []
        // What matches is decided before anything is changed.
        let invocations = self.invocations(bound, request, &failures)
        var hasChanged = false
        for invocation in invocations {
            let before = request.attributes.object
            try invoke(invocation, &request, attributes.passes, &failures)
            if request.attributes.object != before {
                hasChanged = true
                attributes.passes.changed()
            }
            if invocation.bound.policy.isReinvocable { attributes.passes.remember(invocation.key) }
        }
        if let first = failures.first { throw refusal(first, failures, attributes) }
        guard hasChanged else { return }
        attributes.object = request.attributes.object
        attributes.passes.changed()
    }

    private func invocations(
        _ bound: [Directory.Bound], _ request: PolicyRequest, _ failures: inout [Failure]
    ) -> [Invocation] {
        var found: [Invocation] = []
        for bound in bound {
            guard let place = request.matching.match(bound.spec.part("matchConstraints")) else { continue }
            for binding in bound.bindings {
                let spec = binding.part("spec")
                guard request.matching.match(spec?.part("matchResources")) != nil else { continue }
                let name = binding.metadata.name
                do throws(PolicyRequest.ConfigurationError) {
                    for params in try request.params(bound.spec.part("paramKind"), spec?.part("paramRef")) {
                        found.append(Invocation(bound: bound, binding: name, place: place, params: params))
                    }
                } catch {
                    guard !bound.policy.failsOpen else { continue }
                    let message = "failed to configure binding: \(error.message)"
                    failures.append(Failure(policy: bound.name, binding: name, message: message, reason: "Forbidden"))
                }
            }
        }
        return found
    }

    /// A mutation that fails leaves the object to those after it; the request is refused in the end.
    private func invoke(
        _ invocation: Invocation, _ request: inout PolicyRequest, _ passes: AdmissionPasses,
        _ failures: inout [Failure]
    ) throws(APIError) {
        let policy = invocation.bound.policy
        func fail(_ failure: PolicyFailure) {
            guard !policy.failsOpen else { return }
            failures.append(
                Failure(
                    policy: invocation.bound.name, binding: invocation.binding, message: failure.message,
                    reason: "Invalid"))
        }
        let input = try request.input(invocation.place, params: invocation.params)
        do throws(PolicyFailure) {
            guard try policy.matches(input), passes.isDue(invocation.key) else { return }
        } catch {
            return fail(error)
        }
        var object = try request.object(in: invocation.place)
        for index in 0..<policy.mutationCount {
            do throws(PolicyFailure) {
                object = request.withDefaults(try policy.mutate(index, object, input), in: invocation.place)
            } catch {
                fail(error)
            }
        }
        try request.replace(object, in: invocation.place)
    }

    private func refusal(_ first: Failure, _ failures: [Failure], _ attributes: AdmissionAttributes) -> APIError {
        var error = attributes.forbidden("")
        error.message = first.text
        error.reason = first.reason
        error.causes = failures.map { .init(reason: "", field: "", message: $0.text) }
        return error
    }
}
