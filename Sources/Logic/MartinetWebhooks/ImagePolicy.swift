package import MartinetBase
package import MartinetSchema
import MartinetYAML

/// What the ImagePolicyWebhook is told: whom to ask, and for how long an answer holds.
///
/// Source: kube-apiserver's plugin/pkg/admission/imagepolicy.
package struct ImagePolicySettings: Sendable {
    package let endpoint: WebhookEndpoint
    /// How long a yes and a no are remembered; zero: not at all.
    package let allowTTL: Duration
    package let denyTTL: Duration
    /// Before the first repetition of a question that was not answered.
    package let retryBackoff: Duration
    /// Whether images may run when nobody answers.
    package let defaultAllow: Bool

    package init(
        endpoint: WebhookEndpoint, allowTTL: Duration = .seconds(300), denyTTL: Duration = .seconds(30),
        retryBackoff: Duration = .milliseconds(500), defaultAllow: Bool = false
    ) {
        self.endpoint = endpoint
        self.allowTTL = allowTTL
        self.denyTTL = denyTTL
        self.retryBackoff = retryBackoff
        self.defaultAllow = defaultAllow
    }

    /// - Parameters:
    ///   - node: the document with `imagePolicy`.
    ///   - read: the bytes of a file.
    init(_ node: YAMLNode, file: String, read: (String) throws -> [UInt8]) throws {
        func fault(_ why: String) -> AdmissionConfigurationError {
            AdmissionConfigurationError("\(file): imagePolicy\(why)")
        }
        guard let policy = node["imagePolicy"], policy.map != nil else { throw fault(" is not there") }
        let known = ["kubeConfigFile", "allowTTL", "denyTTL", "retryBackoff", "defaultAllow"]
        for entry in policy.map ?? [] where !known.contains(entry.key) { throw fault(".\(entry.key) is not known") }
        func duration(
            _ key: String, _ unit: Duration, atLeast least: Duration, atMost most: Duration, or standard: Duration
        ) throws -> Duration {
            guard let value = policy[key], !value.isNull else { return standard }
            guard let number = value.int else {
                throw fault(".\(key) must be a whole number")
            }
            if number == -1 { return .zero }
            if number == 0 { return standard }
            guard (1...1_000_000_000).contains(number), case let length = unit * Int(number), least <= length,
                length <= most
            else { throw fault(".\(key): valid value is between \(least) and \(most), got \(number)") }
            return length
        }
        guard let path = policy["kubeConfigFile"]?.string, !path.isEmpty else {
            throw fault(".kubeConfigFile is not there")
        }
        let limit = Duration.seconds(1800)
        self.init(
            endpoint: try WebhookEndpoint(kubeconfig: AdmissionConfiguration.path(path, besides: file), read: read),
            allowTTL: try duration("allowTTL", .seconds(1), atLeast: .seconds(1), atMost: limit, or: .seconds(300)),
            denyTTL: try duration("denyTTL", .seconds(1), atLeast: .seconds(1), atMost: limit, or: .seconds(30)),
            retryBackoff: try duration(
                "retryBackoff", .milliseconds(1), atLeast: .milliseconds(1), atMost: .seconds(300),
                or: .milliseconds(500)),
            defaultAllow: policy["defaultAllow"]?.bool ?? false)
    }
}

/// What the ImagePolicyWebhook asks, and what it is answered: an ImageReview.
package struct ImageQuestion: Sendable, Hashable {
    private let images: [String]
    private let annotations: Map
    private let namespace: String

    /// - Parameters:
    ///   - pod: a Pod.
    ///   - subresource: of the request; for `ephemeralcontainers` those alone are asked about.
    package init(pod: Object, namespace: String, subresource: String) {
        let lists = subresource.isEmpty ? ["containers", "initContainers"] : ["ephemeralContainers"]
        images = lists.flatMap { pod.part("spec")?.parts($0) ?? [] }.map { $0.text("image") }
        annotations = Map(
            unsorted: pod.part("metadata")?.map("annotations").entries
                .filter { $0.key.contains(".image-policy.k8s.io/") } ?? [])
        self.namespace = namespace
    }

    package var review: [UInt8] {
        let spec = Value.entries([
            ("containers", images.isEmpty ? nil : .list(images.map { .entries([("image", .string($0))]) })),
            ("annotations", annotations.isEmpty ? nil : .map(annotations)),
            ("namespace", namespace.isEmpty ? nil : .string(namespace)),
        ])
        return JSONEncoder.encode(
            Value.entries([
                ("kind", .string("ImageReview")), ("apiVersion", .string("imagepolicy.k8s.io/v1alpha1")),
                ("metadata", .entries([("creationTimestamp", .null)])), ("spec", spec),
                ("status", .entries([("allowed", .bool(false))])),
            ]))
    }
}

/// What is answered to an ImageQuestion.
package struct ImageAnswer: Sendable {
    package let isAllowed: Bool
    package let reason: String
    package let auditAnnotations: [(key: String, value: String)]

    package init(_ bytes: [UInt8]) throws(InvalidAnswer) {
        let review = try Review.read(bytes)
        guard review["kind"]?.text == "ImageReview" else { throw InvalidAnswer("the answer is no ImageReview") }
        let status = review["status"]
        isAllowed = status?["allowed"] == .bool(true)
        reason = status?["reason"]?.text ?? ""
        var annotations: [(key: String, value: String)] = []
        if case .map(let map)? = status?["auditAnnotations"] {
            annotations = map.entries.map { ($0.key, $0.value.text) }
        }
        auditAnnotations = annotations
    }

    /// Why the pod may not run.
    package var refusal: String {
        reason.isEmpty
            ? "one or more images rejected by webhook backend"
            : "image policy webhook backend denied one or more images: \(reason)"
    }
}

/// Answers that still hold. A value: whoever owns it says what time it is.
package struct ImageAnswers: Sendable {
    private var known: [ImageQuestion: (answer: ImageAnswer, until: Duration)] = [:]
    private static let countMax = 1024

    package init() {}

    package mutating func answer(to question: ImageQuestion, at now: Duration) -> ImageAnswer? {
        guard let found = known[question] else { return nil }
        if found.until > now { return found.answer }
        known[question] = nil
        return nil
    }

    package mutating func remember(_ answer: ImageAnswer, to question: ImageQuestion, until: Duration, now: Duration) {
        guard until > now else { return }
        if known.count >= ImageAnswers.countMax {
            known = known.filter { $0.value.until > now }
            // All of them still hold: one that ends soonest goes.
            if known.count >= ImageAnswers.countMax, let first = known.min(by: { $0.value.until < $1.value.until }) {
                known[first.key] = nil
            }
        }
        known[question] = (answer, until)
    }
}
