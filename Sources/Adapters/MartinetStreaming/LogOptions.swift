package import MartinetBase

/// What is wanted of a container's log (`v1.PodLogOptions`).
package struct LogOptions: Sendable, Hashable {
    package enum Stream: String, Sendable { case all = "All", stdout = "Stdout", stderr = "Stderr" }

    package var follow = false
    /// The instance before the running one.
    package var previous = false
    package var tailLines: Int64?
    package var sinceSeconds: Int64?
    package var sinceTime: Timestamp?
    /// Each line begins with the time at which it was written.
    package var timestamps = false
    package var limitBytes: Int64?
    package var stream = Stream.all

    package init() {}

    /// Reads the query of a log request.
    ///
    /// - Throws: `StreamRefusal` with 400 for what cannot be read and 422 for what makes no sense.
    package init(_ query: QueryParameters) throws(StreamRefusal) {
        follow = query.flag("follow")
        previous = query.flag("previous")
        timestamps = query.flag("timestamps")
        tailLines = try LogOptions.number("tailLines", query)
        sinceSeconds = try LogOptions.number("sinceSeconds", query)
        limitBytes = try LogOptions.number("limitBytes", query)
        if let text = query["sinceTime"], !text.isEmpty {
            guard let time = Timestamp(rfc3339: text) else {
                throw StreamRefusal(400, "sinceTime \(text.debugDescription) is no RFC 3339 time")
            }
            sinceTime = time
        }
        if let text = query["stream"], !text.isEmpty {
            guard let value = Stream(rawValue: text) else {
                throw StreamRefusal(422, "stream \(text.debugDescription) is none of All, Stdout, Stderr")
            }
            stream = value
        }
        if let tailLines, tailLines < 0 { throw StreamRefusal(422, "tailLines must be 0 or more, not \(tailLines)") }
        if let limitBytes, limitBytes < 1 {
            throw StreamRefusal(422, "limitBytes must be 1 or more, not \(limitBytes)")
        }
        if let sinceSeconds, sinceSeconds < 1 {
            throw StreamRefusal(422, "sinceSeconds must be 1 or more, not \(sinceSeconds)")
        }
        if sinceSeconds != nil, sinceTime != nil {
            throw StreamRefusal(422, "at most one of sinceTime or sinceSeconds may be specified")
        }
        if stream != .all, tailLines != nil {
            throw StreamRefusal(422, "tailLines and a specific stream are mutually exclusive")
        }
    }

    private static func number(_ name: String, _ query: QueryParameters) throws(StreamRefusal) -> Int64? {
        guard let text = query[name], !text.isEmpty else { return nil }
        guard let value = Int64(text) else {
            throw StreamRefusal(400, "\(name) \(text.debugDescription) is no number")
        }
        return value
    }
}
