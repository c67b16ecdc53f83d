import MartinetAPICore
import MartinetAudit
import MartinetAuthorization
import MartinetBase
import MartinetMetrics
import MartinetTransport

/// Keeps what the policy wants to be kept of each request.
package final class AuditLog: Sendable {
    private let policy: AuditPolicy
    private let backends: [any AuditBackend]
    let runtime: any Runtime
    private let events = Counter()

    init(policy: AuditPolicy, backends: [any AuditBackend], runtime: any Runtime) {
        self.policy = policy
        self.backends = backends
        self.runtime = runtime
    }

    /// As the flags say; nil where nothing is to be kept.
    static func make(_ flags: AuditFlags, _ parts: ServerAccess.Dependencies) throws -> AuditLog? {
        guard !flags.policy.isEmpty else { return nil }
        guard !flags.log.isEmpty || !flags.webhook.isEmpty else { return nil }
        let policy: AuditPolicy
        do throws(AuditPolicy.PolicyError) {
            policy = try AuditPolicy(try AuditLog.document(flags.policy))
        } catch {
            throw AccessError("\(flags.policy): \(error.message)")
        }
        let log = parts.log.named("audit")
        var backends: [any AuditBackend] = []
        if !flags.log.isEmpty { backends.append(try AuditFile(flags, runtime: parts.runtime, log: log)) }
        if !flags.webhook.isEmpty {
            let endpoint = try OutwardJSON(
                kubeconfig: flags.webhook, timeout: .seconds(30), loops: parts.loops, runtime: parts.runtime)
            backends.append(AuditWebhook(flags, endpoint: endpoint, runtime: parts.runtime, log: log))
        }
        return AuditLog(policy: policy, backends: backends, runtime: parts.runtime)
    }

    /// What becomes of a request; nil where nothing of it is kept.
    ///
    /// - Parameter asked: as whom it came in, before any impersonation.
    func draft(_ asked: AccessRequest, _ request: HTTPRequest, isLong: Bool, _ authorizer: Authorizer) -> AuditDraft? {
        let decision = policy.decide(asked)
        guard decision.level > .none else { return nil }
        let given = request.headers["audit-id"] ?? ""
        let isUsable = !given.isEmpty && given.utf8.count <= 64 && given.utf8.allSatisfy { $0 > 32 && $0 < 127 }
        let record = AuditRecord(
            id: isUsable ? given : runtime.uid(), asked, uri: request.path + (request.query.map { "?" + $0 } ?? ""),
            userAgent: request.headers["user-agent"] ?? "",
            sources: AuditRecord.sources(
                forwarded: request.headers.all("x-forwarded-for"), real: request.headers["x-real-ip"],
                peer: request.peer.address), received: runtime.now())
        return AuditDraft(record, decision, isLong: isLong, authorizer: authorizer, log: self)
    }

    func add(_ event: AuditEvent) {
        events.add()
        for backend in backends { backend.add(event) }
    }

    /// Keeps what waits. To be called when no more requests come.
    package func close() async {
        for backend in backends { await withCheckedContinuation { done in backend.close { done.resume() } } }
    }

    func write(to text: inout MetricText) {
        text.family("apiserver_audit_event_total", .counter, "Events that were made.")
        text.sample("apiserver_audit_event_total", [], events.value)
        text.family("apiserver_audit_error_total", .counter, "Events that were dropped or could not be kept.")
        for backend in backends {
            text.sample("apiserver_audit_error_total", [("plugin", backend.name)], backend.failures)
        }
    }
}
