/// Parameters of a read of what has been, which only Martinet knows; each as the query string has it, nil where it is not
/// there.
package struct PastOptions: Sendable, Hashable {
    /// `at`: an RFC 3339 time, or how long ago as `10m` or `1h30m`.
    package var time: String?
    /// `atRevision`: a resourceVersion.
    package var revision: String?
    /// `history`: `true` asks for every version of one object that is remembered.
    package var history: String?

    /// Nil where no parameter is there.
    package init?(time: String? = nil, revision: String? = nil, history: String? = nil) {
        guard time != nil || revision != nil || history != nil else { return nil }
        self.time = time
        self.revision = revision
        self.history = history
    }
}
