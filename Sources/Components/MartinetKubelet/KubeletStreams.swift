package import MartinetBase
package import MartinetContainers

/// What a node gives of its pods' inside, for whoever serves `log`, `exec`, `attach` and `portforward`.
///
/// Calls block for milliseconds: call them from a thread that may. Bytes travel over descriptors or in pieces that the
/// caller asks for, so that a slow reader slows the program and fills no memory.
package protocol KubeletStreams: Sendable {
    /// A container's log; with `follow`, until the container ends.
    func openLog(_ target: StreamTarget, _ options: LogOptions) throws -> LogReader
    /// One more process in a container.
    func exec(_ target: StreamTarget, _ request: ExecRequest) throws -> ExecHandle
    /// The container's own streams. `output` gets the stream's number, 1 or 2, and must not block.
    func attach(
        _ target: StreamTarget, output: @escaping @Sendable (Int, [UInt8]) -> Void
    ) throws -> AttachHandle
    /// A connected socket to a port inside the pod.
    func portForward(_ target: StreamTarget, port: UInt16) throws -> Descriptor
}

/// Whose streams are wanted.
package struct StreamTarget: Hashable, Sendable {
    package var namespace: String
    package var pod: String
    /// nil: the only one.
    package var container: String?
    package init(namespace: String, pod: String, container: String? = nil) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
    }
}

/// As the query of `log` has them.
package struct LogOptions: Sendable {
    package var follow = false
    package var previous = false
    package var timestamps = false
    package var since: Timestamp?
    package var tailLines: Int?
    package var limitBytes: Int?
    /// `Stdout`, `Stderr`, or nil for both.
    package var stream: String?
    package init() {}
}

package struct ExecRequest: Sendable {
    package var command: [String]
    package var terminal = false
    package var stdin = false
    package var stdout = true
    package var stderr = true
    package init(command: [String]) { self.command = command }
}

/// Why a stream cannot be had; `code` is the HTTP status that says so.
package struct StreamError: Error, Sendable, CustomStringConvertible {
    package let code: Int
    package let message: String
    package init(code: Int, _ message: String) {
        self.code = code
        self.message = message
    }
    package var description: String { message }
}
