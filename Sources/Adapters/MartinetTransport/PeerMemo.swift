import Synchronization

/// What a handler has found out about a peer, kept as long as its connection: reading a certificate costs more than
/// answering a small request.
package final class PeerMemo: Sendable {
    private let value = Mutex<(any Sendable)?>(nil)

    package init() {}

    /// What was kept, or what `make` finds now. Concurrent first calls may each make one; the last is kept.
    package func value<Kept: Sendable>(_ make: () -> Kept) -> Kept {
        if let kept = value.withLock({ $0 }) as? Kept { return kept }
        let made = make()
        value.withLock { $0 = made }
        return made
    }
}
