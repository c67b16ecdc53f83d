import MartinetBase
import MartinetDocuments
import MartinetSchema
import Synchronization

/// What other servers have last said about themselves. It outlives their answering: a server that is away for a moment does
/// not take its kinds with it, they are only told to be stale.
final class RemoteDocuments: Sendable {
    struct Entry: Sendable {
        /// The version of the group as the aggregated discovery document has it.
        var version: Value?
        var openAPI2: Value?
        var openAPI3: ServedDocument?
        var fetched: Duration?
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var generation = 0
        /// Merged documents, by what they were made of.
        var made: [String: (source: String, document: ServedDocument)] = [:]
    }
    private let state = Mutex(State())

    /// Grows whenever something in here changes.
    var generation: Int { state.withLock { $0.generation } }

    subscript(name: String) -> Entry {
        get { state.withLock { $0.entries[name] ?? Entry() } }
        set {
            state.withLock { state in
                state.entries[name] = newValue
                state.generation += 1
            }
        }
    }

    func forget(_ name: String) {
        state.withLock { state in
            state.entries[name] = nil
            state.generation += 1
        }
    }

    /// What was made under a key, where its source is still the same; else what `make` makes now.
    func merged(_ key: String, _ source: String, _ make: () -> ServedDocument?) -> ServedDocument? {
        if let made = state.withLock({ $0.made[key] }), made.source == source { return made.document }
        guard let document = make() else { return nil }
        state.withLock { $0.made[key] = (source, document) }
        return document
    }
}
