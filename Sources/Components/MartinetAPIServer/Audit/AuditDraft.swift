import MartinetAPI
import MartinetDocuments
import MartinetAPICore
import MartinetAudit
import MartinetAuthorization
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

/// What is kept of one request, from its coming to its end.
final class AuditDraft: Sendable {
    private struct State {
        var impersonated: AccessRequest?
        var notes: RequestNotes?
        var sent: AuditEvent.Payload?
        var sentBytes = 0
        var answered: AuditEvent.Payload?
        var answeredBytes = 0
        var failure: APIError?
    }

    private let record: AuditRecord
    private let decision: AuditPolicy.Decision
    private let isLong: Bool
    private let authorizer: Authorizer
    private let log: AuditLog
    private let state = Mutex(State())

    init(
        _ record: AuditRecord, _ decision: AuditPolicy.Decision, isLong: Bool, authorizer: Authorizer, log: AuditLog
    ) {
        self.record = record
        self.decision = decision
        self.isLong = isLong
        self.authorizer = authorizer
        self.log = log
    }

    var id: String { record.id }

    // MARK: - What becomes known on the way

    func impersonates(_ asked: AccessRequest) { state.withLock { $0.impersonated = asked } }

    /// What was sent, as it was understood.
    func sent(_ request: APIRequest, bytes: Int) {
        state.withLock { $0.notes = request.notes }
        guard decision.level >= .request else { return }
        let payload: AuditEvent.Payload
        if let object = request.object {
            payload = { JSONEncoder.encode(object) }
        } else if let patch = request.patch?.document {
            payload = { patch }
        } else {
            return
        }
        state.withLock { ($0.sent, $0.sentBytes) = (payload, bytes) }
    }

    func answered(_ reply: Reply) {
        guard decision.level >= .requestResponse else { return }
        let now = record.received
        state.withLock {
            $0.answered = {
                ReplyEncoder(representation: Representation(), include: .none, now: now).encode(reply).body.joined
            }
        }
    }

    func failed(_ error: APIError) {
        state.withLock { state in
            state.failure = error
            guard decision.level >= .requestResponse else { return }
            state.answered = { JSONEncoder.encode(error.status.object) }
        }
    }

    // MARK: - Stages

    func received() { emit(.requestReceived, code: nil) }

    func started(_ code: Int) { if isLong { emit(.responseStarted, code: code) } }

    /// - Parameter code: 0 where no answer was given.
    func completed(_ code: Int, bytes: Int) {
        state.withLock { $0.answeredBytes = bytes }
        emit(code == 0 ? .panic : .responseComplete, code: code == 0 ? 500 : code)
    }

    private func emit(_ stage: AuditStage, code: Int?) {
        guard !decision.omittedStages.contains(stage) else { return }
        let now = state.withLock { $0 }
        var event = AuditEvent(record, decision, stage, at: log.runtime.now())
        event.impersonated = now.impersonated
        guard let code else { return log.add(event) }
        var outcome = AuditEvent.Outcome(code: code)
        if let failure = now.failure {
            outcome.status = "Failure"
            (outcome.reason, outcome.message) = (failure.reason, failure.message)
        }
        event.outcome = outcome
        event.annotations = now.notes?.annotations ?? [:]
        annotate(&event, now.impersonated ?? record.asked, code)
        (event.request, event.response) = (now.sent, stage == .responseComplete ? now.answered : nil)
        event.weight = 1024 &+ now.sentBytes &+ now.answeredBytes
        log.add(event)
    }

    /// What authorization said. Who was not let in was never asked about.
    private func annotate(_ event: inout AuditEvent, _ asked: AccessRequest, _ code: Int) {
        guard code != 401 else { return }
        let verdict = authorizer.known(asked)
        guard let verdict else { return }
        event.annotations["authorization.k8s.io/decision"] = verdict.isAllowed ? "allow" : "forbid"
        event.annotations["authorization.k8s.io/reason"] = verdict.reason
    }
}
