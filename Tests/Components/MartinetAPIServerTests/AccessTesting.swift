import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Testing

// What the tests of credentials ask a server in memory.
extension InMemoryServer {
    func create(_ path: String, _ body: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Value {
        let answer = try send("POST", path, body: body)
        #expect(answer.status == 201, "\(path): \(answer.text)", sourceLocation: sourceLocation)
        return answer.tree
    }

    func delete(_ path: String) throws { _ = try send("DELETE", path, body: #"{"gracePeriodSeconds":0}"#) }

    func account(_ name: String) throws -> Value {
        try create(
            "/api/v1/namespaces/a/serviceaccounts",
            #"{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#)
    }

    /// A token of an account in the namespace `a`.
    func token(_ account: String, _ spec: String = "{}") throws -> String {
        let answer = try create(
            "/api/v1/namespaces/a/serviceaccounts/\(account)/token",
            #"{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":\#(spec)}"#)
        return answer["status"]["token"].text
    }

    /// Whom a token stands for, by what its bearer is told; the answer's code where he is told nothing.
    func bearer(_ token: String) throws -> (status: Int, user: Value) {
        let answer = try send(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", token: token, headers: [],
            bytes: Array(#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}"#.utf8))
        return (answer.status, answer.tree["status"]["userInfo"])
    }

    func review(_ token: String, audiences: [String] = []) throws -> Value {
        let list = audiences.map { "\"\($0)\"" }.joined(separator: ",")
        return try create(
            "/apis/authentication.k8s.io/v1/tokenreviews",
            #"{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"\#(token)","audiences":[\#(list)]}}"#
        )["status"]
    }

    func pod(_ name: String, account: String = "robot", node: String = "") throws -> Value {
        try create(
            "/api/v1/namespaces/a/pods",
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"\#(name)"},"spec":{"nodeName":"\#(node)","serviceAccountName":"\#(account)","automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]}}"#
        )
    }

    func advance(_ duration: Duration) { _ = runtime.run(until: runtime.monotonic() + duration) { false } }
}

/// Tokens that nobody should have written.
enum ForgedToken {
    static func base64(_ text: String) -> String { base64(Array(text.utf8)) }

    static func base64(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// With any header and signature over the claims of a good token.
    static func make(header: String, claims: String, signature: [UInt8]) -> String {
        "\(base64(header)).\(base64(claims)).\(base64(signature))"
    }

    static func claims(of token: String) throws -> Map {
        let part = String(token.split(separator: ".")[1])
        var padded = part.replacing("-", with: "+").replacing("_", with: "/")
        while padded.utf8.count % 4 != 0 { padded += "=" }
        let bytes = try #require(Base64.decode(padded))
        guard case .map(let map) = try JSONDecoder.decodeAny(bytes).value else { throw Failure() }
        return map
    }

    struct Failure: Error {}

    /// The claims with some of them changed.
    static func changed(_ claims: Map, _ changes: [String: Value]) -> [UInt8] {
        let kept = claims.entries.filter { changes[$0.key] == nil }
        return JSONEncoder.encode(
            .map(Map(unsorted: kept + changes.map { Map.Entry(key: $0.key, value: $0.value) })))
    }
}
