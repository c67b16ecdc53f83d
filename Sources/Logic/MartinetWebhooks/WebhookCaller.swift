package import MartinetSchema

/// Where a webhook is: a WebhookClientConfig.
package struct WebhookEndpoint: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case url(String)
        case service(namespace: String, name: String, port: Int, path: String)
    }

    package let place: Place
    /// PEM that the certificate must chain to; empty for the machine's own list.
    package let authorities: [UInt8]

    /// Who the API server is to it; nil: nobody in particular.
    package let credentials: Credentials?
    /// The name that the certificate must be for, where it is another than the place's.
    package let serverName: String?

    package struct Credentials: Sendable, Hashable {
        /// PEM; both empty for none.
        package let certificateChain: [UInt8]
        package let privateKey: [UInt8]
        package let token: String

        package init(certificateChain: [UInt8], privateKey: [UInt8], token: String) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.token = token
        }
    }

    package init(
        _ place: Place, authorities: [UInt8] = [], credentials: Credentials? = nil, serverName: String? = nil
    ) {
        self.place = place
        self.authorities = authorities
        self.credentials = credentials
        self.serverName = serverName
    }

    /// - Parameter config: of an admission webhook or of a definition.
    /// - Returns: nil where it names neither a url nor a service.
    package init?(_ config: Object) {
        var authorities: [UInt8] = []
        if case .bytes(let bytes)? = config[field: "caBundle"] { authorities = bytes }
        // White space alone is as good as nothing.
        credentials = nil
        serverName = nil
        self.authorities = authorities.allSatisfy { [9, 10, 13, 32].contains($0) } ? [] : authorities
        if let service = config.part("service") {
            var port = 443
            if case .int(let number)? = service[field: "port"], let small = Int(exactly: number) { port = small }
            place = .service(
                namespace: service.text("namespace"), name: service.text("name"), port: port, path: service.text("path")
            )
        } else if !config.text("url").isEmpty {
            place = .url(config.text("url"))
        } else {
            return nil
        }
    }

    /// What the webhook is called by in errors, and what is sent where the place is a url.
    ///
    /// - Parameter timeout: in whole seconds; the webhook is told how long somebody waits.
    package func url(timeout: Int?) -> String {
        let base: String
        switch place {
        case .url(let url): base = url
        case .service(let namespace, let name, let port, let path):
            base = "https://\(name).\(namespace).svc:\(port)\(path.hasPrefix("/") ? path : "/" + path)"
        }
        guard let timeout else { return base }
        return base + (base.contains("?") ? "&" : "?") + "timeout=\(timeout)s"
    }
}

/// One request to a webhook.
package struct WebhookCall: Sendable {
    package let endpoint: WebhookEndpoint
    /// JSON.
    package let body: [UInt8]
    /// From the start to the last byte of the answer.
    package let timeout: Duration
    /// Whether the webhook learns of the timeout by a parameter.
    package let announcesTimeout: Bool
    /// Longer answers are refused, in bytes.
    package let answerMax: Int
    /// Before it is sent again where nobody answers; doubled by halves, four times. Nil: it is sent once.
    package let retryBackoff: Duration?

    package init(
        _ endpoint: WebhookEndpoint, _ body: [UInt8], timeout: Duration, announcesTimeout: Bool = true, answerMax: Int,
        retryBackoff: Duration? = nil
    ) {
        self.retryBackoff = retryBackoff
        self.endpoint = endpoint
        self.body = body
        self.timeout = timeout
        self.announcesTimeout = announcesTimeout
        self.answerMax = answerMax
    }

    /// As it is asked for and named in errors.
    package var url: String { endpoint.url(timeout: announcesTimeout ? timeoutSeconds : nil) }

    /// Rounded up.
    private var timeoutSeconds: Int {
        let (seconds, rest) = timeout.components
        return Int(clamping: max(1, rest > 0 ? seconds &+ 1 : seconds))
    }
}

/// Why a webhook has not answered.
package struct WebhookFailure: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// Whether its time was over.
    package let isTimeout: Bool

    package init(_ description: String, isTimeout: Bool = false) {
        self.description = description
        self.isTimeout = isTimeout
    }
}

/// Reaches webhooks. The port of the API server to the world outside.
///
/// It waits for the answers and is therefore never called on an event loop or on the store's thread.
package protocol WebhookCaller: Sendable {
    /// Sends all calls at once and waits for all of them.
    ///
    /// - Returns: the body of a successful answer (2xx) or a failure for each, in the order of the calls.
    func call(_ calls: [WebhookCall]) -> [Result<[UInt8], WebhookFailure>]
}

extension WebhookCaller {
    package func call(_ call: WebhookCall) -> Result<[UInt8], WebhookFailure> {
        self.call([call]).first ?? .failure(WebhookFailure("the webhook was not called"))
    }
}
