import Synchronization

/// What the server says about a request besides its answer.
package final class RequestNotes: Sendable {
    private struct State {
        var warnings: [String] = []
        var annotations: [String: String] = [:]
    }
    private let state = Mutex(State())
    /// So that a hostile policy cannot fill the headers of an answer.
    private static let warningsMax = 64

    package init() {}

    /// Texts for the caller's eyes, each once, in the order of their coming.
    package var warnings: [String] { state.withLock { $0.warnings } }
    /// What the audit log keeps of the request.
    package var annotations: [String: String] { state.withLock { $0.annotations } }

    package func warn(_ text: String) {
        state.withLock { state in
            guard state.warnings.count < RequestNotes.warningsMax, !state.warnings.contains(text) else { return }
            state.warnings.append(text)
        }
    }

    package func annotate(_ key: String, _ value: String) { state.withLock { $0.annotations[key] = value } }
}
