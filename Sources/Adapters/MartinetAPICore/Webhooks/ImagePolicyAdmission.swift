import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetWebhooks
import Synchronization

/// Somebody outside says which images may run.
///
/// Source: kube-apiserver's plugin/pkg/admission/imagepolicy.
final class ImagePolicyAdmission: AdmissionPlugin {
    let name = "ImagePolicyWebhook"
    private static let annotation = "imagepolicywebhook.image-policy.k8s.io/"
    private static let answerMax = 1 << 20
    private let answers = Mutex(ImageAnswers())

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard let settings = registry.webhooks.imagePolicy, Waiting.deadline != nil, attributes.concerns("Pod"),
            attributes.verb == .create || attributes.verb == .update,
            ["", "ephemeralcontainers"].contains(attributes.resource.subresource)
        else { return }
        let question = ImageQuestion(
            pod: attributes.object, namespace: attributes.resource.namespace ?? "",
            subresource: attributes.resource.subresource)
        let known = answers.withLock { $0.answer(to: question, at: registry.runtime.monotonic()) }
        let answer: ImageAnswer
        if let known {
            answer = known
        } else {
            switch try ask(question, settings, registry) {
            case .success(let fresh): answer = fresh
            case .failure(let failure):
                registry.log.warning("the image policy webhook failed", [("error", failure.description)])
                guard settings.defaultAllow else { throw attributes.forbidden(failure.description) }
                return attributes.annotate(Self.annotation + "failed-open", "true")
            }
            let now = registry.runtime.monotonic()
            let until = now + (answer.isAllowed ? settings.allowTTL : settings.denyTTL)
            answers.withLock { $0.remember(answer, to: question, until: until, now: now) }
        }
        for (key, value) in answer.auditAnnotations { attributes.annotate(Self.annotation + key, value) }
        guard answer.isAllowed else { throw attributes.forbidden(answer.refusal) }
    }

    private func ask(
        _ question: ImageQuestion, _ settings: ImagePolicySettings, _ registry: Registry
    ) throws(APIError) -> Result<ImageAnswer, WebhookFailure> {
        let left = registry.timeLeft()
        guard left > .zero else { throw APIError.requestTimeout }
        let call = WebhookCall(
            settings.endpoint, question.review, timeout: min(left, .seconds(30)), announcesTimeout: false,
            answerMax: Self.answerMax, retryBackoff: settings.retryBackoff)
        return registry.webhooks.caller.call(call).flatMap { bytes in
            do throws(InvalidAnswer) {
                return .success(try ImageAnswer(bytes))
            } catch {
                return .failure(WebhookFailure(error.description))
            }
        }
    }
}
