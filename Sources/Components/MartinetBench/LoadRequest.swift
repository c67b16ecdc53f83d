import NIOCore

/// One request of a measurement.
struct LoadRequest: Sendable {
    var method: String
    /// Path and query.
    var target: String
    var contentType: String?
    var body: [UInt8] = []
    /// What the one who asked knows it by.
    var ticket = 0
}

/// Gives requests to connections and takes what comes back. Called on the connections' event loop.
protocol LoadSource: AnyObject, Sendable {
    /// The next request of a free place on a connection; nil where there is nothing more to ask.
    func next() -> LoadRequest?
    /// - Parameter length: of the body, where the head says it.
    func head(_ ticket: Int, status: Int)
    func body(_ ticket: Int, _ bytes: ByteBuffer)
    func end(_ ticket: Int)
    /// The connection is gone, with what was under way on it.
    func broken(_ why: String)
}

/// The clock of measurements, in nanoseconds; the same for every process of the machine.
func nanoseconds() -> Int { Int(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds) }

/// Tells a connection that its source has something again.
struct LoadKick: Sendable {}
