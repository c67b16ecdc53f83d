import MartinetBase
import MartinetClient
import MartinetStore

// Reads where several servers write to one store: what another one has acknowledged is to be seen here too.
extension Registry {
    /// Whether a read is to be as new as the store itself: it names no revision, and is no continuation of another.
    func asksNewest(_ request: APIRequest) -> Bool {
        guard request.options.resourceVersion.isEmpty else { return false }
        switch request.verb {
        case .get: return true
        case .list: return request.options.continue.isEmpty
        case .watch: return request.options.sendInitialEvents
        default: return false
        }
    }

    /// Calls back, on a thread of its own, when the caches hold everything that anybody was acknowledged before.
    func whenNewest(_ resume: @escaping @Sendable (APIError?) -> Void) {
        store.settle { [self] error in
            waiting.submit {
                guard let error else { return resume(nil) }
                self.log.warning("the store does not say how new it is", [("error", "\(error)")])
                resume(
                    APIError(
                        code: 504, reason: "Timeout",
                        message: "Timeout: the store did not say in time what its newest revision is"))
            }
        }
    }
}
