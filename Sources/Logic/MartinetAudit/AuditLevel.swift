/// How much is kept of a request.
package enum AuditLevel: Int, Sendable, Comparable {
    case none
    /// Who asked for what and when, and how it ended.
    case metadata
    /// What was sent with it too.
    case request
    /// And what was answered.
    case requestResponse

    package var name: String { AuditLevel.names[rawValue] }
    private static let names = ["None", "Metadata", "Request", "RequestResponse"]

    init?(name: String) {
        guard let index = AuditLevel.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: index)
    }

    package static func < (a: AuditLevel, b: AuditLevel) -> Bool { a.rawValue < b.rawValue }
}

/// When in the life of a request an event is made.
package enum AuditStage: String, Sendable, CaseIterable {
    case requestReceived = "RequestReceived"
    /// The head of an answer is sent whose end is far: of long-running requests alone.
    case responseStarted = "ResponseStarted"
    case responseComplete = "ResponseComplete"
    /// No answer was given.
    case panic = "Panic"
}
