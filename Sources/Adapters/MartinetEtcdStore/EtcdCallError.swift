import MartinetEtcdMessages
import MartinetStore

/// A call that did not succeed.
struct EtcdCallError: Error, Sendable {
    let status: GRPCStatus
    /// The request never left: it cannot have been carried out.
    let isUnsent: Bool

    /// Whether it is certain that nothing was written. What an etcd refuses by these codes it has not carried out; of the
    /// others (unavailable, deadline exceeded, unknown ...) nobody knows.
    var isCertain: Bool {
        if isUnsent { return true }
        switch status.code {
        case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .resourceExhausted, .failedPrecondition,
            .outOfRange, .unimplemented, .unauthenticated:
            return true
        case .ok, .cancelled, .unknown, .deadlineExceeded, .aborted, .internal, .unavailable, .dataLoss: return false
        }
    }

    /// The member, and not the request, is at fault: another one may do better.
    var blamesMember: Bool {
        switch status.code {
        case .unavailable, .deadlineExceeded, .internal, .unknown, .cancelled, .dataLoss: true
        default: false
        }
    }

    /// The token is old (or the rights have changed since it was given): a new one is needed.
    var needsToken: Bool {
        status.code == .unauthenticated || status.message.contains("revision of auth store is old")
    }

    var isCompacted: Bool { status.code == .outOfRange && status.message.contains("compacted") }
    var isFuture: Bool { status.code == .outOfRange && status.message.contains("future") }

    /// As callers of the store know it, for what certainly was not carried out.
    func storeError(_ what: String) -> StoreError {
        let text = "etcd: \(what): \(status)"
        switch status.code {
        case .resourceExhausted where status.message.contains("space"): return StoreError(.noSpace(free: 0), text)
        case .resourceExhausted, .unavailable: return StoreError(.overloaded, text)
        case .invalidArgument, .failedPrecondition: return StoreError(.invalid, text)
        case .dataLoss: return StoreError(.corrupt, text)
        default: return StoreError(.io, text)
        }
    }
}
