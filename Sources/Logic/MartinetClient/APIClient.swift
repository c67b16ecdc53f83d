package import MartinetBase
package import MartinetSchema

/// The one way in which components reach the API server, in the process or over HTTPS: the same authentication,
/// authorization and admission either way.
package protocol APIClient: Sendable {
    /// Sends a request that is answered once. `completion` runs on `executor`, exactly once.
    ///
    /// A list answers with the kind's list object; delete and deletecollection with the object or a `Status`.
    func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void)

    /// Opens a watch. `sink` runs on `executor`, in order; after `.ended` never again.
    func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort
}

package protocol WatchPort: Sendable {
    /// Ends the watch; what is on its way may still arrive.
    func cancel()
}

package enum WatchMessage: Sendable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Everything up to this resourceVersion has been delivered; `initialEventsEnd` closes the initial list.
    case bookmark(resourceVersion: String, initialEventsEnd: Bool)
    /// The stream is over: nil where it simply ended, else why.
    case ended(APIError?)
}
