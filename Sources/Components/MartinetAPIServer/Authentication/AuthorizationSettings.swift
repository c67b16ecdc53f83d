import MartinetAPICore
import MartinetAuthorization
import MartinetBase
import MartinetCEL
import MartinetCELKubernetes
import MartinetCertificates
import MartinetSchema

/// Who is asked whether somebody may do something, as the flags or the structured configuration say.
enum AuthorizationSettings {
    static func steps(_ flags: AccessFlags, _ parts: ServerAccess.Dependencies) throws -> [AuthorizationStep] {
        if !flags.authorizationConfig.isEmpty {
            guard flags.modes.isEmpty, flags.webhook.isEmpty else {
                throw AccessError("--authorization-config excludes --authorization-mode and --authorization-webhook-*")
            }
            return try structured(flags, parts)
        }
        guard !flags.modes.isEmpty else { return [.nodes, .roles] }
        guard Set(flags.modes).count == flags.modes.count else {
            throw AccessError("--authorization-mode names a mode twice")
        }
        return try flags.modes.map { mode in
            guard mode == "Webhook" else { return try step(mode, flags) }
            guard !flags.webhook.isEmpty else {
                throw AccessError("the mode Webhook needs --authorization-webhook-config-file")
            }
            var configuration = WebhookAuthorizer.Configuration()
            configuration.version = flags.webhookVersion
            configuration.allowedFor = .seconds(flags.webhookAllowedSeconds)
            configuration.refusedFor = .seconds(flags.webhookRefusedSeconds)
            return try webhook("default", kubeconfig: flags.webhook, timeout: .seconds(30), configuration, parts)
        }
    }

    private static func step(_ mode: String, _ flags: AccessFlags) throws -> AuthorizationStep {
        switch mode {
        case "Node": return .nodes
        case "RBAC": return .roles
        case "AlwaysAllow": return .everything
        case "AlwaysDeny": return .nothing
        case "ABAC":
            guard !flags.policyFile.isEmpty else {
                throw AccessError("the mode ABAC needs --authorization-policy-file")
            }
            let text = String(decoding: try CertificateFile.read(flags.policyFile), as: UTF8.self)
            return .policies(try policies(text, file: flags.policyFile))
        default:
            throw AccessError(
                "--authorization-mode must be of Node, RBAC, ABAC, Webhook, AlwaysAllow and AlwaysDeny, found \(mode)")
        }
    }

    private static func webhook(
        _ name: String, kubeconfig: String, timeout: Duration, _ configuration: WebhookAuthorizer.Configuration,
        _ parts: ServerAccess.Dependencies
    ) throws -> AuthorizationStep {
        .remote(
            WebhookAuthorizer(
                name,
                endpoint: try OutwardJSON(
                    kubeconfig: kubeconfig, timeout: timeout, loops: parts.loops, runtime: parts.runtime),
                configuration, runtime: parts.runtime, log: parts.log.named("authorization")))
    }

    /// One policy in JSON on each line; lines that are empty or begin with `#` are none.
    static func policies(_ text: String, file: String) throws(AccessError) -> AttributePolicies {
        var policies: [AttributePolicies.Policy] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingBlanks
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard case .map(let map)? = try? JSONDecoder.decodeAny(Array(line.utf8)).value else {
                throw AccessError("\(file): line \(index + 1) is no policy in JSON")
            }
            let isOld = map["kind"] == nil
            guard
                isOld
                    || map.text("kind") == "Policy"
                        && map.text("apiVersion") == "abac.authorization.kubernetes.io/v1beta1"
            else {
                throw AccessError(
                    "\(file): line \(index + 1) must be a Policy of abac.authorization.kubernetes.io/v1beta1")
            }
            var spec = map
            if !isOld, case .map(let own)? = map["spec"] { spec = own }
            var policy = AttributePolicies.Policy()
            policy.user = spec.text("user") ?? ""
            policy.group = spec.text("group") ?? ""
            policy.isReadOnly = spec["readonly"] == .bool(true)
            policy.apiGroup = spec.text("apiGroup") ?? ""
            policy.resource = spec.text("resource") ?? ""
            policy.namespace = spec.text("namespace") ?? ""
            policy.path = spec.text("nonResourcePath") ?? ""
            if isOld { AuthorizationSettings.widen(&policy) }
            policies.append(policy)
        }
        return AttributePolicies(policies)
    }

    /// What the first form of policies left out meant everything.
    private static func widen(_ policy: inout AttributePolicies.Policy) {
        if policy.user.isEmpty && policy.group.isEmpty || policy.user == "*" || policy.group == "*" {
            (policy.user, policy.group) = ("", "system:authenticated")
        }
        if policy.namespace.isEmpty, policy.resource.isEmpty { policy.path = "*" }
        if policy.namespace.isEmpty { policy.namespace = "*" }
        if policy.resource.isEmpty { policy.resource = "*" }
        policy.apiGroup = "*"
    }

    // MARK: - The structured configuration

    private static func structured(_ flags: AccessFlags, _ parts: ServerAccess.Dependencies) throws
        -> [AuthorizationStep]
    {
        let file = flags.authorizationConfig
        guard case .map(let root) = try AccessDocument.read(file), root.text("kind") == "AuthorizationConfiguration",
            ["v1", "v1beta1", "v1alpha1"].map({ "apiserver.config.k8s.io/" + $0 }).contains(root.text("apiVersion"))
        else { throw AccessError("\(file) must be an AuthorizationConfiguration of apiserver.config.k8s.io") }
        try root.allow(["apiVersion", "kind", "authorizers"], file)
        let authorizers = root.maps("authorizers")
        guard !authorizers.isEmpty else { throw AccessError("\(file): authorizers: at least one is needed") }
        var names: Set<String> = []
        return try authorizers.enumerated().map { index, authorizer in
            let field = "\(file): authorizers[\(index)]"
            try authorizer.allow(["type", "name", "webhook"], field)
            let (type, name) = (authorizer.text("type") ?? "", authorizer.text("name") ?? "")
            guard !name.isEmpty, names.insert(name).inserted else {
                throw AccessError("\(field).name is needed and must be unique")
            }
            guard type == "Webhook" else { return try step(type, flags) }
            guard case .map(let webhook)? = authorizer["webhook"] else {
                throw AccessError("\(field).webhook is needed")
            }
            return try self.webhook(name, webhook, field + ".webhook", parts)
        }
    }

    private static func webhook(
        _ name: String, _ map: Map, _ field: String, _ parts: ServerAccess.Dependencies
    ) throws -> AuthorizationStep {
        try map.allow(
            [
                "authorizedTTL", "cacheAuthorizedRequests", "unauthorizedTTL", "cacheUnauthorizedRequests", "timeout",
                "subjectAccessReviewVersion", "matchConditionSubjectAccessReviewVersion", "failurePolicy",
                "connectionInfo", "matchConditions",
            ], field)
        func duration(_ key: String, _ standard: Double) throws(AccessError) -> Duration {
            guard let text = map.text(key) else { return .seconds(standard) }
            return .seconds(try AccessFlags.seconds("\(field).\(key)", text))
        }
        var configuration = WebhookAuthorizer.Configuration()
        configuration.version = map.text("subjectAccessReviewVersion") ?? ""
        guard ["v1", "v1beta1"].contains(configuration.version) else {
            throw AccessError("\(field).subjectAccessReviewVersion must be v1 or v1beta1")
        }
        let isAllowedKept = map["cacheAuthorizedRequests"] != .bool(false)
        let isRefusedKept = map["cacheUnauthorizedRequests"] != .bool(false)
        configuration.allowedFor = isAllowedKept ? try duration("authorizedTTL", 300) : .zero
        configuration.refusedFor = isRefusedKept ? try duration("unauthorizedTTL", 30) : .zero
        switch map.text("failurePolicy") {
        case "Deny": configuration.refusesOnFailure = true
        case "NoOpinion": break
        default: throw AccessError("\(field).failurePolicy must be NoOpinion or Deny")
        }
        let timeout = try duration("timeout", 0)
        guard timeout > .zero, timeout <= .seconds(30) else {
            throw AccessError("\(field).timeout is needed, of at most 30s")
        }
        for (index, condition) in map.maps("matchConditions").enumerated() {
            configuration.conditions.append(
                try program(condition.text("expression") ?? "", "\(field).matchConditions[\(index)]"))
        }
        guard case .map(let connection)? = map["connectionInfo"], connection.text("type") == "KubeConfigFile",
            let path = connection.text("kubeConfigFile")
        else { throw AccessError("\(field).connectionInfo must be of type KubeConfigFile and name a kubeConfigFile") }
        return try webhook(name, kubeconfig: path, timeout: timeout, configuration, parts)
    }

    private static func program(_ source: String, _ field: String) throws(AccessError) -> CELProgram {
        var environment = CELEnvironment.kubernetes
        environment.declare("request", .map(.string, .dyn))
        do throws(CELIssues) {
            let checked = try environment.compile(source)
            guard checked.resultType == .bool || checked.resultType.isDynamic else {
                throw CELIssues([])
            }
            return try environment.program(checked)
        } catch {
            let texts = error.issues.map { "\($0)" }.joined(separator: "; ")
            throw AccessError("\(field): the expression must be one of bool that compiles: \(texts)")
        }
    }
}
