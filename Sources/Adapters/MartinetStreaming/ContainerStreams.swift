/// A container of a pod on this node.
package struct ContainerTarget: Sendable, Hashable {
    package let namespace: String
    package let pod: String
    package let container: String

    package init(namespace: String, pod: String, container: String) {
        self.namespace = namespace
        self.pod = pod
        self.container = container
    }
}

/// Why the node does not serve a stream: an HTTP status, and words for the person who asked.
package struct StreamRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    package let status: Int
    /// Lower case; names the pod, container or port.
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    package var description: String { message }
}

/// Which of a process's standard streams are wanted, and whether they are a terminal.
package struct StandardStreams: Sendable, Hashable {
    package var input: Bool
    package var output: Bool
    package var errors: Bool
    package var tty: Bool

    package init(input: Bool = false, output: Bool = false, errors: Bool = false, tty: Bool = false) {
        self.input = input
        self.output = output
        self.errors = errors
        self.tty = tty
    }
}

/// What a node offers of its containers. Completions are called once, on any thread, and must not block; nothing here
/// may block the caller either.
package protocol ContainerStreams: Sendable {
    /// Whether the container is known here (`container` empty: the pod alone), before a connection is upgraded for it.
    func check(_ target: ContainerTarget, _ completion: @escaping @Sendable (StreamRefusal?) -> Void)

    func log(
        _ target: ContainerTarget, _ options: LogOptions,
        _ completion: @escaping @Sendable (Result<any LogSource, StreamRefusal>) -> Void)

    /// Starts a command in a running container.
    func exec(
        _ target: ContainerTarget, _ command: [String], _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void)

    /// The container's own process. `hangUp` only leaves it.
    func attach(
        _ target: ContainerTarget, _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void)

    /// Connects to a port of the pod, on its loopback.
    func portForward(
        namespace: String, pod: String, port: UInt16,
        _ completion: @escaping @Sendable (Result<any ContainerPipe, StreamRefusal>) -> Void)

    /// The pods of this node as a `v1.PodList` in JSON.
    func pods(_ completion: @escaping @Sendable ([UInt8]) -> Void)
}
