import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema
package import MartinetTransport

extension APIServer {
    /// What a client reads whose request was refused before it came to the API: a Status, as for every other refusal.
    package static func limitExceeded(
        _ violation: LimitViolation
    ) -> (headers: [(String, String)], body: ResponseBody)? {
        let error =
            switch violation {
            case .bodyTooLarge: APIError.tooLarge(ServerLimits().bodyBytes)
            case .headersTooLarge:
                APIError(code: 431, reason: "RequestHeaderFieldsTooLarge", message: "the request's header is too large")
            case .bodyTimeout:
                APIError(code: 408, reason: "Timeout", message: "the request's body did not come in time")
            }
        return ([("content-type", "application/json")], .bytes(JSONEncoder.encode(error.status.object)))
    }
}
