import MartinetSchema

/// Webhooks that judge what is written, and those that change it.
struct WebhookRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }
    var namesFinalizersFreely: Bool { true }
    let isMutating: Bool
    let compiler: (any ExpressionCompiler)?

    private static let harmless = ["None", "NoneOnDryRun"]
    private static let reviewVersions = ["v1", "v1beta1"]

    func validateCreate(_ new: Part) { validate(new, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new, old: old) }

    /// What the older hooks broke already, the newer ones may break.
    private func validate(_ new: Part, old: Part?) {
        let (hooks, before) = (new.webhooks.items, old?.webhooks.items ?? [])
        let ignoresConditions =
            old != nil && hooks.count == before.count
            && zip(hooks, before).allSatisfy { $0.matchConditions.value == $1.matchConditions.value }
        let mayHaveEffects = !before.allSatisfy { Self.harmless.contains($0.sideEffects.text) }
        let mayBeUnknown = !before.allSatisfy { hook in
            hook.admissionReviewVersions.count == 0
                || hook.admissionReviewVersions.strings.contains(where: Self.reviewVersions.contains)
        }
        let mayRepeat = Set(before.map({ $0.name.text })).count != before.count
        let allowInvalid = before.contains { hook in
            ["namespaceSelector", "objectSelector"].contains { hook[$0].isFaulty { $0.mustBeSelector() } }
        }
        var names: Set<String> = []
        for hook in hooks {
            self.hook(hook, mayHaveEffects: mayHaveEffects, allowInvalid: allowInvalid)
            if !ignoresConditions {
                AdmissionRules.conditions(hook.matchConditions, compiler, hasParams: false)
            }
            versions(hook.admissionReviewVersions, mayBeUnknown: mayBeUnknown)
            if !mayRepeat, !hook.name.isEmpty, !names.insert(hook.name.text).inserted { hook.name.duplicate() }
        }
    }

    private func hook(_ hook: Part, mayHaveEffects: Bool, allowInvalid: Bool) {
        hook.name.fullyQualifiedName()
        for rule in hook.rules.items { AdmissionRules.operationsAndRule(rule) }
        hook.failurePolicy.ifSet(oneOf: "Fail", "Ignore")
        hook.matchPolicy.ifSet(oneOf: "Equivalent", "Exact")
        if hook.sideEffects.isSet {
            hook.sideEffects.oneOf(mayHaveEffects ? ["None", "NoneOnDryRun", "Some", "Unknown"] : Self.harmless)
        } else {
            hook.sideEffects.required()
        }
        hook.timeoutSeconds.ifSet(range: 1...30)
        hook.namespaceSelector.mustBeSelector(allowInvalidValues: allowInvalid)
        hook.objectSelector.mustBeSelector(allowInvalidValues: allowInvalid)
        if isMutating { hook.reinvocationPolicy.ifSet(oneOf: "IfNeeded", "Never") }
        let (url, service) = (hook.clientConfig.url, hook.clientConfig.service)
        if url.isSet == service.isSet {
            hook.clientConfig.required("must have a url or a service")
        } else if url.isSet {
            url.webhookURL()
        } else {
            service.webhookService()
        }
    }

    private func versions(_ versions: Part, mayBeUnknown: Bool) {
        guard versions.mustBeSet("must have v1 or v1beta1") else { return }
        var seen: Set<String> = []
        for version in versions.items {
            guard seen.insert(version.text).inserted else {
                version.invalid("must be unique")
                continue
            }
            version.form(.dns1035Label)
        }
        if !mayBeUnknown, seen.isDisjoint(with: Self.reviewVersions) { versions.invalid("must have v1 or v1beta1") }
    }
}

extension Part {
    /// A domain of at least three labels.
    func fullyQualifiedName() {
        guard mustBeSet() else { return }
        let faults = Form.dnsSubdomain.faults(text)
        if !faults.isEmpty { return invalid(faults.joined(separator: "; ")) }
        if text.split(separator: ".").count < 3 { invalid("must be a domain of at least three labels") }
    }

    /// `https://host[/path]`
    func webhookURL() {
        guard let url = URLParts(text) else { return required("must be a URL, such as https://host/path") }
        if url.scheme != "https" { invalid("must begin with https://") }
        if url.host.isEmpty { invalid("must have a host") }
        if url.hasUser { invalid("must not have a user") }
        if url.hasFragment { invalid("must not have a fragment") }
        if url.hasQuery { invalid("must not have a query") }
    }

    func webhookService() {
        // Upstream hands the two over in the wrong order, and so names the other one.
        if self.name.isEmpty { self.namespace.required("the service must have a name") }
        if self.namespace.isEmpty { self.name.required("the service must have a namespace") }
        self["port"].mustBePort()
        let path = self.path
        guard path.isSet, !["", "/"].contains(path.text) else { return }
        if path.text == "//" { return path.invalid("must not have an empty step") }
        if !path.text.hasPrefix("/") { path.invalid("must begin with '/'") }
        var steps = path.text.dropFirst()
        if steps.hasSuffix("/") { steps = steps.dropLast() }
        for step in steps.split(separator: "/", omittingEmptySubsequences: false) {
            if step.isEmpty {
                path.invalid("must not have an empty step")
            } else {
                path.invalid(Form.dnsSubdomain.faults(String(step)))
            }
        }
    }
}

/// The parts of a URL that rules ask for (RFC 3986), read as Go's net/url does.
struct URLParts {
    private(set) var scheme = ""
    private(set) var host = ""
    private(set) var hasUser = false
    private(set) var hasQuery = false
    private(set) var hasFragment = false

    /// Nil where the text is no URL.
    init?(_ text: String) {
        guard !text.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return nil }
        var rest = text[...]
        if let hash = rest.firstIndex(of: "#") {
            hasFragment = rest.index(after: hash) < rest.endIndex
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: "?") {
            hasQuery = rest.index(after: mark) < rest.endIndex
            rest = rest[..<mark]
        }
        guard Self.isEscaped(rest) else { return nil }
        if let colon = rest.firstIndex(of: ":"), rest.firstIndex(of: "/").map({ colon < $0 }) ?? true {
            let word = rest[..<colon]
            guard let first = word.utf8.first else { return nil }
            let isScheme =
                (first | 0x20) >= 97 && (first | 0x20) <= 122
                && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
            guard isScheme else { return nil }
            scheme = word.lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        guard rest.hasPrefix("//") else { return }
        var authority = rest.dropFirst(2).prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            hasUser = true
            authority = authority[authority.index(after: at)...]
        }
        host = String(authority)
        guard Self.isHost(authority) else { return nil }
    }

    private static func isEscaped(_ text: Substring) -> Bool {
        var bytes = Array(text.utf8)[...]
        while let percent = bytes.firstIndex(of: 37) {
            let digits = bytes[(percent + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
                return false
            }
            bytes = bytes[(percent + 3)...]
        }
        return true
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.contains(where: { " \"<>^`{|}\\".contains($0) }) { return false }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else { return true }
        return text[colon...].dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
