package import MartinetBase
package import MartinetClient
package import MartinetSchema

/// Puts an unreliable network before an API server: delays, refused requests, answers that are lost after the deed.
///
/// Every choice comes from the runtime's seed.
package struct FaultyClient: APIClient {
    package struct Faults: Sendable {
        package var delayMax = Duration.milliseconds(20)
        /// Of a thousand requests, how many fail before they are done.
        package var refusedPerMille: UInt64 = 0
        /// Of a thousand requests, how many are done and answered with an error.
        package var lostPerMille: UInt64 = 0
        /// Of a thousand watches, how many end after a while.
        package var endedPerMille: UInt64 = 0
        package init() {}
    }

    private let client: any APIClient
    private let runtime: any Runtime
    private let faults: Faults

    package init(_ client: any APIClient, runtime: any Runtime, faults: Faults) {
        self.client = client
        self.runtime = runtime
        self.faults = faults
    }

    private func delay() -> Duration {
        .nanoseconds(Int64(runtime.random() % UInt64(max(1, faults.delayMax.nanoseconds))))
    }

    private func happens(_ perMille: UInt64) -> Bool { perMille > 0 && runtime.random() % 1000 < perMille }

    package func send(
        _ request: APIRequest, on executor: any SerialExecutorPort,
        _ completion: @escaping @Sendable (Result<Object, APIError>) -> Void
    ) {
        let isRefused = happens(faults.refusedPerMille)
        let isLost = happens(faults.lostPerMille)
        let (there, back) = (delay(), delay())
        let lost = APIError(code: 504, reason: "Timeout", message: "the answer was lost")
        executor.submit(after: there) {
            if isRefused { return completion(.failure(lost)) }
            client.send(request, on: executor) { result in
                executor.submit(after: back) { completion(isLost ? .failure(lost) : result) }
            }
        }
    }

    package func watch(
        _ request: APIRequest, on executor: any SerialExecutorPort, _ sink: @escaping @Sendable (WatchMessage) -> Void
    ) -> any WatchPort {
        // One delay for the whole stream keeps its order.
        let delay = delay()
        let port = client.watch(request, on: executor) { message in
            executor.submit(after: delay) { sink(message) }
        }
        if happens(faults.endedPerMille) {
            executor.submit(after: .seconds(5) + delay) {
                port.cancel()
                sink(.ended(APIError(code: 503, reason: "ServiceUnavailable", message: "the stream broke")))
            }
        }
        return port
    }
}
