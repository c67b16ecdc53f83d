package import MartinetAuthorization

// What the server around the registry shows of it: health and the audit log.

extension Registry {
    /// Why the store does not answer; nil where it does. Waits for it.
    package var storeFailure: String? {
        StoreHealth().states(of: store).first { !$0.isHealthy }?.message
    }
}

extension Authorizer {
    /// What is decided about a request; nil where somebody outside would have to be asked.
    package func known(_ request: AccessRequest) -> Decision? {
        let decision = decide(request)
        guard let open = decision.open else { return decision }
        _ = questions.take(open)
        return nil
    }
}
