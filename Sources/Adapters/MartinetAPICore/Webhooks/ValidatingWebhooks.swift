import MartinetClient
import MartinetWebhooks

/// Webhooks that judge what is written, all at once.
///
/// Source: apiserver's admission/plugin/webhook/validating/dispatcher.go.
struct ValidatingWebhooks: AdmissionPlugin {
    let name = "ValidatingAdmissionWebhook"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.asksWebhooks(registry) else { return }
        let hooks = registry.webhooks.current.validating
        guard !hooks.isEmpty else { return }
        let request = WebhookRequest(attributes, registry)
        let calls = WebhookCalls(registry: registry, attributes: attributes)
        var invocations: [WebhookCalls.Invocation] = []
        for hook in hooks {
            if let invocation = try calls.invocation(hook, request) { invocations.append(invocation) }
        }
        guard !invocations.isEmpty else { return }
        var refusal: APIError?
        for (index, (invocation, outcome)) in zip(invocations, try calls.ask(invocations, request)).enumerated() {
            let hook = invocation.hook
            switch outcome {
            case .refused(let error): refusal = refusal ?? error
            case .answered(let answer):
                if !answer.isAllowed { refusal = refusal ?? answer.refusal(by: hook.name) }
            case .failed(let why):
                let error = calls.consequence(
                    hook, why, "validating.webhook.admission.k8s.io/round_0_index_\(index)")
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
    }
}
