package import MartinetBase
package import MartinetClient
package import MartinetSchema
import Synchronization

/// Passes everything on and keeps a line for every write, in the order in which they were sent.
package final class RecordingClient: APIClient {
    private let client: any APIClient
    private let runtime: any Runtime
    private let written = Mutex<[String]>([])

    package init(_ client: any APIClient, runtime: any Runtime) {
        self.client = client
        self.runtime = runtime
    }

    /// The writes so far: virtual time, verb, path and document.
    package var writes: [String] { written.withLock { $0 } }

    package func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        switch request.verb {
        case .create, .update, .patch, .delete, .deletecollection:
            let document =
                request.object.map { String(decoding: JSONEncoder.encode($0), as: UTF8.self) }
                ?? request.patch.map { String(decoding: $0.document, as: UTF8.self) } ?? ""
            let time = runtime.monotonic().nanoseconds
            written.withLock { $0.append("\(time) \(request.verb) \(request.resource) \(document)") }
        case .get, .list, .watch: break
        }
        client.send(request, on: executor, completion)
    }

    package func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort {
        client.watch(request, on: executor, sink)
    }
}
