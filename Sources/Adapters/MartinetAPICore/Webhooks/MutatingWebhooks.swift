import MartinetStrategies
import MartinetAdmissionPolicies
import MartinetAPI
import MartinetClient
import MartinetManagedFields
import MartinetPatch
import MartinetSchema
import MartinetWebhooks

/// Webhooks that may change what is written, one after the other.
///
/// Source: apiserver's admission/plugin/webhook/mutating/dispatcher.go.
struct MutatingWebhooks: AdmissionPlugin {
    let name = "MutatingAdmissionWebhook"
    private static let annotation = "mutation.webhook.admission.k8s.io/"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.asksWebhooks(registry) else { return }
        let hooks = registry.webhooks.current.mutating
        guard !hooks.isEmpty else { return }
        attributes.passes.webhooksBegin(attributes.object)
        var request = WebhookRequest(attributes, registry)
        for hook in hooks {
            let calls = WebhookCalls(registry: registry, attributes: attributes)
            guard let invocation = try calls.invocation(hook, request), attributes.passes.isDue(hook.id) else {
                continue
            }
            let isChanged = try ask(invocation, calls, request, &attributes)
            if isChanged { attributes.passes.changed() }
            if hook.isReinvoked { attributes.passes.remember(hook.id) }
            if isChanged { request = WebhookRequest(attributes, registry) }
        }
        attributes.passes.webhooksEnd(attributes.object)
    }

    /// - Returns: whether the object is another one now.
    private func ask(
        _ invocation: WebhookCalls.Invocation, _ calls: WebhookCalls, _ request: WebhookRequest,
        _ attributes: inout AdmissionAttributes
    ) throws(APIError) -> Bool {
        let hook = invocation.hook
        let place = "round_\(attributes.passes.isAgain ? 1 : 0)_index_\(hook.index)"
        var isChanged = false
        var failure: String?
        switch try calls.ask([invocation], request).first {
        case .refused(let error)?: throw error
        case .failed(let why)?: failure = why
        case nil: failure = "failed to call webhook: no answer"
        case .answered(let answer)?:
            guard answer.isAllowed else { throw answer.refusal(by: hook.name) }
            do throws(Undecodable) {
                isChanged = try patch(answer, invocation, request, &attributes, calls.registry)
            } catch {
                switch error {
                case .patch(let why): failure = "received undecodable patch in webhook response: \(why)"
                case .other(let error): throw error
                }
            }
            if isChanged { annotate(hook, answer, place, attributes) }
        }
        let text = JSONEncoder.encode(
            Value.map(
                Map(unsorted: [
                    .init(key: "configuration", value: .string(hook.configuration)),
                    .init(key: "webhook", value: .string(hook.name)), .init(key: "mutated", value: .bool(isChanged)),
                ])))
        attributes.annotate(MutatingWebhooks.annotation + place, String(decoding: text, as: UTF8.self))
        if let failure, let error = calls.consequence(hook, failure, MutatingWebhooks.annotation + place) {
            throw error
        }
        return isChanged
    }

    private enum Undecodable: Error {
        case patch(String)
        case other(APIError)
    }

    /// Applies a patch to the object in the version that the webhook saw, with its defaults and its schema.
    private func patch(
        _ answer: AdmissionAnswer, _ invocation: WebhookCalls.Invocation, _ request: WebhookRequest,
        _ attributes: inout AdmissionAttributes, _ registry: Registry
    ) throws(Undecodable) -> Bool {
        guard !answer.patch.isEmpty else { return false }
        do throws(DecodeError) {
            guard case .list(let steps) = try JSONDecoder.decodeAny(answer.patch).value else {
                throw DecodeError(.type, offset: 0, "the patch is no list")
            }
            if steps.isEmpty { return false }
        } catch {
            throw .patch(error.message)
        }
        do throws(APIError) {
            guard !attributes.isConnection, let before = try request.target(invocation.place) else {
                throw APIError.internalError(
                    "admission webhook \(invocation.hook.name.debugDescription) attempted to modify the object, which is not supported for this operation"
                )
            }
            let after: Object
            do throws(PatchError) {
                after = try Patcher.apply(answer.patch, .json, to: before).object
            } catch {
                throw APIError.internalError(error.message)
            }
            guard after != before else { return false }
            try replace(&attributes, by: after, registry)
            return true
        } catch {
            throw .other(error)
        }
    }

    private func replace(
        _ attributes: inout AdmissionAttributes, by object: Object, _ registry: Registry
    ) throws(APIError) {
        if let form = WebhookRequest.scale(attributes) {
            let entries = attributes.object.managedFields(isCanonical: true)
            attributes.object = try form.apply(
                Scale(object: object), to: attributes.object, entries, attributes.resource)
            return
        }
        var object = object
        guard let own = registry.served[attributes.resource], object.type.kind?.name == own.kind.name else {
            attributes.object = object
            return
        }
        if object.type != own.kind.type { object = try own.converted(object) }
        Defaults.apply(to: &object)
        own.strategy.setDefaults(&object)
        attributes.object = object
    }

    private func annotate(
        _ hook: AdmissionHook, _ answer: AdmissionAnswer, _ place: String, _ attributes: AdmissionAttributes
    ) {
        guard let patch = try? JSONDecoder.decodeAny(answer.patch).value else { return }
        let text = JSONEncoder.encode(
            Value.map(
                Map(unsorted: [
                    .init(key: "configuration", value: .string(hook.configuration)),
                    .init(key: "webhook", value: .string(hook.name)), .init(key: "patch", value: patch),
                    .init(key: "patchType", value: .string("JSONPatch")),
                ])))
        attributes.annotate("patch.webhook.admission.k8s.io/\(place)", String(decoding: text, as: UTF8.self))
    }

    /// The configurations themselves: their conditions must compile.
    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.kind.group == Webhooks.group, Webhooks.configurations.contains(attributes.kind.name),
            attributes.verb != .delete
        else { return }
        let errors = MatchConditions.check(attributes.object, old: attributes.old)
        guard errors.isEmpty else {
            throw APIError.invalid(attributes.kind, attributes.object.metadata.name, errors)
        }
    }
}

extension AdmissionAttributes {
    /// Whether webhooks may be asked about it, here and now.
    func asksWebhooks(_ registry: Registry) -> Bool {
        registry.webhooks.isActive && Waiting.deadline != nil && !isReviewed
            && !AdmissionHook.isExempt(group: kind.group, kind: kind.name)
    }
}
