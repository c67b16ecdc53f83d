import MartinetAdmissionPolicies
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetWebhooks

/// One request and the webhooks that want to see it.
struct WebhookCalls {
    /// A webhook and the version in which it wants the object.
    struct Invocation {
        let hook: AdmissionHook
        let place: PolicyMatching.Place
    }

    enum Outcome {
        case answered(AdmissionAnswer)
        /// It has not answered, or not in a way that counts.
        case failed(String)
        /// It is not to be asked at all.
        case refused(APIError)
    }

    static let answerMax = 4 << 20

    let registry: Registry
    let attributes: AdmissionAttributes

    /// Whether a webhook wants to see the request.
    ///
    /// - Throws: where its conditions cannot be told and it fails closed.
    func invocation(_ hook: AdmissionHook, _ request: WebhookRequest) throws(APIError) -> Invocation? {
        guard let place = hook.match(request.matching) else { return nil }
        guard let conditions = hook.conditions else { return Invocation(hook: hook, place: place) }
        do throws(MatchConditions.Undecided) {
            let input = try input(request, place)
            return try conditions.hold(input) ? Invocation(hook: hook, place: place) : nil
        } catch {
            if hook.failsOpen { return nil }
            throw attributes.forbidden(error.message)
        }
    }

    private func input(
        _ request: WebhookRequest, _ place: PolicyMatching.Place
    ) throws(MatchConditions.Undecided) -> PolicyInput {
        do throws(APIError) {
            return try request.input(place)
        } catch {
            throw MatchConditions.Undecided(message: error.message)
        }
    }

    /// Asks webhooks, all at once, and waits for all of them.
    func ask(_ invocations: [Invocation], _ request: WebhookRequest) throws(APIError) -> [Outcome] {
        let left = registry.timeLeft()
        guard left > .zero else { throw APIError.requestTimeout }
        var outcomes: [Outcome?] = []
        var questions: [(index: Int, uid: String, call: WebhookCall)] = []
        for (index, invocation) in invocations.enumerated() {
            let hook = invocation.hook
            guard !attributes.isDryRun || hook.isHarmless else {
                outcomes.append(
                    .refused(
                        .badRequest("admission webhook \(hook.name.debugDescription) does not support dry run")))
                continue
            }
            guard let version = hook.reviewVersion else {
                outcomes.append(
                    .failed(
                        "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"
                    ))
                continue
            }
            guard let endpoint = hook.endpoint else {
                outcomes.append(
                    .failed("could not get REST client: webhook configuration must have either service or URL"))
                continue
            }
            var question = try request.question(invocation.place)
            question.uid = registry.runtime.uid()
            let call = WebhookCall(
                endpoint, question.review(version: version), timeout: min(hook.timeout, left),
                answerMax: WebhookCalls.answerMax)
            questions.append((index, question.uid, call))
            outcomes.append(nil)
        }
        let answers = questions.isEmpty ? [] : registry.webhooks.caller.call(questions.map(\.call))
        for (question, answer) in zip(questions, answers) {
            outcomes[question.index] = read(answer, question.uid, invocations[question.index].hook)
        }
        return outcomes.map { $0 ?? .failed("failed to call webhook: no answer") }
    }

    private func read(
        _ answer: Result<[UInt8], WebhookFailure>, _ uid: String, _ hook: AdmissionHook
    ) -> Outcome {
        switch answer {
        case .failure(let failure): return .failed("failed to call webhook: \(failure)")
        case .success(let bytes):
            do throws(InvalidAnswer) {
                let answer = try AdmissionAnswer.read(
                    bytes, uid: uid, version: hook.reviewVersion ?? "v1", isMutating: hook.isMutating)
                for (key, value) in answer.auditAnnotations { attributes.annotate("\(hook.name)/\(key)", value) }
                for warning in answer.warnings { attributes.warn(warning) }
                return .answered(answer)
            } catch {
                let what = error.isUnreadable ? "failed to call webhook" : "received invalid webhook response"
                return .failed("\(what): \(error)")
            }
        }
    }

    /// What a failure of a webhook means for the request; nil where it goes on without.
    func consequence(_ hook: AdmissionHook, _ why: String, _ annotation: String) -> APIError? {
        let text = "failed calling webhook \(hook.name.debugDescription): \(why)"
        guard hook.failsOpen else { return .internalError(text) }
        registry.log.warning("webhook failed, the request goes on", [("webhook", hook.name), ("error", why)])
        attributes.annotate("failed-open.\(annotation)", hook.name)
        return registry.timeLeft() > .zero ? nil : .requestTimeout
    }
}
