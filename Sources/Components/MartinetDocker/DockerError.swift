/// What a command line could not do.
struct DockerError: Error, Sendable, CustomStringConvertible {
    let message: String
    /// What the program ends with; docker's own codes: 125 for the engine, 126 and 127 for the program in a container.
    let status: Int32

    init(_ message: String, status: Int32 = 1) {
        self.message = message
        self.status = status
    }

    var description: String { message }

    static func unsupported(_ what: String) -> DockerError { DockerError("\(what) is not supported", status: 125) }
}
