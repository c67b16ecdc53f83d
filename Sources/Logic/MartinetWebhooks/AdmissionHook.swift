package import MartinetAdmissionPolicies
package import MartinetSchema

/// One webhook of a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration.
package struct AdmissionHook: Sendable {
    package let configuration: String
    package let name: String
    /// Its number among those of its sort, for audit annotations.
    package let index: Int
    package let isMutating: Bool
    package let endpoint: WebhookEndpoint?
    package let failsOpen: Bool
    package let timeout: Duration
    /// The version of AdmissionReview that it is sent; nil where it knows none that there is.
    package let reviewVersion: String?
    /// Whether it may be called for a dry run.
    package let isHarmless: Bool
    /// Whether it is called again when others have changed the object after it.
    package let isReinvoked: Bool
    package let conditions: MatchConditions?
    private let object: Object

    /// - Parameter object: a MutatingWebhook or a ValidatingWebhook, with its defaults.
    package init(_ object: Object, configuration: String, index: Int, isMutating: Bool) {
        self.object = object
        self.configuration = configuration
        self.index = index
        self.isMutating = isMutating
        name = object.text("name")
        endpoint = object.part("clientConfig").flatMap { WebhookEndpoint($0) }
        failsOpen = object.text("failurePolicy") == "Ignore"
        var seconds: Int64 = 10
        if case .int(let number)? = object[field: "timeoutSeconds"] { seconds = min(max(number, 1), 30) }
        timeout = .seconds(seconds)
        reviewVersion = object.texts("admissionReviewVersions").first { ["v1", "v1beta1"].contains($0) }
        isHarmless = ["None", "NoneOnDryRun"].contains(object.text("sideEffects"))
        isReinvoked = isMutating && object.text("reinvocationPolicy") == "IfNeeded"
        conditions = MatchConditions(object)
    }

    /// Identifies it in the course of one request.
    package var id: String { "\(configuration)/\(index)/\(name)" }

    /// In which version of its resource a request is one for this webhook, its conditions aside; nil where it is not.
    package func match(_ matching: PolicyMatching) -> PolicyMatching.Place? { matching.match(hook: object) }

    /// Whether it may be asked about such requests at all: nothing that `match` accepts is left out.
    package func mayConcern(plural: String, subresource: String, operation: String) -> Bool {
        object.parts("rules").contains { rule in
            guard rule.texts("operations").contains(where: { $0 == "*" || $0 == operation }) else { return false }
            return rule.texts("resources").contains { text in
                if text == "*/*" { return true }
                let slash = text.firstIndex(of: "/")
                let main = text[..<(slash ?? text.endIndex)]
                let sub = slash.map { text[text.index(after: $0)...] } ?? ""
                return (main == "*" || main == plural) && (sub == "*" || sub == subresource)
            }
        }
    }

    /// The hooks of configurations, in the order in which they are asked: by the names of the configurations.
    package static func all(_ configurations: [Object], isMutating: Bool) -> [AdmissionHook] {
        let sorted = configurations.map { (name: $0.part("metadata")?.text("name") ?? "", object: $0) }
            .sorted { $0.name.precedes($1.name) }
        var hooks: [AdmissionHook] = []
        for (name, object) in sorted {
            for hook in object.parts("webhooks") {
                hooks.append(
                    AdmissionHook(hook, configuration: name, index: hooks.count, isMutating: isMutating))
            }
        }
        return hooks
    }

    /// Nobody can be locked out of mending webhooks and policies.
    package static func isExempt(group: String, kind: String) -> Bool {
        group == "admissionregistration.k8s.io" && exempt.contains(kind)
    }

    private static let exempt: Set<String> = [
        "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
    ]
}

extension Object {
    /// The texts of a list.
    func texts(_ field: String) -> [String] {
        guard case .list(let values)? = self[field: field] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}
