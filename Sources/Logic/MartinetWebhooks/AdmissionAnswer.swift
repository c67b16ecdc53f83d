package import MartinetClient
import MartinetBase
import MartinetSchema

/// Why an answer is none.
package struct InvalidAnswer: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// Whether it is not even a review, so that the call itself counts as failed.
    package let isUnreadable: Bool

    init(_ description: String, isUnreadable: Bool = false) {
        self.description = description
        self.isUnreadable = isUnreadable
    }
}

/// What an admission webhook answers: the `response` of an AdmissionReview.
package struct AdmissionAnswer: Sendable {
    package let isAllowed: Bool
    /// A JSON patch as it came; empty for none.
    package let patch: [UInt8]
    package let warnings: [String]
    package let auditAnnotations: [(key: String, value: String)]
    private let status: Value?

    /// - Parameters:
    ///   - uid: of the question.
    ///   - version: of the review that was sent. In `v1beta1` neither uid nor version are looked at, as upstream.
    package static func read(
        _ bytes: [UInt8], uid: String, version: String, isMutating: Bool
    ) throws(InvalidAnswer) -> AdmissionAnswer {
        let review = try Review.read(bytes)
        guard let response = review["response"], response != .null else {
            throw InvalidAnswer("webhook response was absent")
        }
        if version == "v1" {
            let own = response["uid"]?.text ?? ""
            guard own == uid else {
                throw InvalidAnswer(
                    "expected response.uid=\(uid.debugDescription), got \(own.debugDescription)")
            }
            try Review.check(review, apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview")
        }
        return try AdmissionAnswer(response, version: version, isMutating: isMutating)
    }

    private init(_ response: Value, version: String, isMutating: Bool) throws(InvalidAnswer) {
        switch response["allowed"] {
        case .bool(let flag)?: isAllowed = flag
        case nil, .null?: isAllowed = false
        default: throw InvalidAnswer("response.allowed is no bool", isUnreadable: true)
        }
        var patch: [UInt8] = []
        switch response["patch"] {
        case .string(let text)?:
            guard let bytes = Base64.decode(text) else {
                throw InvalidAnswer("response.patch is not base64", isUnreadable: true)
            }
            patch = bytes
        case nil, .null?: break
        default: throw InvalidAnswer("response.patch is no text", isUnreadable: true)
        }
        let type = response["patchType"].flatMap { $0 == .null ? nil : $0.text }
        if version == "v1" { try AdmissionAnswer.check(patch, type, isMutating: isMutating) }
        self.patch = isMutating ? patch : []
        var warnings: [String] = []
        if case .list(let texts)? = response["warnings"] { warnings = texts.map(\.text) }
        self.warnings = warnings
        var annotations: [(key: String, value: String)] = []
        if case .map(let map)? = response["auditAnnotations"] {
            annotations = map.entries.map { ($0.key, $0.value.text) }
        }
        auditAnnotations = annotations
        status = response["status"].flatMap { $0 == .null ? nil : $0 }
    }

    private static func check(_ patch: [UInt8], _ type: String?, isMutating: Bool) throws(InvalidAnswer) {
        guard isMutating else {
            if !patch.isEmpty { throw InvalidAnswer("validating webhook may not return response.patch") }
            if type != nil { throw InvalidAnswer("validating webhook may not return response.patchType") }
            return
        }
        if !patch.isEmpty, type == nil {
            throw InvalidAnswer("webhook returned response.patch but not response.patchType")
        }
        guard let type else { return }
        if patch.isEmpty { throw InvalidAnswer("webhook returned response.patchType but not response.patch") }
        if type.isEmpty { throw InvalidAnswer("webhook returned invalid response.patchType of \"\"") }
        if type != "JSONPatch" { throw InvalidAnswer("unsupported patch type \(type.debugDescription)") }
    }

    /// What the client of a request that is not allowed is told.
    package func refusal(by webhook: String) -> APIError {
        var code = 400
        if case .int(let number)? = status?["code"], let own = Int(exactly: number), (400...599).contains(own) {
            code = own
        }
        let reason = status?["reason"]?.text ?? ""
        let message = status?["message"]?.text ?? ""
        let denied = "admission webhook \(webhook.debugDescription) denied the request"
        let text =
            message.isEmpty
            ? (reason.isEmpty ? "\(denied) without explanation" : "\(denied): \(reason)")
            : "\(denied): \(message)"
        var error = APIError(code: code, reason: reason, message: text)
        guard let details = status?["details"] else { return error }
        error.group = details["group"]?.text ?? ""
        error.kind = details["kind"]?.text ?? ""
        error.name = details["name"]?.text ?? ""
        if case .int(let seconds)? = details["retryAfterSeconds"] { error.retryAfterSeconds = Int32(clamping: seconds) }
        if case .list(let causes)? = details["causes"] {
            error.causes = causes.map {
                APIError.Cause(
                    reason: $0["reason"]?.text ?? "", field: $0["field"]?.text ?? "",
                    message: $0["message"]?.text ?? "")
            }
        }
        return error
    }
}

/// What reviews of all sorts have in common.
enum Review {
    static func read(_ bytes: [UInt8]) throws(InvalidAnswer) -> Value {
        do throws(DecodeError) {
            let value = try JSONDecoder.decodeAny(bytes).value
            guard case .map = value else {
                throw DecodeError(.type, offset: 0, "the answer is no JSON object")
            }
            return value
        } catch {
            throw InvalidAnswer("couldn't get a review from the answer: \(error.message)", isUnreadable: true)
        }
    }

    static func check(_ review: Value, apiVersion: String, kind: String) throws(InvalidAnswer) {
        func shown(_ apiVersion: String, _ kind: String) -> String {
            "\(apiVersion.contains("/") ? apiVersion : "/" + apiVersion), Kind=\(kind)"
        }
        let (own, ownKind) = (review["apiVersion"]?.text ?? "", review["kind"]?.text ?? "")
        guard own == apiVersion, ownKind == kind else {
            throw InvalidAnswer(
                "expected webhook response of \(shown(apiVersion, kind)), got \(shown(own, ownKind))")
        }
    }
}
