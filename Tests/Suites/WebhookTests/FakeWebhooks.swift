import MartinetSchema
import MartinetWebhooks
import Synchronization

/// Webhooks that are functions, by the path of their url.
final class FakeWebhooks: WebhookCaller {
    typealias Hook = @Sendable (_ review: Value, _ request: Value) -> String?

    private let hooks = Mutex<[String: Hook]>([:])
    private let seen = Mutex<[(path: String, request: Value)]>([])

    /// - Parameter hook: the answer's JSON; nil for one that cannot be reached.
    func on(_ path: String, _ hook: @escaping Hook) { hooks.withLock { $0[path] = hook } }

    /// An admission webhook whose answer is like that, beside the uid.
    func answer(_ path: String, _ fields: @escaping @Sendable (_ request: Value) -> String) {
        on(path) { review, request in
            let version = review["apiVersion"].text
            return
                #"{"kind":"AdmissionReview","apiVersion":"\#(version)","response":{"uid":"\#(request["uid"].text)",\#(fields(request))}}"#
        }
    }

    /// What they have been asked, in order.
    var requests: [(path: String, request: Value)] { seen.withLock { $0 } }
    func requests(_ path: String) -> [Value] { requests.filter { $0.path == path }.map(\.request) }
    func forget() { seen.withLock { $0 = [] } }

    func call(_ calls: [WebhookCall]) -> [Result<[UInt8], WebhookFailure>] {
        calls.map { call in
            let review = (try? JSONDecoder.decodeAny(call.body).value) ?? .null
            let path = FakeWebhooks.path(call.url)
            let request = review["request"] == .null ? review["spec"] : review["request"]
            seen.withLock { $0.append((path, request)) }
            guard let text = hooks.withLock({ $0[path] })?(review, request) else {
                return .failure(WebhookFailure("Post \(call.url.debugDescription): connection refused"))
            }
            guard text.utf8.count <= call.answerMax else { return .failure(WebhookFailure("too long")) }
            return .success(Array(text.utf8))
        }
    }

    private static func path(_ url: String) -> String {
        let rest = url.dropFirst("https://".count).drop { $0 != "/" }
        return String(rest.prefix { $0 != "?" })
    }
}

extension Value {
    subscript(key: String) -> Value { if case .map(let map) = self { map[key] ?? .null } else { .null } }
    subscript(index: Int) -> Value { items.indices.contains(index) ? items[index] : .null }
    var text: String { if case .string(let text) = self { text } else { "" } }
    var items: [Value] { if case .list(let values) = self { values } else { [] } }
    var int: Int64? { if case .int(let number) = self { number } else { nil } }
}
